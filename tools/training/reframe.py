#!/usr/bin/env python3
"""Makes a model that sees pictures otherwise out of another: the same weights, another input or pooling.

With --whole the network is shown all of the shorter side, not its middle 7/8. With --pooling center-weighted what lies at
the border of its last map counts less.
"""

import argparse
from pathlib import Path

from learning import model_folder
from learning.pooling import POOLINGS
from learning.views import Input


def reframed(model: model_folder.Model, output: Path, name: str, whole: bool, pooling: str | None) -> dict:
    """Writes the model folder and returns its manifest."""
    size, pooling = model.input, pooling or model.pooling
    size = Input(size.side, size.side) if whole else size
    steps = model.manifest["lineage"] + [
        {"step": "input", "source": "tools/training/reframe.py",
         "note": f"{size.side} pixels are shown of a shorter side of {size.shorter_side}; pooling {pooling}; weights as "
         "they were"}]
    written = model_folder.write(output, name, size, model.tensors, steps, pooling)
    model_folder.read(output)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder to read")
    parser.add_argument("output", type=Path, help="model folder to write")
    parser.add_argument("--name", help="the model's name (default: the output folder's)")
    parser.add_argument("--whole", action="store_true", help="show the whole shorter side")
    parser.add_argument("--pooling", choices=POOLINGS, help="how the last map becomes a vector (default: as before)")
    options = parser.parse_args()
    written = reframed(model_folder.read(options.model), options.output, options.name or options.output.name,
                       options.whole, options.pooling)
    print(f"{options.output}: shorter side {written['input']['shorterSide']}, pooling {written['pooling']}, "
          f"sha256 {written['weights']['sha256']}")


if __name__ == "__main__":
    main()
