"""Peer of `lookalike-bench neighbors`: hnswlib on the same vectors, one thread."""

import argparse
import json
import time
from pathlib import Path

import hnswlib
import numpy as np


def cost(body):
    wall, cpu = time.perf_counter(), time.process_time()
    body()
    return {"wallSeconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--dimension", type=int, required=True)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--beam-widths", type=int, nargs="+", default=[100])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--reuse", action="store_true")
    options = parser.parse_args()

    base = np.fromfile(options.base, "<f4").reshape(-1, options.dimension)
    queries = np.fromfile(options.queries, "<f4").reshape(-1, options.dimension)
    saved = options.output / "vectors.hnswlib"
    building = None
    if not options.reuse:
        index = hnswlib.Index(space="ip", dim=options.dimension)
        index.init_index(max_elements=len(base), M=16, ef_construction=200, random_seed=7)
        building = cost(lambda: index.add_items(base, np.arange(len(base)), num_threads=1))
        index.save_index(str(saved))
    index = hnswlib.Index(space="ip", dim=options.dimension)
    loading = cost(lambda: index.load_index(str(saved)))
    index.set_num_threads(1)

    walks = []
    for width in options.beam_widths:
        index.set_ef(width)
        labels, _ = index.knn_query(queries, k=options.count)
        labels.astype("<u4").tofile(options.output / f"neighbors-{width}.u32")

        def ask():
            for _ in range(options.rounds):
                index.knn_query(queries, k=options.count)

        taken = cost(ask)
        asked = options.rounds * len(queries)
        walks.append({
            "beamWidth": width,
            "queriesPerCPUSecond": asked / taken["cpuSeconds"],
            "queriesPerSecond": asked / taken["wallSeconds"],
        })
    print(json.dumps({
        "vectors": len(base), "build": building, "load": loading, "snapshotBytes": saved.stat().st_size, "walks": walks,
    }))


if __name__ == "__main__":
    main()
