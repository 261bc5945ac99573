"""The photographs that odd files are made of: small versions of those in SampleImages."""

import random
from pathlib import Path

from PIL import Image

SAMPLES = Path(__file__).resolve().parents[3] / "SampleImages"


class Photographs:
    """Hands out photographs in an order that the seed decides, each as RGB with a longer side of `side`."""

    def __init__(self, seed, side=192):
        self._files = sorted(SAMPLES.rglob("*.jpg"))
        if not self._files:
            raise SystemExit(f"{SAMPLES.name} holds no photographs; run this in a whole checkout")
        self._random = random.Random(seed)
        self._random.shuffle(self._files)
        self._next = 0
        self._side = side

    def take(self, size=None):
        """The next photograph; `size` cuts and scales it to exactly that."""
        file = self._files[self._next % len(self._files)]
        self._next += 1
        return self._open(file, size)

    def all(self):
        """Every photograph once, without handing it out."""
        return [self._open(file, None) for file in self._files]

    def _open(self, file, size):
        with Image.open(file) as image:
            image.draft("RGB", (2 * self._side, 2 * self._side))
            image = image.convert("RGB")
        scale = self._side / max(image.size)
        if size:
            scale = max(size[0] / image.width, size[1] / image.height)
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
        if size:
            left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
            image = image.crop((left, top, left + size[0], top + size[1]))
        return image
