#!/usr/bin/env python3
"""Measures models on labelled sets of pictures, in float32 and with the product's preprocessing.

FOLDER/<set>/<label>/<picture>: every picture is a query for all others of its set; mean average precision counts
those of its label. With --near-duplicates the pictures named there, changed in several ways, have to find their
originals first. Of every figure the 95 % bootstrap interval over queries is given; of every model but the first,
the interval of the paired difference from the first.

A model is a model folder; FOLDER:features takes the 1280 averaged features before the projection instead.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps

from cache_features import compiled
from learning import dataset, metrics, model_folder, stored
from learning.network import Whole, multiply_adds
from learning.sources import SUFFIXES
from learning.views import Input, compressed, fitted, generator, load, normalised

BATCH = 16


def crop(area: float) -> Callable[[Image.Image, np.random.Generator], Image.Image]:
    """Cuts a part of the same shape out of a random place."""

    def change(image: Image.Image, random: np.random.Generator) -> Image.Image:
        width, height = (max(1, round(side * area ** 0.5)) for side in image.size)
        left, top = (int(random.integers(0, whole - part + 1)) for whole, part in zip(image.size, (width, height)))
        return image.crop((left, top, left + width, top + height))

    return change


def turned(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.rotate(15, Image.Resampling.BICUBIC, expand=True)


def turned_and_cropped(image: Image.Image, _: np.random.Generator) -> Image.Image:
    """Turns by 15° and keeps the upright middle that has no empty corners, in the picture's shape."""
    width, height = image.size
    radians = np.radians(15)
    shorter, longer = sorted((width, height))
    share = shorter / (longer * np.sin(radians) + shorter * np.cos(radians))
    found = image.rotate(15, Image.Resampling.BICUBIC)
    left, top = (round(side * (1 - share) / 2) for side in (width, height))
    return found.crop((left, top, width - left, height - top))


