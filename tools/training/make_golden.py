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

# Public-domain or CC0, since their pixels go into fixtures: one landscape, one portrait smaller than the input.
STAGE_PHOTOS = ["hoofed-animals/moose.jpg", "windmills/chesterton.jpg"]
PIXEL_PHOTOS = ["landscapes/machu-picchu.jpg", "towers/qutub-minar-through-arch.jpg"]
# Landscape, portrait, panorama-like, tower-like, grey, nearly white, saturated, and smaller than the input.
EMBEDDING_PHOTOS = STAGE_PHOTOS + PIXEL_PHOTOS + [
    "birds/swans.jpg",
    "fish/atlantic-salmon.jpg",
    "hammers/cross-peen.jpg",
    "measuring-tools/multimeter-green.jpg",
    "pliers-and-scissors/combination-pliers.jpg",
    "screwdrivers-and-wrenches/adjustable-wrench.jpg",
    "statues/cabrillo-monument.jpg",
    "various/castle-clinton-1961.jpg",
    "various/two-dogs-at-a-window.jpg",
    "wild-mammals/jaguar.jpg",
]


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


def write_embeddings(folder: Path, images: Path, network: torch.nn.Module, tensors: dict[str, np.ndarray]) -> None:
    """Writes the embedding of each photograph from its file on, and the preprocessed pixels of two."""
    projection = torch.from_numpy(tensors["projection.weight"])
    pixels = {photo: reference.preprocess(images / photo) for photo in EMBEDDING_PHOTOS}
    batch = reference.to_input(np.stack(list(pixels.values())))
    values = reference.stages(network, batch, projection)
    print(f"{len(pixels)} photographs")
    check(values, tensors, batch)
    metadata = {"network": reference.WEIGHTS_PACKAGE, "keys": "paths relative to SampleImages"}
    embeddings = dict(zip(pixels, values["embedding"]))
    tensor_file.write(folder / "golden-embeddings.safetensors", embeddings, metadata)
    two = {photo: pixels[photo] for photo in PIXEL_PHOTOS}
    tensor_file.write(folder / "golden-preprocessed.safetensors", two, metadata)

    published = np.stack([reference.preprocess_as_published(images / photo) for photo in pixels])
    cropped_first = reference.stages(network, reference.to_input(published), projection)["embedding"]
    cosines = np.sort((cropped_first * values["embedding"]).sum(axis=1))
    print(f"cropping before instead of after resizing: cosine lowest {cosines[0]:.4f}, median {np.median(cosines):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "Models" / "efficientnet-lite0", help="model folder")
    parser.add_argument("--images", type=Path, default=ROOT / "SampleImages", help="folder of photographs")
    parser.add_argument("--tests", type=Path, default=ROOT / "Tests", help="folder of the test targets")
    options = parser.parse_args()

    network = reference.load_network()
    tensors = load_file(options.model / "weights.safetensors")
    projection = torch.from_numpy(tensors["projection.weight"])
    fixtures = options.tests / "NeuralNetworkTests" / "Fixtures"
    for number, photo in enumerate(STAGE_PHOTOS, start=1):
        pixels = reference.preprocess(options.images / photo)
        batch = reference.to_input(pixels)
        values = reference.stages(network, batch, projection)
        print(photo)
        check(values, tensors, batch)
        write_stages(fixtures / f"golden-stages-{number}.safetensors", pixels, values, photo)
    write_embeddings(options.tests / "ImageEmbeddingTests" / "Fixtures", options.images, network, tensors)


if __name__ == "__main__":
    main()
