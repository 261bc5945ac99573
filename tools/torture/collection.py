"""A small collection of pictures that keeps changing: files come, go, move, are edited and copied."""

import os
import random
import shutil

from PIL import Image, ImageEnhance

from library_rows import digest
from odd.photographs import Photographs

FORMATS = {"jpg": ("JPEG", {"quality": 85}), "png": ("PNG", {"compress_level": 1}), "webp": ("WEBP", {"method": 0}),
           "gif": ("GIF", {}), "tif": ("TIFF", {})}


class Collection:
    """Pictures below `root`; the same seed makes the same pictures in the same order."""

    def __init__(self, root, seed, smallest=40, largest=200):
        self.root = root
        self._chance = random.Random(seed)
        self._photographs = Photographs(seed).all()
        self._limits = smallest, largest
        self._number = 0
        self.overwritten = set()  # contents that a file had before it was edited or spoiled
        root.mkdir(parents=True, exist_ok=True)

    def files(self):
        """All pictures, as paths of bytes."""
        top = os.fsencode(self.root)
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names)

    def add(self, count):
        """New pictures, each unlike every other."""
        for _ in range(count):
            folder = self.root / self._chance.choice(("a", "b", "c/d", "c/ö"))
            folder.mkdir(parents=True, exist_ok=True)
            extension = self._chance.choice(("jpg", "jpg", "jpg", "png", "webp", "gif", "tif"))
            self._write(folder / f"{self._number:05d}.{extension}")

    def change(self, most=10):
        """One round of changes; the collection keeps its size between the limits."""
        smallest, largest = self._limits
        files = self.files()
        if len(files) > largest:
            for path in self._chance.sample(files, len(files) - smallest):
                os.unlink(path)
        self.add(max(smallest - len(files), self._chance.randint(1, most)))
        for action in self._chance.choices((self._edit, self._rename, self._delete, self._copy, self._spoil), k=3):
            action(self._chance.choice(self.files()))
        if self._chance.random() < 0.1:
            self._move_folder()

    def _edit(self, path):
        self.overwritten.add(digest(path))
        os.unlink(path)
        self._write(os.fsdecode(path))

    def _rename(self, path):
        os.rename(path, self._beside(path, "renamed"))

    def _delete(self, path):
        os.unlink(path)

    def _copy(self, path):
        shutil.copy(path, self._beside(path, "copy"))

    def _spoil(self, path):
        """Cuts a picture short, so that it is refused from now on."""
        if self._chance.random() < 0.3:
            self.overwritten.add(digest(path))
            os.truncate(path, 40)

    def _beside(self, path, word):
        """A new name in the same folder."""
        self._number += 1
        folder, name = os.path.split(path)
        return os.path.join(folder, f"{word}-{self._number:05d}".encode() + os.path.splitext(name)[1])

    def _move_folder(self):
        folder = self.root / "a"
        if folder.exists():
            folder.rename(self.root / f"moved-{self._number}")

    def _write(self, path):
        image = self._chance.choice(self._photographs)
        side = self._chance.randint(48, min(96, *image.size))
        left, top = self._chance.randint(0, image.width - side), self._chance.randint(0, image.height - side)
        image = image.crop((left, top, left + side, top + side))
        image = ImageEnhance.Color(image).enhance(self._chance.uniform(0.2, 2))
        # A pixel of its own: two pictures never have the same bytes.
        image.putpixel((0, 0), tuple(self._number >> shift & 0xFF for shift in (0, 8, 16)))
        format, options = FORMATS[os.path.splitext(path)[1][1:]]
        image.quantize(128).save(path, format) if format == "GIF" else image.save(path, format, **options)
        self._number += 1
