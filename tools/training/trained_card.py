#!/usr/bin/env python3
"""Writes the model cards of the trained models from their manifests and from what evaluate.py measured.

The figures come from results/evaluation.json (evaluate.py --json) and are taken only for the very weights, known by
their digest, and the input that the folder has; for others the script stops.
"""

import argparse
import json
from pathlib import Path

from learning import model_folder
from learning.corpora import CORPORA

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BASELINE = "efficientnet-lite0, 1280 features"
NEAR_DUPLICATE_TARGET = 0.98


def figure(entry: tuple[float, float, float], sign: str = "") -> str:
    value, low, high = (f"{number:{sign}.4f}".replace("0.", ".", 1) for number in entry)
    return f"{value} [{low}, {high}]"


def set_rows(figures: dict, name: str, sets: list[str]) -> str:
    lines = []
    for row in [*sets, "mean of sets"]:
        kind = CORPORA[row].kind if row in CORPORA else "each set counted alike"
        ours, start = figures[name][row], figures[BASELINE][row]
        lines.append(f"| {row} | {kind} | {figure(start['value'])} | {figure(ours['value'])} | "
                     f"{figure(ours['difference'], '+')} |")
    return "\n".join(lines)


def near_duplicate_rows(figures: dict, name: str, sets: list[str]) -> str:
    lines = []
    for row, entry in figures[name].items():
        if row not in sets and row != "mean of sets":
            start = figures[BASELINE][row]["value"]
            lines.append(f"| {row} | {figure(start)} | {figure(entry['value'])} |")
    return "\n".join(lines)


def data_rows() -> str:
    return "\n".join(f"| {name} | [{one.repository}](https://github.com/{one.repository}) | {one.use} | {one.kind} | "
                     f"{one.licence} |" for name, one in CORPORA.items())


def lineage_rows(manifest: dict) -> str:
    lines = []
    for number, step in enumerate(manifest["lineage"], start=1):
        digest = f", sha256 `{step['sha256']}`" if "sha256" in step else ""
        licence = f", {step['licence']}" if "licence" in step else ""
        note = step["note"] if step["step"] == "teacher" else step["note"][0].upper() + step["note"][1:]
        lines.append(f"{number}. **{step['step']}**: {step['source']}{digest}{licence}. {note}.")
    return "\n".join(lines)


def filled(template: Path, values: dict[str, object]) -> str:
    """Puts the values in the places that {{name}} marks.

    Raises SystemExit when there is a place without a value.
    """
    text = template.read_text()
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", str(value))
    if "{{" in text:
        raise SystemExit(f"{template.name}: no value for {text[text.index('{{'):].split('}}')[0]}}}}}.")
    return text


def card(folder: Path, results: dict, notes: str) -> str:
    model = model_folder.read(folder)
    name = model.manifest["name"]
    described = results["models"].get(name)
    shown = (model.sha256, model.input.side, model.input.shorter_side)
    if described is None or (described["sha256"], described["side"], described["shorterSide"]) != shown:
        raise SystemExit(f"{folder}: no figures for these weights and this input in the results; run evaluate.py --json.")
    sets = [row for row in results["counts"] if row != "near-duplicates"]
    whole = results["models"][BASELINE]["multiplyAdds"]
    values = {
        "name": name,
        "side": model.input.side,
        "shorterSide": model.input.shorter_side,
        "pooling": model.pooling,
        "dimension": described["dimension"],
        "multiplyAdds": f"{described['multiplyAdds'] / 1e6:.1f}",
        "share": f"{described['multiplyAdds'] / whole:.3f}",
        "parameterCount": f"{sum(value.size for value in model.tensors.values()):,}",
        "byteCount": f"{model.manifest['weights']['byteCount']:,}",
        "sha256": model.sha256,
        "lineage": lineage_rows(model.manifest),
        "data": data_rows(),
        "sets": ", ".join(f"{row} {results['counts'][row]:,}" for row in sets),
        "nearCount": f"{results['counts']['near-duplicates']:,}",
        "setRows": set_rows(results["figures"], name, sets),
        "nearRows": near_duplicate_rows(results["figures"], name, sets),
        "notes": notes.strip(),
    }
    return filled(HERE / "TRAINED_CARD.template.md", values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, default=[ROOT / "Models" / "lookalike-base",
                                                                 ROOT / "Models" / "lookalike-small"])
    parser.add_argument("--results", type=Path, default=HERE / "results" / "evaluation.json")
    options = parser.parse_args()
    results = json.loads(options.results.read_text())
    for folder in options.models:
        text = card(folder, results, (HERE / "results" / f"{folder.name}.md").read_text())
        (folder / "MODEL_CARD.md").write_text(text)
        print(folder / "MODEL_CARD.md")


if __name__ == "__main__":
    main()
