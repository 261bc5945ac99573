#!/usr/bin/env python3
"""Writes the golden tensors the Swift tests compare with, from the original, unfolded PyTorch network.

Before anything is written, the shipped weights are run too, and a disagreement with the original network beyond
1e-3 (relative, per stage) or 0.9999 (cosine of the embeddings) stops the script.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

import folded
import reference
import tensor_file

ROOT = Path(__file__).resolve().parents[2]
STRIDE = 97  # prime, so the samples walk through rows, columns and channels alike
VECTORS = {"pooled", "projected", "embedding"}
TOLERANCE = 1e-3
MINIMUM_COSINE = 0.9999


def agreement(original: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Returns max|a − b| / max|b| and ‖a − b‖ / ‖b‖ per stage, the worst over the batch."""
    found = {}
    for stage, truth in original.items():
        pairs = list(zip(shipped[stage].astype(np.float64), truth.astype(np.float64)))
        found[stage] = (
            max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs),
            max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs),
        )
    return found


def check(original: dict[str, np.ndarray], tensors: dict[str, np.ndarray], batch: torch.Tensor) -> None:
    """Prints how far the shipped file is from the original network, and stops if that is too far."""
    shipped = folded.stages(tensors, batch)
    print("stage        max|a-b|/max|b|   relative L2")
    worst = 0.0
    for stage, (maximum, relative) in agreement(original, shipped).items():
        print(f"{stage:12} {maximum:15.1e} {relative:13.1e}")
        worst = max(worst, maximum, relative)
    cosine = float((original["embedding"] * shipped["embedding"]).sum(axis=1).min())
    print(f"embedding cosine, lowest: {cosine:.7f}")
    if worst > TOLERANCE or cosine < MINIMUM_COSINE:
        raise SystemExit("The shipped weights do not compute what the original network computes.")


def write_stages(path: Path, pixels: np.ndarray, values: dict[str, np.ndarray], source: str) -> None:
    """Writes the input, every 97th value of each map in (height, width, channel) order, and whole vectors."""
    tensors = {"input": pixels}
    for stage, batch in values.items():
        value = batch[0]
        flat = value.reshape(-1)
        tensors[stage] = np.ascontiguousarray(flat if stage in VECTORS else flat[::STRIDE])
        tensors[f"{stage}.shape"] = np.array(value.shape, dtype=np.int32)
    tensor_file.write(path, tensors, {"source": source, "stride": str(STRIDE), "network": reference.WEIGHTS_PACKAGE})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "Models" / "efficientnet-lite0", help="model folder")
    parser.add_argument("--images", type=Path, default=ROOT / "SampleImages", help="folder of photographs")
    parser.add_argument("--tests", type=Path, default=ROOT / "Tests", help="folder of the test targets")
    parser.add_argument("--stages", type=Path, nargs=2, metavar="PHOTO", required=True,
                        help="two photographs below --images for the stage goldens")
    options = parser.parse_args()

    network = reference.load_network()
    tensors = load_file(options.model / "weights.safetensors")
    projection = torch.from_numpy(tensors["projection.weight"])
    fixtures = options.tests / "NeuralNetworkTests" / "Fixtures"
    for number, photo in enumerate(options.stages, start=1):
        pixels = reference.preprocess(options.images / photo)
        batch = reference.to_input(pixels)
        values = reference.stages(network, batch, projection)
        print(photo)
        check(values, tensors, batch)
        write_stages(fixtures / f"golden-stages-{number}.safetensors", pixels, values, str(photo))


if __name__ == "__main__":
    main()