CHANGES = {
    "cropped to 80 % of the area": crop(0.8),
    "cropped to 50 % of the area": crop(0.5),
    "cropped to half the sides (25 %)": crop(0.25),
    "JPEG, quality 20": lambda image, _: compressed(image, 20),
    "brightness +20 %": lambda image, _: ImageEnhance.Brightness(image).enhance(1.2),
    "brightness −20 %": lambda image, _: ImageEnhance.Brightness(image).enhance(0.8),
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "turned by 15°, cropped to what is full": turned_and_cropped,
    "turned by 15°, black corners": turned,
    "half the sides, then JPEG": lambda image, _: compressed(
        image.resize([max(1, side // 2) for side in image.size], Image.Resampling.BICUBIC), 75),
    "grey": lambda image, _: ImageOps.grayscale(image).convert("RGB"),
}


def pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def outcome(change: str, size: Input) -> str:
    """Returns the SHA-256 of a made-up picture changed and fitted, which tells how that is done here."""
    values = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    image = Image.fromarray(values).resize((160, 120), Image.Resampling.BICUBIC)
    image = CHANGES[change](image, generator(1, "", 0)) if change else image
    return hashlib.sha256(np.asarray(fitted(image, size)).tobytes()).hexdigest()


class Embedder:
    """Runs one model over pictures and keeps the vectors in a cache folder, known by all that they come from."""

    def __init__(self, name: str, engine: str, cache: Path) -> None:
        folder, _, part = name.partition(":")
        self.model = model_folder.read(Path(folder))
        self.name = f"{self.model.manifest['name']}{', 1280 features' if part else ''}"
        self.features, self.engine, self.cache = part == "features", engine, cache
        tensors = {key: torch.from_numpy(value) for key, value in self.model.tensors.items()}
        self.dimension = 1280 if self.features else len(tensors["projection.weight"])
        self.multiply_adds = multiply_adds(tensors, self.model.input.side)
        whole = Whole(tensors, self.model.input.side, self.model.pooling).eval()
        if engine == "openvino":
            self.run = compiled(whole, self.model.input.side, "f32")
        else:
            def run(batch: np.ndarray) -> list[np.ndarray]:
                with torch.inference_mode():
                    return [found.numpy() for found in whole(torch.from_numpy(batch))]

            self.run = run

    def key(self, paths: list[Path], change: str) -> str:
        """Names the vectors by weights, engine, what is done to pictures, and their contents, not where they lie.

        Names of files count where pictures are changed, because they seed the change.
        """
        parts = [self.model.sha256, str(self.model.input), self.model.pooling, self.engine, change,
                 outcome(change, self.model.input)]
        for path in paths:
            parts.append(stored.digest(path) + (path.name if change else ""))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]

    def vectors(self, paths: list[Path], change: str = "") -> np.ndarray:
        """Returns unit vectors, float32 (count, dimension)."""
        kept = self.cache / f"{self.key(paths, change)}.npz"
        if kept.exists():
            both = np.load(kept)
        else:
            parts: list[list[np.ndarray]] = []
            for start in range(0, len(paths), BATCH):
                batch = np.stack([self.pixels(path, change) for path in paths[start:start + BATCH]])
                parts.append(self.run(normalised(batch)))
            both = {name: np.concatenate(part) for name, part in zip(("features", "embedding"), zip(*parts))}
            self.cache.mkdir(parents=True, exist_ok=True)
            np.savez(kept, **both)
        found = both["features" if self.features else "embedding"]
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def pixels(self, path: Path, change: str) -> np.ndarray:
        image = load(path)
        if change:
            image = CHANGES[change](image, generator(1, path.name, 0))
        return np.asarray(fitted(image, self.model.input))


def drawn(folders: list[Path], most: int) -> list[Path]:
    """Takes at most `most` pictures of each folder, by the digest of their names."""
    found: list[Path] = []
    for folder in folders:
        found += sorted(pictures_in(folder), key=lambda path: hashlib.sha256(path.name.encode()).digest())[:most]
    return found


def labelled(options: argparse.Namespace) -> dict[str, tuple[list[Path], np.ndarray]]:
    """Returns the pictures and labels of each set: of a folder, or of a family of a data set's development side."""
    found = {}
    for name in options.sets:
        paths = pictures_in(options.folder / name)
        found[name] = paths, np.array([path.relative_to(options.folder / name).parts[0] for path in paths])
    if options.develop:
        pictures = dataset.read(options.develop).of("develop").pictures
        for name in sorted({picture.family for picture in pictures if picture.family}):
            family = [picture for picture in pictures if picture.family == name]
            paths = [options.folder / picture.path for picture in family]
            found[name] = paths, np.array([picture.group for picture in family])
    return found


def measured(
    embedder: Embedder, sets: dict[str, tuple[list[Path], np.ndarray]], options: argparse.Namespace
) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the average precision of each query of each set, then recall@1 of each changed picture."""
    for name, (paths, labels) in sets.items():
        yield name, metrics.average_precisions(embedder.vectors(paths), labels)
    if options.near_duplicates:
        paths = drawn(options.near_duplicates, options.most)
        originals = embedder.vectors(paths)
        for change in CHANGES:
            yield change, metrics.found_first(embedder.vectors(paths, change), originals)


def with_interval(found: tuple[float, float, float], sign: str = "") -> str:
    return f"{found[0]:{sign}.4f} [{found[1]:{sign}.4f}, {found[2]:{sign}.4f}]"


def report(results: dict[str, dict[str, np.ndarray]], sets: list[str]) -> dict:
    """Prints a table for each measure and returns all figures."""
    first = next(iter(results))
    found: dict = {}
    rows = list(results[first])
    for model, values in results.items():
        found[model] = {}
        for row in rows:
            entry = {"value": metrics.interval(values[row])}
            if model != first:
                entry["difference"] = metrics.interval(values[row] - results[first][row])
            found[model][row] = entry
        if sets:
            entry = {"value": metrics.mean_of_sets([values[name] for name in sets])}
            if model != first:
                entry["difference"] = metrics.mean_of_sets([values[name] - results[first][name] for name in sets])
            found[model]["mean of sets"] = entry
    for row in rows[:len(sets)] + ["mean of sets"] * bool(sets) + rows[len(sets):]:
        print(f"\n{row}")
        for model in results:
            entry = found[model][row]
            change = f"   {with_interval(entry['difference'], '+')}" if "difference" in entry else ""
            print(f"  {model:44} {with_interval(entry['value'])}{change}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder that holds the sets")
    parser.add_argument("models", nargs="+", help="model folders, the first is what the others are compared with")
    parser.add_argument("--sets", nargs="*", default=[], help="names of folders in FOLDER")
    parser.add_argument("--develop", type=Path, metavar="DATASET",
                        help="data set whose development side is measured too, its paths relative to FOLDER")
    parser.add_argument("--near-duplicates", nargs="*", type=Path, default=[], metavar="FOLDER",
                        help="folders of pictures to change and find again")
    parser.add_argument("--most", type=int, default=200, help="pictures of each such folder (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--cache", type=Path, default=Path(".cache-vectors"),
                        help="folder for vectors (default: %(default)s)")
    parser.add_argument("--engine", choices=["torch", "openvino"], default="torch")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sets = labelled(options)
    results, described = {}, {}
    for name in options.models:
        embedder = Embedder(name, options.engine, options.cache)
        label = embedder.name if embedder.name not in results else f"{embedder.name} ({name})"
        results[label] = dict(measured(embedder, sets, options))
        described[label] = {"sha256": embedder.model.sha256, "side": embedder.model.input.side,
                            "shorterSide": embedder.model.input.shorter_side, "pooling": embedder.model.pooling,
                            "dimension": embedder.dimension,
                            "multiplyAdds": embedder.multiply_adds}
        print(f"{label}: {embedder.multiply_adds / 1e6:.1f} million multiply-adds", flush=True)
    figures = report(results, list(sets))
    if options.json:
        counts = {name: len(paths) for name, (paths, _) in sets.items()}
        counts["near-duplicates"] = len(drawn(options.near_duplicates, options.most))
        options.json.write_text(json.dumps({"counts": counts, "models": described, "figures": figures}, indent=1,
                                           ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
