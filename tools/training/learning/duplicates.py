"""Tells which pictures are the same content: equal bytes, or equal to the eye.

Duplicates are what makes a split lie. A picture that stands in two folders under two names would be learned from
one and asked about in the other, so contents are compared before anything is split.

The perceptual hash is a difference hash of 256 bits: the picture as 17 × 16 grey values, one bit for each pair of
horizontal neighbours, set where the right one is brighter. It survives another size and another JPEG quality, and
it costs no learning.
"""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SIDE = 16
WORDS = SIDE * SIDE // 64
# Unrelated photographs differ in 128 ± 20 bits; the same one at another size and quality in fewer than 20.
MOST_BITS = 20
CHUNK = 512


def fingerprint(path: Path) -> tuple[str, np.ndarray]:
    """Returns the digest of the file's bytes and the perceptual hash, (4,) uint64."""
    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as opened:
        opened.draft("RGB", (64, 64))
        grey = ImageOps.exif_transpose(opened).convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.int16)
    bits = np.packbits(values[:, 1:] > values[:, :-1])
    return hashlib.sha256(data).hexdigest(), bits.view(np.uint64)


def near(hashes: np.ndarray, others: np.ndarray, most_bits: int = MOST_BITS) -> list[tuple[int, int]]:
    """Returns (i, j) for all hashes i and others j within `most_bits`. O(n·m) word operations, in chunks.

    A hash with fewer than 16 bits of either kind is of a nearly even picture and resembles all of its like; it
    is compared for equality only.
    """
    found = []
    for start in range(0, len(hashes), CHUNK):
        chunk = hashes[start:start + CHUNK]
        distance = np.zeros((len(chunk), len(others)), dtype=np.uint16)
        for word in range(WORDS):
            distance += np.bitwise_count(chunk[:, word, None] ^ others[None, :, word])
        ones = np.bitwise_count(chunk).sum(axis=1)
        allowed = np.where((ones < 16) | (ones > 240), 0, most_bits)
        rows, columns = np.nonzero(distance <= allowed[:, None])
        found += zip((rows + start).tolist(), columns.tolist())
    return found


def clusters(count: int, pairs: list[tuple[int, int]]) -> np.ndarray:
    """Returns for each of `count` items the smallest item that it is joined with by `pairs` (union–find)."""
    parent = list(range(count))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for one, other in pairs:
        a, b = sorted((root(one), root(other)))
        parent[b] = a
    return np.array([root(item) for item in range(count)])
