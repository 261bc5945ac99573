"""Does every contender keep the protocol? Builds, searches, saves and loads a few random vectors with each."""

import tempfile
from pathlib import Path

import numpy as np

import builds
import datasets
import searching
from contending import Failed
from harness import table

ROWS, DIMENSION, QUERIES, GOOD = 3000, 32, 50, 0.9


def check(contenders):
    """Returns a table, and whether everybody who can work here works."""
    chance = np.random.default_rng(3)
    vectors = chance.standard_normal((ROWS + QUERIES, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows, fine = [], True
    with tempfile.TemporaryDirectory() as folder:
        for metric in ("ip", "l2"):
            datasets.write(Path(folder) / metric, metric, vectors[:ROWS], vectors[ROWS:], metric, "random")
            made = datasets.VectorSet(Path(folder) / metric)
            for contender in contenders:
                verdict = outcome(made, contender)
                fine &= not verdict.startswith("WRONG")
                rows.append([contender.name, metric, verdict])
    return table(["who", "metric", "outcome"], rows), fine


def outcome(vectors, contender):
    kept, output = builds.Kept(contender, vectors), vectors.folder / "found.u32"

    def search(process, mode, threads):
        process.ask("search", queries=vectors.queries_file, beamWidth=contender.widths[-1], count=10, threads=threads,
                    mode=mode, repetitions=1, output=output)
        found = np.fromfile(output, "<u4").reshape(-1, 10)
        return searching.recall(vectors, vectors.base, vectors.truth, found)

    try:
        with kept.start() as process:
            process.ask("build", threads=2)
            recalls = [search(process, mode, threads) for threads, mode in searching.USES]
            process.ask("save", path=kept.path)
        with kept.start() as process:
            process.ask("load", path=kept.path)
            recalls += [search(process, mode, threads) for threads, mode in searching.USES]
    except Failed as failure:
        return f"cannot: {failure}"
    return f"{'recall' if min(recalls) >= GOOD else 'WRONG: recall'} {min(recalls):.3f} to {max(recalls):.3f}"
