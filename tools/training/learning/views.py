"""Turns a picture into the pixels the network sees: plainly, as the product does, or changed as a view for
training.

A view is what self-supervision asks the network to see through: another crop, size, angle, light, compression, and
for some the loss of colour or of everything but outlines. Each view is drawn by (seed, picture, number) alone, so
the same picture gets the same views in every run and on every machine.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

MEAN = 127.0
STANDARD_DEVIATION = 128.0
LEAST_AREA = 0.35
FILLINGS = ["black", "black", "white"]  # of the corners of a turned picture


@dataclass(frozen=True)
class Input:
    """The network's input: a square of `side` pixels out of a picture whose shorter side is `shorter_side`."""

    side: int
    shorter_side: int

    @staticmethod
    def of(side: int) -> "Input":
        """Keeps the published share: the crop is 7/8 of the shorter side."""
        return Input(side, round(side * 8 / 7))


def load(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


def fitted(image: Image.Image, size: Input) -> Image.Image:
    """Scales and crops as the product does: antialiased bicubic; an odd remainder goes right and bottom."""
    shorter = min(image.size)
    scaled = tuple(max(size.shorter_side, int(side * size.shorter_side / shorter + 0.5)) for side in image.size)
    image = image.resize(scaled, Image.Resampling.BICUBIC)
    left, top = ((side - size.side) // 2 for side in scaled)
    return image.crop((left, top, left + size.side, top + size.side))


def generator(seed: int, digest: str, number: int) -> np.random.Generator:
    key = hashlib.sha256(f"{seed}:{digest}:{number}".encode()).digest()
    return np.random.default_rng(int.from_bytes(key[:8]))


@dataclass(frozen=True)
class Change:
    """How far a changed view goes."""

    style: float  # probability that colour or texture is taken away
    least_area: float = LEAST_AREA  # of the picture that is kept
    corners: float = 0.0  # share of the views that are turned whole, their corners black or white


def changed(image: Image.Image, size: Input, random: np.random.Generator, change: Change) -> Image.Image:
    """Draws one view."""
    image = cropped(image, random, change.least_area)
    whole = bool(change.corners) and random.random() < change.corners
    angle = random.uniform(-20, 20) if whole or random.random() < 0.3 else 0.0
    if whole:
        image = image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=FILLINGS[random.integers(3)])
    target = round(size.side / straight_share(0.0 if whole else angle))
    image = image.resize((target, target), Image.Resampling.BICUBIC)
    if angle and not whole:
        image = image.rotate(angle, Image.Resampling.BICUBIC)
    margin = (target - size.side) // 2
    image = image.crop((margin, margin, margin + size.side, margin + size.side))
    if random.random() < 0.5:
        image = ImageOps.mirror(image)
    for enhancer, probability, amount in (
        (ImageEnhance.Brightness, 0.5, 0.3), (ImageEnhance.Contrast, 0.3, 0.3), (ImageEnhance.Color, 0.3, 0.5),
    ):
        if random.random() < probability:
            image = enhancer(image).enhance(random.uniform(1 - amount, 1 + amount))
    if random.random() < change.style:
        image = restyled(image, random)
    if random.random() < 0.2:
        smaller = int(size.side * random.uniform(0.3, 0.7))
        image = image.resize((smaller, smaller), Image.Resampling.BILINEAR).resize(
            (size.side, size.side), Image.Resampling.BILINEAR)
    if random.random() < 0.35:
        image = compressed(image, int(random.uniform(15, 60)))
    return image


def cropped(image: Image.Image, random: np.random.Generator, least_area: float) -> Image.Image:
    """Cuts out that share of the area or more, sides in a ratio of 3:4 to 4:3."""
    width, height = image.size
    area = width * height * random.uniform(least_area, 1.0)
    ratio = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
    crop_width = min(width, max(1, round(np.sqrt(area * ratio))))
    crop_height = min(height, max(1, round(np.sqrt(area / ratio))))
    left = int(random.integers(0, width - crop_width + 1))
    top = int(random.integers(0, height - crop_height + 1))
    return image.crop((left, top, left + crop_width, top + crop_height))


def straight_share(angle: float) -> float:
    """Side of the largest upright square inside a unit square turned by `angle` degrees."""
    radians = np.radians(abs(angle))
    return 1 / (np.cos(radians) + np.sin(radians))


def restyled(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Takes colour, texture or both: grey, few tones, smoothed areas, outlines on white."""
    choice = random.integers(4)
    if choice == 0:
        return ImageOps.grayscale(image).convert("RGB")
    if choice == 1:
        return ImageOps.posterize(smoothed(image, random), int(random.integers(2, 4)))
    if choice == 2:
        return ImageEnhance.Color(smoothed(image, random)).enhance(random.uniform(1.0, 2.0))
    return outlines(image, random)


def smoothed(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Leaves areas and edges but no texture: a median over 3 × 3 pixels of the picture made smaller."""
    smaller = int(min(image.size) * random.uniform(0.35, 0.6))
    return image.resize((smaller, smaller), Image.Resampling.BILINEAR).filter(ImageFilter.MedianFilter(3)).resize(
        image.size, Image.Resampling.BILINEAR)


def outlines(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Draws the picture as a pencil would: grey divided by its blurred self, dark where light changes."""
    grey = ImageOps.grayscale(image)
    blurred = grey.filter(ImageFilter.GaussianBlur(float(random.uniform(2, 6))))
    values = np.asarray(grey, dtype=np.float32) / (np.asarray(blurred, dtype=np.float32) + 1)
    drawn = np.clip(255 * (1 - random.uniform(2, 5) * np.clip(0.98 - values, 0, 1)), 0, 255).astype(np.uint8)
    return Image.fromarray(drawn).convert("RGB")


def compressed(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def views(path: Path, digest: str, size: Input, changes: list[Change], seed: int) -> np.ndarray:
    """Returns the plain view and one changed view for each of `changes`: uint8 (views, side, side, 3)."""
    image = load(path)
    found = [np.asarray(fitted(image, size))]
    longest = 2 * size.shorter_side  # more would only cost time: a crop of 35 % still has the size of the input
    image.thumbnail((longest, longest), Image.Resampling.BICUBIC)
    for number, change in enumerate(changes, start=1):
        found.append(np.asarray(changed(image, size, generator(seed, digest, number), change)))
    return np.stack(found)


def normalised(pixels: np.ndarray) -> np.ndarray:
    """Maps uint8 (count, side, side, 3) to float32 (count, 3, side, side) around 0."""
    scaled = (pixels.astype(np.float32) - MEAN) / STANDARD_DEVIATION
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
