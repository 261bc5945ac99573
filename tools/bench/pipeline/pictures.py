"""The sets of pictures: of about 1 megapixel, and of about 12; made from photographs unless folders are named."""

import os
import random
import shutil
import sys
from pathlib import Path

SMALL, LARGE = (1152, 864), (4000, 3000)
TILES = 4  # of a large picture, in each direction
QUALITY = 92


def sources(options):
    folders = [options.samples, *options.sources]
    return sorted(path for folder in folders for path in folder.rglob("*.jpg"))


def small(options):
    """JPEGs of 1152 × 864 or 864 × 1152: crops of 70 to 100 % of each side, resized and saved anew."""
    return options.photos_1mp or made(options, f"pictures-1mp-{options.small}", options.small, small_picture)


def large(options):
    """JPEGs of 4000 × 3000, each of 4 × 4 crops of photographs, which gives them the detail of a camera's picture."""
    return options.photos_12mp or made(options, f"pictures-12mp-{options.large}", options.large, large_picture)


def made(options, name, count, picture):
    folder = options.work / name
    if not folder.exists():
        print(f"Making {name} …", file=sys.stderr)
        partial = options.work / f"{name}-partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        chance, files = random.Random(7), sources(options)
        for number in range(count):
            picture(number, files, chance).save(partial / f"{number:05}.jpg", quality=QUALITY, subsampling="4:2:0")
        partial.rename(folder)
    return folder


def crop(path, size, chance):
    """A part of a photograph, of the proportions of `size`, brought to that size."""
    from PIL import Image

    with Image.open(path) as opened:
        image = opened.convert("RGB")
    scale = min(image.width / size[0], image.height / size[1]) * chance.uniform(0.7, 1)
    width, height = size[0] * scale, size[1] * scale
    left, top = chance.uniform(0, image.width - width), chance.uniform(0, image.height - height)
    return image.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))


def small_picture(number, files, chance):
    from PIL import Image

    path = files[number % len(files)]
    with Image.open(path) as image:
        upright = image.height > image.width
    return crop(path, SMALL[::-1] if upright else SMALL, chance)


def large_picture(number, files, chance):
    from PIL import Image

    picture = Image.new("RGB", LARGE)
    edges = [[side * step // TILES for step in range(TILES + 1)] for side in LARGE]
    for column, (left, right) in enumerate(zip(edges[0], edges[0][1:])):
        for row, (top, bottom) in enumerate(zip(edges[1], edges[1][1:])):
            path = files[(number * TILES**2 + column * TILES + row) % len(files)]
            picture.paste(crop(path, (right - left, bottom - top), chance), (left, top))
    return picture


def files_of(folder):
    suffixes = {".jpg", ".jpeg"}
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)


def describe(folder):
    """Count, mean megapixels and mean size of the files, for the tables."""
    from PIL import Image

    files, pixels = files_of(folder), 0
    for path in files:
        with Image.open(path) as image:
            pixels += image.width * image.height
    size = sum(path.stat().st_size for path in files)
    return {"pictures": len(files), "megapixels": pixels / len(files) / 1e6, "kilobytes": size / len(files) / 1e3}


def some_of(folder, count, target):
    """A folder of links to `count` of a folder's pictures, evenly spread over their paths."""
    files = files_of(folder)
    count = min(count, len(files))
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for number in range(count):
        path = files[number * len(files) // count]
        try:
            os.link(path, target / f"{number:06}{path.suffix}")
        except OSError:  # another file system
            shutil.copyfile(path, target / f"{number:06}{path.suffix}")
    return target
