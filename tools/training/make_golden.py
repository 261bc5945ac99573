#!/usr/bin/env python3
"""Writes the golden tensors the Swift tests compare with, from the original, unfolded PyTorch network.

Before anything is written, the shipped weights are run too, and a disagreement with the original network beyond
1e-3 (relative, per stage) or 0.9999 (cosine of the embeddings) stops the script.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

import folded
import model_card
import reference
import tensor_file

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
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


def summary(original: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> dict[str, float]:
    """Returns the worst of both errors over all stages, and the lowest cosine between embeddings."""
    maximum, relative = np.array(list(agreement(original, shipped).values())).max(axis=0)
    cosine = (original["embedding"].astype(np.float64) * shipped["embedding"]).sum(axis=1).min()
    return {"maximum": float(maximum), "relative": float(relative), "cosine": float(cosine)}


def check(original: dict[str, np.ndarray], tensors: dict[str, np.ndarray], batch: torch.Tensor) -> dict[str, float]:
    """Prints how far the shipped file is from the original network, and stops if that is too far."""
    shipped = folded.stages(tensors, batch)
    print("stage        max|a-b|/max|b|   relative L2")
    for stage, (maximum, relative) in agreement(original, shipped).items():
        print(f"{stage:12} {maximum:15.1e} {relative:13.1e}")
    found = summary(original, shipped)
    print(f"embedding cosine, lowest: {found['cosine']:.7f}")
    if max(found["maximum"], found["relative"]) > TOLERANCE or found["cosine"] < MINIMUM_COSINE:
        raise SystemExit("The shipped weights do not compute what the original network computes.")
    return found


def half_precision(
    original: dict[str, np.ndarray], tensors: dict[str, np.ndarray], batch: torch.Tensor
) -> dict[str, float]:
    """Measures what storing the weight matrices as float16 would cost: the reason they are stored as float32."""
    rounded = {name: value.astype(np.float16) if value.ndim > 1 else value for name, value in tensors.items()}
    return summary(original, folded.stages(rounded, batch))


def sensitivity(
    pixels: dict[str, np.ndarray], images: Path, network: torch.nn.Module, projection: torch.Tensor, truth: np.ndarray
) -> dict[str, dict[str, float]]:
    """Measures how far small differences in the pixels move the embedding: the yardstick for other decoders."""
    generator = np.random.default_rng(1)
    noisy = [(value + generator.integers(-1, 2, value.shape)).clip(0, 255) for value in pixels.values()]
    variants = {
        "cropped before resizing, as published": [reference.preprocess_as_published(images / photo) for photo in pixels],
        "every value moved by −1, 0 or 1 at random": noisy,
    }
    found = {}
    for name, variant in variants.items():
        batch = reference.to_input(np.stack(variant).astype(np.uint8))
        cosines = (reference.stages(network, batch, projection)["embedding"] * truth).sum(axis=1)
        found[name] = {"lowest": float(cosines.min()), "median": float(np.median(cosines))}
    return found


def write_stages(path: Path, pixels: np.ndarray, values: dict[str, np.ndarray], source: str) -> None:
    """Writes the input, every 97th value of each map in (height, width, channel) order, and whole vectors."""
    tensors = {"input": pixels}
    for stage, batch in values.items():
        value = batch[0]
        flat = value.reshape(-1)
        tensors[stage] = np.ascontiguousarray(flat if stage in VECTORS else flat[::STRIDE])
        tensors[f"{stage}.shape"] = np.array(value.shape, dtype=np.int32)
    tensor_file.write(path, tensors, {"source": source, "stride": str(STRIDE), "network": reference.WEIGHTS_PACKAGE})


def write_embeddings(
    folder: Path, images: Path, network: torch.nn.Module, tensors: dict[str, np.ndarray]
) -> dict:
    """Writes the embedding of each photograph from its file on, and the pixels of two; returns what was measured."""
    projection = torch.from_numpy(tensors["projection.weight"])
    pixels = {photo: reference.preprocess(images / photo) for photo in EMBEDDING_PHOTOS}
    batch = reference.to_input(np.stack(list(pixels.values())))
    values = reference.stages(network, batch, projection)
    print(f"{len(pixels)} photographs")
    found = check(values, tensors, batch)
    metadata = {"network": reference.WEIGHTS_PACKAGE, "keys": "paths relative to SampleImages"}
    embeddings = dict(zip(pixels, values["embedding"]))
    tensor_file.write(folder / "golden-embeddings.safetensors", embeddings, metadata)
    two = {photo: pixels[photo] for photo in PIXEL_PHOTOS}
    tensor_file.write(folder / "golden-preprocessed.safetensors", two, metadata)

    return {
        "photographs": len(pixels),
        "agreement": {"float32": found, "float16": half_precision(values, tensors, batch)},
        "sensitivity": sensitivity(pixels, images, network, projection, values["embedding"]),
    }


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
    embedding_fixtures = options.tests / "ImageEmbeddingTests" / "Fixtures"
    measured = write_embeddings(embedding_fixtures, options.images, network, tensors)
    measured["weightsSHA256"] = hashlib.sha256((options.model / "weights.safetensors").read_bytes()).hexdigest()
    (HERE / "agreement.json").write_text(json.dumps(measured, indent=1) + "\n")
    model_card.write(options.model)
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
