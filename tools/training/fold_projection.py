#!/usr/bin/env python3
"""Gives a model fewer numbers: those directions of its vectors that carry most of the training pictures.

The directions are the leading right singular vectors, uncentred, of the unit vectors that the model makes of the
plain views; multiplied into its projection they cost nothing when the model is used. Directions of large variance are
held back a little, as in fit_teachers.py, so that what is fine still counts when what is rare is cut away.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from fit_teachers import SMALLEST, features_of, sized_like, unit
from learning import model_folder

POWER = 0.1  # of its mean square that each direction is divided by


def narrowed(features: np.ndarray, projection: np.ndarray, count: int, power: float = POWER) -> np.ndarray:
    """Returns the (count, 1280) projection that keeps most of the unit vectors of (rows, 1280) features.

    With power 0 nothing keeps more of their squares, and all directions together are the projection given, turned:
    every cosine stays.
    """
    vectors = torch.from_numpy(unit(features @ projection.T)).double()
    squares, directions = torch.linalg.eigh(vectors.T @ vectors / len(vectors))
    scales = (squares + SMALLEST * squares.mean()) ** power
    kept = (directions / scales).flip(1)[:, :count].numpy()
    return sized_like((kept.T @ projection).astype(np.float32), projection)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder to read")
    parser.add_argument("cache", type=Path, help="folder from cache_features.py, split train")
    parser.add_argument("output", type=Path, help="model folder to write")
    parser.add_argument("--dimension", type=int, default=256, help="of the new projection (default: %(default)s)")
    parser.add_argument("--power", type=float, default=POWER,
                        help="of its mean square that each direction is divided by (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = model_folder.read(options.model)
    wide = model.tensors["projection.weight"]
    if not 1 <= options.dimension <= len(wide):
        raise SystemExit(f"{options.model} has {len(wide)} numbers, of which {options.dimension} cannot be kept.")
    features = features_of(model, options.cache)
    tensors = {**model.tensors, "projection.weight": narrowed(features, wide, options.dimension, options.power)}
    steps = model.manifest["lineage"] + [
        {"step": "projection", "source": "tools/training/fold_projection.py",
         "note": f"the {options.dimension} of {len(wide)} directions that carry most of {len(features):,} training "
         f"pictures' vectors, uncentred, each divided by its mean square to the power of {options.power:g}"}]
    written = model_folder.write(
        options.output, options.output.name, model.input, tensors, steps, model.pooling)
    model_folder.read(options.output)
    print(f"{options.output}: {options.dimension} numbers, sha256 {written['weights']['sha256']}")


if __name__ == "__main__":
    main()
