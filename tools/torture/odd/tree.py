"""Lays the odd files down in a folder, with the twins and decoys that queries are held against."""

import hashlib
import os
import random
from pathlib import Path

from PIL import Image

from encoders import STORED
from odd import bombs, colours, damage, disguises, names
from odd.photographs import Photographs

MODULES = (damage, colours, disguises, names, bombs)


def items(seed, modules=MODULES):
    """Yields every item, one module after the other; the same seed gives the same files."""
    for module in modules:
        label = f"{seed} {module.__name__}"
        yield from module.items(Photographs(label), random.Random(label))


class Tree:
    """A folder of odd files, and one of the pictures they show."""

    def __init__(self, folder):
        self.root = os.fsencode(os.path.realpath(folder)) + b"/odd"
        self.twins = Path(os.path.realpath(folder)) / "twins"
        self.items = []
        self._twin_names = {}

    def build(self, items):
        """Writes items as they come, so that no more than one is held in memory."""
        os.makedirs(self.root, exist_ok=True)
        self.twins.mkdir(parents=True, exist_ok=True)
        for item in items:
            if getattr(item.content, "takes_root", False):
                item.content(self.root)
            else:
                item.write(self.root)
            item.content = None
            item.twin = item.twin and self._twin(item.twin)
            self.items.append(item)

    def add_decoys(self, seed):
        """Photographs that no query means, and the turned versions of some that are meant."""
        for photograph in Photographs(seed).all():
            self._twin(photograph)
        for item in self.items:
            if item.path.startswith(b"orientation/1."):
                self._turn(item.twin)

    def _turn(self, name):
        upright = Image.open(self.twins / name)
        for operation in STORED.values():
            if operation is not None:
                self._twin(upright.transpose(operation))

    def _twin(self, image):
        """Writes what an item shows as plain PNG, once for all that show the same; returns its name."""
        key = hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()[:16]
        if key not in self._twin_names:
            self._twin_names[key] = f"{key}.png"
            image.save(self.twins / self._twin_names[key], compress_level=1)
        return self._twin_names[key]
