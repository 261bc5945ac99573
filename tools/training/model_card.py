#!/usr/bin/env python3
"""Writes the start's model card: MODEL_CARD.template.md with what was measured.

A figure that was not measured for these weights is left out. The converter writes the same card.
"""

import argparse
import json
from pathlib import Path

from safetensors.numpy import load_file

from trained_card import filled

HERE = Path(__file__).resolve().parent
START = HERE.parents[1] / "Models" / "efficientnet-lite0"
UNMEASURED = "not measured for these weights"


def read(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def projection_table(results: dict) -> str:
    """Renders the mAP of every pooling and projection, and the loss against the full features."""
    sets = results["sets"]
    full = results["rows"][0]["map"]
    lines = [f"| pooling | projection | {' | '.join(sets)} | mean | mean loss | worst loss |"]
    lines.append("|---|---|" + "---:|" * (len(sets) + 3))
    for row in results["rows"]:
        values = [row["map"][name] for name in sets]
        losses = [full[name] - row["map"][name] for name in sets]
        figures = values + [sum(values) / len(values), sum(losses) / len(losses), max(losses)]
        cells = [f"{figure:.4f}" for figure in figures]
        names = [row["pooling"], row["projection"]]
        if row == results["chosen"]:
            names = [f"**{name}**" for name in names]
        lines.append("| " + " | ".join(names + cells) + " |")
    return "\n".join(lines)


def set_description(results: dict) -> str:
    kinds = {
        "clothing": "garments photographed by their owners, 17 labels",
        "objects": "a ten-class subset of ImageNet (the network knows these classes)",
        "samples": "this repository's `SampleImages` without `various`, the folder is the label",
        "scenes": "six kinds of scenery, 100 px",
        "styles": "seven subjects as photograph, painting, cartoon and sketch",
    }
    counts = results["counts"]["evaluate"]
    lines = [f"- **{name}**: {count:,} pictures; {kinds[name]}." for name, count in counts.items()]
    return "\n".join(lines)


def decision(results: dict) -> str:
    """States what the rule chose and what it costs, set by set."""
    chosen, full = results["chosen"], results["rows"][0]["map"]
    change = {name: chosen["map"][name] - value for name, value in full.items()}
    each = ", ".join(f"{name} {value:+.4f}" for name, value in change.items())
    unknown = [value for name, value in change.items() if name != "objects"]
    return (
        f"Chosen: {chosen['projection']}. Against 1280 numbers, mean {sum(change.values()) / len(change):+.4f}\n"
        f"({each});\nwithout `objects`, mean {sum(unknown) / len(unknown):+.4f}."
    )


def agreement_rows(measured: dict) -> str:
    rows = measured.get("agreement", {})
    lines = [
        f"| {name} | {row['maximum']:.1e} | {row['relative']:.1e} | {row['cosine']:.6f} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines) or f"| float32 | {UNMEASURED} | | |"


def sensitivity_rows(measured: dict) -> str:
    rows = measured.get("sensitivity", {})
    lines = [f"| {name} | {row['lowest']:.4f} | {row['median']:.4f} |" for name, row in rows.items()]
    return "\n".join(lines) or f"| {UNMEASURED} | | |"


def card(folder: Path) -> str:
    """Returns the card of the model folder, from the manifest there and the two measurement files here."""
    manifest = json.loads((folder / "manifest.json").read_text())
    weights = folder / manifest["weights"]["file"]
    digest = manifest["weights"]["sha256"]
    results = read(HERE / "projection.json")
    measured = read(HERE / "agreement.json")
    measured = measured if measured.get("weightsSHA256") == digest else {}
    steps = {step["step"]: step for step in manifest["lineage"]}
    values = {
        "dimension": manifest["embedding"]["dimension"],
        "parameterCount": f"{sum(value.size for value in load_file(weights).values()):,}",
        "byteCount": f"{manifest['weights']['byteCount']:,}",
        "sha256": digest,
        "sourceSHA256": steps["network"]["sha256"],
        "projectionDescription": steps["projection"]["note"],
        "goldenCount": measured.get("photographs", 0),
        "agreementRows": agreement_rows(measured),
        "sensitivityRows": sensitivity_rows(measured),
        "learningCounts": " and ".join(f"{count:,} of {name}" for name, count in results["counts"]["learn"].items()),
        "setDescription": set_description(results),
        "projectionTable": projection_table(results),
        "decision": decision(results),
    }
    return filled(HERE / "MODEL_CARD.template.md", values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, default=START, help="model folder (default: %(default)s)")
    options = parser.parse_args()
    (options.model / "MODEL_CARD.md").write_text(card(options.model))
    print(options.model / "MODEL_CARD.md")


if __name__ == "__main__":
    main()
