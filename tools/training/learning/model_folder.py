"""Writes a model folder as the product reads it, and checks one as the product does."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

import folded
import tensor_file

from .pooling import AVERAGE
from .views import Input, normalised

ARCHITECTURE = "efficientnet-lite0"
LICENCE = "Apache-2.0"
WEIGHTS = "weights.safetensors"
PROBE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Model:
    """A model folder, read."""

    folder: Path
    manifest: dict
    tensors: dict[str, np.ndarray]

    @property
    def input(self) -> Input:
        return Input(self.manifest["input"]["width"], self.manifest["input"]["shorterSide"])

    @property
    def pooling(self) -> str:
        return self.manifest["pooling"]

    @property
    def sha256(self) -> str:
        return self.manifest["weights"]["sha256"]


def probe(tensors: dict[str, np.ndarray], size: Input, pooling: str) -> list[float]:
    """Embeds a picture that needs no file, so that a program can tell on any machine whether it computes the same.

    The picture has the decoded size; at row y, column x, its channels are (x, y, x + y) modulo 256.
    """
    y, x = np.mgrid[0:size.shorter_side, 0:size.shorter_side]
    picture = np.stack([x, y, x + y], axis=-1) % 256
    margin = (size.shorter_side - size.side) // 2
    centre = picture[margin:margin + size.side, margin:margin + size.side]
    batch = torch.from_numpy(normalised(centre[None].astype(np.uint8)))
    return [round(float(value), 6) for value in folded.stages(tensors, batch, pooling)["embedding"][0]]


def manifest(name: str, size: Input, pooling: str, weights: bytes, vector: list[float],
             steps: list[dict[str, str]]) -> dict:
    return {
        "formatVersion": 1,
        "name": name,
        "architecture": ARCHITECTURE,
        "input": {
            "width": size.side,
            "height": size.side,
            "shorterSide": size.shorter_side,
            "crop": "center",
            "resize": "bicubic",
            "channelOrder": "RGB",
            "mean": [127] * 3,
            "standardDeviation": [128] * 3,
        },
        "pooling": pooling,
        "embedding": {"dimension": len(vector), "metric": "cosine", "normalized": True, "probe": vector},
        "weights": {"file": WEIGHTS, "byteCount": len(weights), "sha256": hashlib.sha256(weights).hexdigest()},
        "licence": LICENCE,
        "lineage": steps,
    }


def readable_json(value: object) -> str:
    """Indents, but keeps a list of numbers on one line."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    def one_line(match: re.Match) -> str:
        return " ".join(match[0].split()).replace("[ ", "[").replace(" ]", "]")

    return re.sub(r"\[[-\d.,e\s]+\]", one_line, text)


def write(folder: Path, name: str, size: Input, tensors: dict[str, np.ndarray], steps: list[dict[str, str]],
          pooling: str = AVERAGE) -> dict:
    """Writes weights and manifest; the same tensors give the same bytes. Returns the manifest.

    Weights come first: their byte counts are multiples of 64, so each starts aligned. Some biases' are not.
    """
    ordered = {key: value for key, value in tensors.items() if key.endswith(".weight")}
    ordered |= {key: value for key, value in tensors.items() if key.endswith(".bias")}
    metadata = {"architecture": ARCHITECTURE, "licence": LICENCE, "lineage": json.dumps(steps)}
    weights = tensor_file.write(folder / WEIGHTS, ordered, metadata)
    description = manifest(name, size, pooling, weights, probe(tensors, size, pooling), steps)
    (folder / "manifest.json").write_text(readable_json(description) + "\n")
    return description


def read(folder: Path) -> Model:
    """Reads a model folder and checks it.

    Raises SystemExit naming what is wrong: another digest or size than the manifest says, a tensor missing or of
    another shape, or a probe that does not come out.
    """
    described = json.loads((folder / "manifest.json").read_text())
    data = (folder / described["weights"]["file"]).read_bytes()
    if (len(data), hashlib.sha256(data).hexdigest()) != (described["weights"]["byteCount"],
                                                         described["weights"]["sha256"]):
        raise SystemExit(f"{folder}: the weights are not the ones that the manifest names.")
    model = Model(folder, described, load_file(folder / described["weights"]["file"]))
    dimension = described["embedding"]["dimension"]
    if model.tensors["projection.weight"].shape != (dimension, 1280):
        raise SystemExit(f"{folder}: the projection is not {dimension} × 1280.")
    size = described["input"]
    if size["width"] != size["height"] or not 32 <= size["width"] <= size["shorterSide"] <= 2048:
        raise SystemExit(f"{folder}: the input's size is none that the product takes.")
    if not all(np.isfinite(value).all() for value in model.tensors.values()):
        raise SystemExit(f"{folder}: a weight is not a number.")
    error = np.abs(np.array(probe(model.tensors, model.input, model.pooling)) - described["embedding"]["probe"]).max()
    if error > PROBE_TOLERANCE:
        raise SystemExit(f"{folder}: the probe's vector is off by {error:.1e}.")
    return model
