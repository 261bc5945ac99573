"""Measures how far two computations of the same embedding lie apart."""

from pathlib import Path

import numpy as np
import torch

import folded
import reference
from learning import model_folder

TOLERANCE = 1e-3
MINIMUM_COSINE = 0.9999


def per_stage(original: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> dict[str, tuple[float, float]]:
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
    maximum, relative = np.array(list(per_stage(original, shipped).values())).max(axis=0)
    cosine = (original["embedding"].astype(np.float64) * shipped["embedding"]).sum(axis=1).min()
    return {"maximum": float(maximum), "relative": float(relative), "cosine": float(cosine)}


def check(original: dict[str, np.ndarray], tensors: dict[str, np.ndarray], batch: torch.Tensor) -> dict[str, float]:
    """Prints how far the shipped file is from the original network, and stops if that is too far."""
    shipped = folded.stages(tensors, batch)
    print("stage        max|a-b|/max|b|   relative L2")
    for stage, (maximum, relative) in per_stage(original, shipped).items():
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
    model: model_folder.Model, pixels: list[np.ndarray], paths: list[Path]
) -> dict[str, dict[str, float]]:
    """Measures how far small differences in the pixels move the embedding: the yardstick for other decoders.

    The crop as published is for an input of 224 only and is left out for others.
    """
    def embedded(values: list[np.ndarray]) -> np.ndarray:
        batch = reference.to_input(np.stack(values))
        return folded.stages(model.tensors, batch, model.pooling)["embedding"]

    generator = np.random.default_rng(1)
    truth = embedded(pixels)
    noisy = [(value + generator.integers(-1, 2, value.shape)).clip(0, 255).astype(np.uint8) for value in pixels]
    variants = {"every value moved by −1, 0 or 1 at random": noisy}
    if pixels[0].shape[0] == reference.SIDE:
        published = [reference.preprocess_as_published(path) for path in paths]
        variants = {"cropped before resizing, as published": published} | variants
    found = {}
    for name, values in variants.items():
        cosines = (embedded(values) * truth).sum(axis=1)
        found[name] = {"lowest": float(cosines.min()), "median": float(np.median(cosines))}
    return found
