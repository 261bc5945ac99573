#!/usr/bin/env python3
"""Measures which pooling and which projection keep retrieval good, and writes the chosen projection.

Reads FOLDER/evaluate/<set>/<label>/<picture> and FOLDER/learn/<set>/<label>/<picture> (collect_images.py makes
them). For every evaluation set: each picture is the query once, all others are ranked by cosine, average precision
counts the pictures of the same label; the mean over all queries is the set's mAP.

A projection is the D leading right singular vectors of a matrix with 1280 columns, uncentred, so that its rows are
orthonormal and the cosine is merely truncated. Two matrices are tried: the unit-length features of the learning
pictures, and the weights of the classifier that the conversion drops (which needs no pictures at all).
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

import reference
import tensor_file
from convert_efficientnet_lite import leading_directions

HERE = Path(__file__).resolve().parent
DIMENSIONS = [512, 384, 256]
MEAN_LOSS_ALLOWED = 0.01
SET_LOSS_ALLOWED = 0.015
SUFFIXES = {".jpg", ".jpeg", ".png"}


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Pooled(torch.nn.Module):
    """The original network up to its last map, pooled by average and by generalised mean with p = 3."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.network.extract_features(batch)
        return maps.mean(dim=(2, 3)), maps.clamp(min=1e-6).pow(3).mean(dim=(2, 3)).pow(1 / 3)


class Extractor:
    """Runs the original network through OpenVINO in float32, several times as fast as PyTorch, and caches."""

    def __init__(self, cache: Path) -> None:
        import openvino

        self.cache = cache
        self.original = Pooled(reference.load_network()).eval()
        with torch.no_grad():
            model = openvino.convert_model(
                self.original, example_input=torch.zeros(1, 3, 224, 224), input=[-1, 3, 224, 224]
            )
        self.compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def features(self, folder: Path) -> dict[str, np.ndarray]:
        """Returns average and GeM features (count, 1280), labels, and a digest of each picture's bytes."""
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        listing = "\n".join(str(path.relative_to(folder)) for path in paths)
        name = hashlib.sha256(f"{folder.resolve()}\n{listing}".encode()).hexdigest()[:16]
        stored = self.cache / f"{folder.name}-{name}.npz"
        if stored.exists():
            return dict(np.load(stored))
        pooled = []
        for start in range(0, len(paths), 16):
            batch = reference.to_input(np.stack([reference.preprocess(path) for path in paths[start:start + 16]]))
            outputs = self.compiled(batch.numpy())
            pooled.append((outputs[0], outputs[1]))
            if start == 0:
                self.cross_check(batch, pooled[0])
        found = {
            "average": np.concatenate([average for average, _ in pooled]),
            "gem": np.concatenate([gem for _, gem in pooled]),
            "labels": np.array([path.relative_to(folder).parts[0] for path in paths]),
            "digests": np.array([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]),
        }
        self.cache.mkdir(parents=True, exist_ok=True)
        np.savez(stored, **found)
        print(f"{folder.name}: {len(paths)} pictures", flush=True)
        return found

    def cross_check(self, batch: torch.Tensor, pooled: tuple[np.ndarray, np.ndarray]) -> None:
        """Stops unless the fast path agrees with PyTorch on the first batch of a set."""
        with torch.no_grad():
            truth = self.original(batch)
        for fast, slow in zip(pooled, truth):
            error = np.linalg.norm(fast - slow.numpy()) / np.linalg.norm(slow.numpy())
            if error > 1e-4:
                raise SystemExit(f"OpenVINO is off by {error:.1e} from PyTorch.")

    def classifier(self) -> np.ndarray:
        return self.original.network._fc.weight.detach().double().numpy()


def pool(found: dict[str, np.ndarray], pooling: str) -> np.ndarray:
    """Returns unit-length features under one of the three poolings."""
    if pooling == "GeM, p = 3":
        return unit(found["gem"])
    return unit(np.sqrt(found["average"]) if pooling == "square root of average" else found["average"])


