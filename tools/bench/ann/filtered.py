"""Searches among some of the vectors only: filters within the walk, and after it."""

from dataclasses import replace

import numpy as np

import builds
import datasets
import report
import searching
from harness import median, table

SELECTIVITIES = (0.5, 0.1, 0.01, 0.001)
WITHIN = ("lookalike", "hnswlib", "faiss-flat", "faiss-sq8-refine", "faiss-exact")  # who can filter while searching
AFTER = ("hnswlib", "faiss-sq8-refine", "usearch-bf16", "scann", "zvec-u8")
RECALL, VALUE = 0.95, "queriesPerCPUSecond"
QUERIES, PATIENCE = 100, 0.02  # of the set's; and the seconds for one after which no wider beam is tried


def measure(vectors, contenders, options):
    kept = []
    for contender in contenders:
        if contender.name in WITHIN:
            kept.append(builds.Kept(contender, vectors))
        if contender.name in AFTER:
            after = builds.Kept(contender, vectors)
            after.contender = replace(contender, name=f"{contender.name} after", words={"postFilter": True})
            kept.append(after)
    builds.rounds([builds.Kept(each, vectors) for each in contenders if each.name in WITHIN + AFTER], 1)
    found = {}
    for selectivity in SELECTIVITIES:
        allowed = chosen(len(vectors.base), selectivity)
        file = options.work / "allowed.u8"
        allowed.tofile(file)
        queries = np.asarray(vectors.queries[:QUERIES])
        truth = datasets.tenth(vectors.base, queries, vectors.metric, allowed.astype(bool))
        with datasets.Asking(vectors, queries, options.work) as asked:
            turns = searching.Turns(asked, kept, options, uses=((1, "batch"),), filter=file, truth=truth,
                                    patience=PATIENCE)
            found[str(selectivity)] = turns.run(options.rounds)
    return {"set": vectors.meta, "rounds": options.rounds, "queries": QUERIES, "patienceSeconds": PATIENCE,
            "bySelectivity": found,
            "contenders": {each.contender.name: {"settings": each.contender.identity, "group": each.contender.group}
                           for each in kept}}


def chosen(count, selectivity):
    """A byte for each vector: 1 for a random share of them, the same in every run."""
    return (np.random.default_rng(7).random(count) < selectivity).astype(np.uint8)


def tables(result):
    rows = []
    for name in result["contenders"]:
        row = [report.bold(name)]
        for selectivity in SELECTIVITIES:
            found = result["bySelectivity"][str(selectivity)]
            curve = report.curve([point for point in found["points"] if point["contender"] == name], value=VALUE)
            speed = report.at(curve, RECALL)
            best = max((recall for recall, _ in curve), default=0)
            row.append(f"{speed:,.0f}" if speed else f"recall ≤ {best:.3f}")
        rows.append(row)
    columns = ["who", *(f"{selectivity * 100:g} % allowed" for selectivity in SELECTIVITIES)]
    methods = []
    for selectivity in SELECTIVITIES:
        points = [point for point in result["bySelectivity"][str(selectivity)]["points"] if "method" in point]
        if points:
            lowest = min(point["recall"] for point in points)
            named = ", ".join(sorted({point["method"] for point in points}))
            speed = median([point[VALUE] for point in points])
            methods.append(f"- {selectivity * 100:g} %: {named}; recall {lowest:.3f} or more, "
                           f"median {speed:,.0f} queries per CPU second")
    failures = {name: why for found in result["bySelectivity"].values() for name, why in found["failures"].items()}
    missing = "".join(f"\n- {name}: {why}" for name, why in failures.items())
    return (f"### Filtered: {result['set']['name']}, queries per CPU second at recall@10 {RECALL} among the allowed, "
            f"one thread, {result['queries']} queries\n\n"
            "“after”: asks for as many neighbours that about so many as the beam is wide are allowed, and drops the "
            f"others. Beams wider than the first that took {1000 * result['patienceSeconds']:.0f} ms were not tried."
            f"\n\n{table(columns, rows)}\n\nOurs at every width:\n\n" + "\n".join(methods)
            + (f"\n\nNot measured:\n{missing}" if missing else ""))
