"""Writes the card of a model that somebody trained: what its manifest says, and figures if there are any for it."""

import torch

from learning.model_folder import Model
from learning.network import multiply_adds
from trained_card import HERE, figure, filled, lineage_rows

UNMEASURED = ("Nothing was measured with these weights. `evaluate.py … --json FIGURES` measures, and `export_model.py` with the "
              "same arguments and `--figures FIGURES` writes the figures here.")


def measured(model: Model, results: dict) -> str:
    """Renders what evaluate.py measured with these very weights and this input.

    Raises SystemExit when there are no such figures.
    """
    shown = (model.sha256, model.input.side, model.input.shorter_side, model.manifest["embedding"]["dimension"])
    names = [name for name, one in results["models"].items()
             if (one["sha256"], one["side"], one["shorterSide"], one["dimension"]) == shown]
    if not names:
        raise SystemExit("There are no figures for these weights and this input; run evaluate.py --json.")
    first = next(iter(results["models"]))
    counts = ", ".join(f"{name} {count:,}" for name, count in results["counts"].items() if count)
    sets = [name for name in results["counts"] if name != "near-duplicates"]
    lines = ["By `evaluate.py`, in float32, with 95 % bootstrap intervals over queries: mAP by cosine, every picture a query "
             "for all others of its set; of changed copies, how often the original is the first of all (recall@1). "
             f"Pictures: {counts}.", "", f"| set or change | measure | value | difference from {first} |", "|---|---|---:|---:|"]
    for row, entry in results["figures"][names[0]].items():
        difference = figure(entry["difference"], "+") if "difference" in entry else ""
        measure = "mAP" if row in [*sets, "mean of sets"] else "recall@1"
        lines.append(f"| {row} | {measure} | {figure(entry['value'])} | {difference} |")
    return "\n".join(lines)


def card(model: Model, results: dict | None) -> str:
    training = model.manifest["lineage"][-1]
    tensors = {name: torch.from_numpy(value) for name, value in model.tensors.items()}
    return filled(HERE / "OWN_CARD.template.md", {
        "name": model.manifest["name"],
        "side": model.input.side,
        "shorterSide": model.input.shorter_side,
        "pooling": model.pooling,
        "dimension": model.manifest["embedding"]["dimension"],
        "multiplyAdds": f"{multiply_adds(tensors, model.input.side) / 1e6:.1f}",
        "parameterCount": f"{sum(value.size for value in model.tensors.values()):,}",
        "byteCount": f"{model.manifest['weights']['byteCount']:,}",
        "sha256": model.sha256,
        "licence": model.manifest["licence"],
        "lineage": lineage_rows(model.manifest),
        "data": training["source"],
        "dataset": training["sha256"],
        "measured": measured(model, results) if results else UNMEASURED,
    })
