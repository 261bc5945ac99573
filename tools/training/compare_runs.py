#!/usr/bin/env python3
"""Compares training runs on the development side, with paired intervals: mAP of the held-out groups, and of held-out
graded pairs the share that is ordered rightly.

This is where choices are made. A run is a folder of train.py (its averaged weights are taken) or a model folder;
the first is what the others are compared with. FOLDER@0.7 takes weights 0.7 of the way from the origin to the
run's.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from evaluate import report
from learning import stored
from learning.cache import Cache
from learning.dataset import read
from learning.development import PAIRS, Held
from learning.network import Rear
from learning.trainer import embed


def weights(name: str, origin: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    folder, _, share = name.partition("@")
    trained = Path(folder) / "trained.safetensors"
    found = load_file(trained if trained.exists() else Path(folder) / "weights.safetensors")
    part = float(share or 1)
    blended = {}
    for key, value in found.items():
        before = origin[key][:len(value)]
        learned = not torch.equal(value, before)  # what did not learn keeps its bits, the signs of its zeros too
        blended[key] = before + part * (value - before) if learned else before
    return {**origin, **blended}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, help="data set file")
    parser.add_argument("cache", type=Path, help="folder from cache_features.py, split develop")
    parser.add_argument("runs", nargs="+", help="run or model folders")
    parser.add_argument("--origin", type=Path, required=True, help="model folder that the cache was made with")
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cache = Cache(options.cache, "cuda" if torch.cuda.is_available() else "cpu")
    side = Held(read(options.dataset).of("develop"))
    origin = load_file(options.origin / "weights.safetensors")
    cache.check(stored.digest(options.dataset), "develop", origin)
    views = cache.description["views"]
    results = {}
    for run in options.runs:
        tensors = weights(run, origin)
        cache.check_front(tensors)
        rear = Rear(tensors, views["cut"], views["side"]).to(cache.device)
        vectors = embed(rear, cache, torch.bfloat16)
        results[run] = side.measured(vectors.__getitem__)
    figures = report(results, [name for name in results[options.runs[0]] if name != PAIRS])
    if options.json:
        options.json.write_text(json.dumps({"counts": side.counts(), "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
