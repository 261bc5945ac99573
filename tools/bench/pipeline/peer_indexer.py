"""Peer of `lookalike index`: what one would write in Python with the best parts to be had.

Worker processes decode and embed; this process gathers vectors, inserts them into hnswlib, and saves paths, vectors
and index at the end. It keeps no catalog, digests nothing, and what it has done is lost when it is stopped.
"""

import argparse
import json
import multiprocessing
import sys
import time
from pathlib import Path

import decoders
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import peer_model  # noqa: E402

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff"}
decode = infer = None  # of a worker


def prepare(decoder, engine, models, ready):
    """Makes a worker ready: everything is imported and has run once before the clock starts."""
    global decode, infer
    decode = decoders.prepare(decoder)
    infer = peer_model.load(engine, models)[0]
    infer(np.zeros((1, 3, decoders.SIDE, decoders.SIDE), np.float32))
    ready.release()


def embed(path):
    try:
        return path, infer(peer_model.to_input(decode(path)))[0]
    except Exception as error:  # whatever a decoder throws at a bad file: skip it, as the product does
        return path, str(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder that peer_model.export has written to")
    parser.add_argument("--decoder", choices=decoders.DECODERS, required=True)
    parser.add_argument("--engine", choices=peer_model.ENGINES, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    import hnswlib

    context = multiprocessing.get_context("spawn")
    ready = context.Semaphore(0)
    with context.Pool(options.jobs, prepare, (options.decoder, options.engine, options.models, ready)) as pool:
        for _ in range(options.jobs):
            ready.acquire()
        start = time.perf_counter()
        files = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        index = hnswlib.Index(space="ip", dim=256)
        index.init_index(max_elements=len(files), M=16, ef_construction=200)
        vectors, paths, refused = [], [], 0
        for path, vector in pool.imap_unordered(embed, files, chunksize=8 if len(files) > 500 else 1):
            if isinstance(vector, str):
                refused += 1
                continue
            index.add_items(vector[None], [len(vectors)], num_threads=1)
            vectors.append(vector)
            paths.append(str(path))
        index.save_index(str(options.output / "index.hnswlib"))
        np.save(options.output / "vectors.npy", np.stack(vectors))
        (options.output / "paths.json").write_text(json.dumps(paths))
        seconds = time.perf_counter() - start
        pool.close()
        pool.join()
    print(json.dumps({"embedded": len(vectors), "refused": refused, "seconds": seconds}))


if __name__ == "__main__":
    main()
