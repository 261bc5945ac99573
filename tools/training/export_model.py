#!/usr/bin/env python3
"""Makes a model folder out of a start and trained weights: manifest.json and weights.safetensors.

With --blend below 1 the weights lie that far on the way from the start to the trained ones (arXiv 2109.01903): what
training forgot comes back sooner than what it learned goes. The folder is checked as the product checks it, and gets
a MODEL_CARD.md.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

import own_card
from learning import model_folder
from learning.views import Input


def blended(start: dict[str, np.ndarray], trained: dict[str, np.ndarray], share: float) -> dict[str, np.ndarray]:
    """Returns start + share · (trained − start) for every trained tensor, the start's where none was trained."""
    found = dict(start)
    for name, value in trained.items():
        if name not in start:
            raise SystemExit(f"The trained weights have {name}, which the start lacks.")
        before = start[name][:len(value)] if name == "projection.weight" else start[name]
        found[name] = (before + share * (value - before)).astype(np.float32)
    return found


def note(configuration: dict, share: float) -> str:
    """Says in one sentence what was trained; the lineage has the whole configuration beside it."""
    loss, schedule, batches = configuration["loss"], configuration["schedule"], configuration["batches"]
    views = configuration["views"]
    return (f"blocks {schedule['first_block']}–15, head and projection trained for {schedule['steps']} steps, seed "
            f"{schedule['seed']}, {loss['kind']} contrastive at temperature {loss['temperature']} (weight "
            f"{loss['weight']:g}), self-supervision {loss['self_weight']:g}, regression {loss['regression']:g}, "
            f"distillation {loss['distillation']:g}; {1 + len(views['styles'])} views of {views['side']} px, of all batches "
            f"{batches['lone']:g} without labels and {batches['pairs']:g} of graded pairs"
            f"{', each picture once as it is' if batches['plain'] else ''}; weights {share:g} of the way from what it began "
            "with")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trained", type=Path, help="trained.safetensors from train.py")
    parser.add_argument("output", type=Path, help="model folder to write")
    parser.add_argument("--origin", type=Path, required=True, help="model folder the training started from")
    parser.add_argument("--name", help="the model's name (default: the output folder's)")
    parser.add_argument("--blend", type=float, default=1.0, help="share of the trained weights (default: %(default)s)")
    parser.add_argument("--side", type=int, help="input in pixels, if another than it was trained with")
    parser.add_argument("--whole", action="store_true", help="show the whole shorter side, not its middle 7/8")
    parser.add_argument("--data", default="a data set of your own",
                        help="one line for the lineage: what it learned from")
    parser.add_argument("--figures", type=Path, help="file from evaluate.py --json, for the model card")
    options = parser.parse_args()
    start = model_folder.read(options.origin)
    trained = load_file(options.trained)
    with safe_open(options.trained, framework="numpy") as file:
        described = json.loads(file.metadata()["training"])
    if described["origin"] != start.sha256:
        raise SystemExit(f"{options.trained} was not trained from {options.origin}.")
    views = described["configuration"]["views"]
    size = Input.of(options.side) if options.side else Input(views["side"], views["shorter_side"])
    size = Input(size.side, size.side) if options.whole else size
    steps = start.manifest["lineage"] + [
        {"step": "training", "source": options.data, "sha256": described["dataset"],
         "note": note(described["configuration"], options.blend), "share": options.blend,
         **{name: described[name] for name in ("origin", "targets", "precision", "configuration")}}]
    folder, name = options.output, options.name or options.output.name
    written = model_folder.write(folder, name, size, blended(start.tensors, trained, options.blend), steps,
                                 start.pooling)
    results = json.loads(options.figures.read_text()) if options.figures else None
    (folder / "MODEL_CARD.md").write_text(own_card.card(model_folder.read(folder), results))
    print(f"{folder}: {written['weights']['byteCount']:,} bytes, sha256 {written['weights']['sha256']}")


if __name__ == "__main__":
    main()
