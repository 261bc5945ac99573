"""What building and searching cost as a collection grows: 10,000, 100,000 and a million vectors of one kind."""

import numpy as np

import builds
import datasets
import report
import searching
from harness import table

SIZES = (10_000, 100_000, 1_000_000)
RECALL = 0.95


def measure(vectors, contenders, options):
    contenders = [each for each in contenders if each.group != "exact"]
    grown = {each.name: {"buildSeconds": [], "querySeconds": []} for each in contenders}
    failures = {}
    for rows in SIZES:
        part = None if rows == len(vectors.base) else rows
        kept = [builds.Kept(each, vectors, rows=part) for each in contenders if each.name not in failures]
        records = builds.rounds(kept, 1)
        failures |= {name: record["failure"] for name, record in records.items() if "failure" in record}
        able = [each for each in kept if each.contender.name not in failures]
        turns = searching.Turns(vectors, able, options, uses=((1, "batch"),), rows=part, truth=truth(vectors, rows))
        found = turns.run(options.rounds)
        failures |= found["failures"]
        for name, points in report.by_contender(found).items():
            builds_seconds = records[name]["builds"][-1]["cpuSeconds"]
            grown[name]["buildSeconds"].append((rows, builds_seconds))
            if speed := report.at(report.curve(points, value="queriesPerCPUSecond"), RECALL):
                grown[name]["querySeconds"].append((rows, 1 / speed))
    for each in grown.values():
        for value in ("buildSeconds", "querySeconds"):
            each[value + "Exponent"] = exponent(each[value])
    return {"set": vectors.meta, "recall": RECALL, "growth": grown, "failures": failures,
            "contenders": {each.name: {"settings": each.identity, "group": each.group} for each in contenders}}


def truth(vectors, rows):
    if rows == len(vectors.base):
        return vectors.truth
    file = vectors.folder / f"truth-{rows}.npy"
    if not file.exists():
        np.save(file, datasets.tenth(vectors.base[:rows], np.asarray(vectors.queries), vectors.metric))
    return np.load(file)


def exponent(points):
    """The slope of the straight line through the logarithms; None for fewer than two points."""
    if len(points) < 2:
        return None
    counts, costs = np.log(np.array(points)).T
    return float(np.polyfit(counts, costs, 1)[0])


def tables(result):
    rows = []
    for name, each in result["growth"].items():
        row = [report.bold(name)]
        for value, scale in (("buildSeconds", 1), ("querySeconds", 1e6)):
            sizes = {count: cost * scale for count, cost in each[value]}
            row += [sizes.get(size, "–") for size in SIZES]
            row.append("–" if each[value + "Exponent"] is None else each[value + "Exponent"])
        rows.append(row)
    columns = ["who"] + [f"{what}, {size:,}" if isinstance(size, int) else f"{what}: exponent"
                         for what in ("build, CPU s", "query, CPU µs") for size in (*SIZES, "exponent")]
    head = f"### Growth: prefixes of `million`; queries at recall@10 {result['recall']}, one thread"
    missing = "".join(f"\n- {name}: {why}" for name, why in result["failures"].items())
    return f"{head}\n\n{table(columns, rows)}" + (f"\n\nNot measured:\n{missing}" if missing else "")
