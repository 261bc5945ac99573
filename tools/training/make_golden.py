#!/usr/bin/env python3
"""Writes the golden tensors the Swift tests compare with: what PyTorch computes from the default model's file.

The convolutions are PyTorch's (folded.py). That folding changed nothing is checked where the start is converted.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import agreement
import folded
import reference
import tensor_file
from learning import model_folder
from learning.views import Input, fitted, load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STRIDE = 97  # prime, so the samples walk through rows, columns and channels alike
VECTORS = {"pooled", "projected", "embedding"}

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


def preprocessed(path: Path, size: Input) -> np.ndarray:
    return np.asarray(fitted(load(path), size))


def write_stages(path: Path, pixels: np.ndarray, values: dict[str, np.ndarray], source: str) -> None:
    """Writes the input, every 97th value of each map in (height, width, channel) order, and whole vectors."""
    tensors = {"input": pixels}
    for stage, batch in values.items():
        value = batch[0]
        flat = value.reshape(-1)
        tensors[stage] = np.ascontiguousarray(flat if stage in VECTORS else flat[::STRIDE])
        tensors[f"{stage}.shape"] = np.array(value.shape, dtype=np.int32)
    tensor_file.write(path, tensors, {"source": source, "stride": str(STRIDE), "network": "folded.py"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "Models" / "lookalike-base", help="model folder")
    parser.add_argument("--images", type=Path, default=ROOT / "SampleImages", help="folder of photographs")
    parser.add_argument("--tests", type=Path, default=ROOT / "Tests", help="folder of the test targets")
    options = parser.parse_args()

    model = model_folder.read(options.model)
    fixtures = options.tests / "NeuralNetworkTests" / "Fixtures"
    for number, photo in enumerate(STAGE_PHOTOS, start=1):
        pixels = preprocessed(options.images / photo, model.input)
        values = folded.stages(model.tensors, reference.to_input(pixels), model.pooling)
        write_stages(fixtures / f"golden-stages-{number}.safetensors", pixels, values, photo)

    paths = [options.images / photo for photo in EMBEDDING_PHOTOS]
    pixels = [preprocessed(path, model.input) for path in paths]
    embeddings = folded.stages(model.tensors, reference.to_input(np.stack(pixels)), model.pooling)["embedding"]
    metadata = {"model": model.manifest["name"], "keys": "paths relative to SampleImages"}
    folder = options.tests / "ImageEmbeddingTests" / "Fixtures"
    tensor_file.write(folder / "golden-embeddings.safetensors", dict(zip(EMBEDDING_PHOTOS, embeddings)), metadata)
    two = {photo: value for photo, value in zip(EMBEDDING_PHOTOS, pixels) if photo in PIXEL_PHOTOS}
    tensor_file.write(folder / "golden-preprocessed.safetensors", two, metadata)
    print(f"{model.manifest['name']}: {len(STAGE_PHOTOS)} photographs stage by stage, {len(paths)} embeddings")
    print(json.dumps(agreement.sensitivity(model, pixels, paths), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
