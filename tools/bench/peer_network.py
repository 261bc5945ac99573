"""Peer of `lookalike-bench network`: the same pixels through another runtime, one thread, one picture at a time."""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import peer_model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dump", type=Path, help="folder with pixels.u8 and embeddings.f32")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--runtime", choices=peer_model.RUNTIMES, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    infer = peer_model.load(options.model, options.runtime)
    pixels = np.fromfile(options.dump / "pixels.u8", np.uint8).reshape(-1, 224, 224, 3)
    batches = [peer_model.to_input(each) for each in pixels]  # not timed
    found = np.stack([infer(batch) for batch in batches])
    ours = np.fromfile(options.dump / "embeddings.f32", "<f4").reshape(len(pixels), -1)
    cosines = (found.astype(np.float64) * ours).sum(axis=1)

    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(options.rounds):
        for batch in batches:
            infer(batch)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({
        "pictures": len(batches),
        "rounds": options.rounds,
        "embed": {"wallSeconds": wall, "cpuSeconds": cpu},
        "cosineToOurs": {"lowest": float(cosines.min()), "median": float(np.median(cosines))},
    }))


if __name__ == "__main__":
    main()
