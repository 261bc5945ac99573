"""Nearest neighbours alone: our index beside hnswlib on the same embeddings of real photographs."""

import harness
from harness import median, spread, table

BEAM_WIDTHS = (20, 50, 100, 200, 400)
QUERIES, COUNT = 1000, 10


def measure(inputs):
    library = inputs.big_library()
    if library is None:
        raise SystemExit("neighbors needs a folder of 10,000 pictures or more; name one with --photos.")
    folder = inputs.folder("neighbors")
    base, queries = split(inputs, library, folder)
    nearest = exact(base, queries)
    ours, theirs = [], []
    for turn in range(inputs.rounds):
        # Building is slow and its cost steady: three turns build, the others search what was built.
        words = ["--base", folder / "base.f32", "--queries", folder / "queries.f32", "--dimension", base.shape[1],
                 "--count", COUNT, "--output", folder, *(["--reuse"] if turn >= 3 else [])]
        ours.append(with_recall(harness.run(inputs.bench, "neighbors", *words, "--beam-widths", *BEAM_WIDTHS).json,
                                folder, base, queries, nearest))
        theirs.append(with_recall(inputs.peer("peer_neighbors.py", *words, "--beam-widths", *BEAM_WIDTHS).json,
                                  folder, base, queries, nearest))
    return {
        "vectors": len(base), "dimension": base.shape[1], "queries": len(queries), "count": COUNT,
        "defaultBeamWidth": ours[0]["defaultBeamWidth"],
        "lookalike": summary(ours) | {"exactQueriesPerCPUSecond": median(
            [len(queries) / run["exact"]["cpuSeconds"] for run in ours])},
        "hnswlib": summary(theirs),
    }


def split(inputs, library, folder):
    """Shuffles a library's embeddings and holds some back as queries; copies of a picture are left out."""
    import numpy as np

    file = folder / "all.f32"
    dimension = harness.run(inputs.bench, "vectors", "--library", library, "--model", inputs.model,
                            "--output", file).json["dimension"]
    vectors = np.unique(np.fromfile(file, "<f4").reshape(-1, dimension), axis=0)
    np.random.default_rng(7).shuffle(vectors)
    queries, base = vectors[:QUERIES], vectors[QUERIES:]
    base.tofile(folder / "base.f32")
    queries.tofile(folder / "queries.f32")
    return base, queries


def exact(base, queries):
    """The similarity of each query's COUNT-th nearest vector."""
    import numpy as np

    return np.partition(queries @ base.T, -COUNT, axis=1)[:, -COUNT]


def with_recall(found, folder, base, queries, nearest):
    """Adds recall: what share of the answers is as near as the true COUNT nearest, so ties do not punish."""
    import numpy as np

    for walk in found["walks"]:
        keys = np.fromfile(folder / f"neighbors-{walk['beamWidth']}.u32", "<u4").reshape(len(queries), COUNT)
        assert all(len(set(row)) == COUNT for row in keys)
        similarities = np.einsum("qcd,qd->qc", base[keys], queries)
        walk["recall"] = float((similarities >= nearest[:, None] - 1e-5).mean())
    return found


def summary(runs):
    return {
        "buildCPUSeconds": spread([run["build"]["cpuSeconds"] for run in runs if run.get("build")]),
        "loadMilliseconds": spread([1000 * run["load"]["wallSeconds"] for run in runs]),
        "indexBytes": runs[0]["snapshotBytes"],
        "walks": [{
            "beamWidth": walks[0]["beamWidth"],
            "recall": median([walk["recall"] for walk in walks]),
            "queriesPerCPUSecond": spread([walk["queriesPerCPUSecond"] for walk in walks]),
            "queriesPerSecond": spread([walk["queriesPerSecond"] for walk in walks]),
            "method": walks[0].get("method"),
            "similaritiesPerQuery": walks[0].get("similaritiesPerQuery"),
        } for walks in zip(*(run["walks"] for run in runs))],
    }


def tables(result):
    ours, theirs = result["lookalike"], result["hnswlib"]
    rows = []
    for a, b in zip(ours["walks"], theirs["walks"]):
        pace, peer = a["queriesPerCPUSecond"], b["queriesPerCPUSecond"]
        ratio = median([x / y for x, y in zip(pace["all"], peer["all"])])
        rows.append([a["beamWidth"], f"{a['recall']:.4f}", f"{b['recall']:.4f}", pace["median"], peer["median"], ratio])
    costs = [[name, each["buildCPUSeconds"]["median"], each["loadMilliseconds"]["median"], each["indexBytes"] / 1e6]
             for name, each in (("lookalike", ours), ("hnswlib", theirs))]
    return "\n\n".join([
        f"{result['vectors']:,} vectors of {result['dimension']}, {result['queries']:,} queries, "
        f"{result['count']} neighbours, one thread; our default ef is {result['defaultBeamWidth']}; "
        f"comparing all: {ours['exactQueriesPerCPUSecond']:,.0f} queries per CPU second",
        table(["ef", "recall@10, lookalike", "recall@10, hnswlib", "queries per CPU second, lookalike", "hnswlib",
               "ratio"], rows),
        table(["who", "build, CPU s", "load, ms", "index, MB"], costs)])