def mean_average_precision(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Ranks all other pictures for each picture; pictures whose label is unique are no queries."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :-1]
    relevant = labels[order] == labels[:, None]
    hits = relevant.cumsum(axis=1)
    precision = np.where(relevant, hits / np.arange(1, relevant.shape[1] + 1), 0).sum(axis=1)
    asked = hits[:, -1] > 0
    return float((precision[asked] / hits[asked, -1]).mean())


def measure(extractor: Extractor, folder: Path) -> tuple[list[dict], dict[str, np.ndarray], dict]:
    """Returns one row per (pooling, projection), the projections for average pooling, and counts."""
    evaluation = {path.name: extractor.features(path) for path in sorted((folder / "evaluate").iterdir())}
    learning = {path.name: extractor.features(path) for path in sorted((folder / "learn").iterdir())}
    seen = {digest for found in evaluation.values() for digest in found["digests"]}
    fresh = {name: np.array([digest not in seen for digest in found["digests"]]) for name, found in learning.items()}
    classifier = extractor.classifier()
    rows, projections = [], {}
    for pooling in ["average", "GeM, p = 3", "square root of average"]:
        learned = np.concatenate([pool(found, pooling)[fresh[name]] for name, found in learning.items()])
        candidates = {"none, 1280": None}
        for dimension in DIMENSIONS:
            candidates[f"SVD of features, {dimension}"] = leading_directions(learned, dimension)
        for dimension in DIMENSIONS:
            candidates[f"SVD of classifier, {dimension}"] = leading_directions(classifier, dimension)
        for label, projection in candidates.items():
            result = {}
            for name, found in evaluation.items():
                vectors = pool(found, pooling)
                vectors = vectors if projection is None else unit(vectors @ projection.T)
                result[name] = round(mean_average_precision(vectors, found["labels"]), 4)
            rows.append({"pooling": pooling, "projection": label, "map": result})
            print(f"{pooling:24} {label:26}", result, flush=True)
            if pooling == "average" and projection is not None:
                projections[label] = projection
    counts = {name: int(fresh[name].sum()) for name in learning}
    return rows, projections, {"evaluate": {k: len(v["labels"]) for k, v in evaluation.items()}, "learn": counts}


def choose(rows: list[dict]) -> dict | None:
    """Applies the rule: the smallest average-pooled projection within both allowed losses of the full features."""
    average = [row for row in rows if row["pooling"] == "average"]
    full = average[0]["map"]
    allowed = []
    for row in average[1:]:
        losses = [full[name] - row["map"][name] for name in full]
        if np.mean(losses) <= MEAN_LOSS_ALLOWED and max(losses) <= SET_LOSS_ALLOWED:
            allowed.append((int(row["projection"].rsplit(" ", 1)[1]), float(np.mean(losses)), row))
    return min(allowed, key=lambda entry: entry[:2])[2] if allowed else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="pictures, as collect_images.py lays them out")
    parser.add_argument("--cache", type=Path, help="folder for extracted features (default: FOLDER/features)")
    parser.add_argument("--write", action="store_true", help="write projection.safetensors and projection.json here")
    options = parser.parse_args()

    extractor = Extractor(options.cache or options.folder / "features")
    rows, projections, counts = measure(extractor, options.folder)
    chosen = choose(rows)
    print("chosen:", chosen)
    if not options.write:
        return
    if chosen is None:
        raise SystemExit("No projection keeps within the allowed losses; the network needs its 1280 numbers.")
    matrix, dimension = chosen["projection"].rsplit(", ", 1)
    seen = " + ".join(f"{count} pictures of {name}" for name, count in counts["learn"].items())
    basis = f"unit features of {seen}" if matrix == "SVD of features" else "weights of the dropped classifier"
    description = f"the {dimension} leading right singular vectors, uncentred, of the {basis}"
    tensors = {"projection.weight": projections[chosen["projection"]]}
    tensor_file.write(HERE / "projection.safetensors", tensors, {"description": description})
    results = {"sets": list(counts["evaluate"]), "counts": counts, "rows": rows, "chosen": chosen}
    (HERE / "projection.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
