"""Peer of `lookalike index`: what one would write in Python with the best parts to be had.

Worker processes decode and embed; this process gathers vectors, inserts them into hnswlib, and saves paths, vectors
and index at the end. It keeps no catalog, digests nothing, and what it has done is lost when it is stopped.
"""

import argparse
import json
import multiprocessing
import time
from pathlib import Path

import numpy as np

import peer_model

SHORTER_SIDE, SIDE = 256, 224
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff"}
decode = infer = None  # of a worker


def decode_with_pillow(path):
    """Shrinks inside the JPEG decoder by 2, 4 or 8 as far as that stays above the size wanted, then bicubic."""
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        scale = SHORTER_SIDE / min(image.size)
        image.draft("RGB", tuple(int(side * scale) for side in image.size))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    scale = SHORTER_SIDE / min(upright.size)
    size = tuple(max(SHORTER_SIDE, int(side * scale + 0.5)) for side in upright.size)
    left, top = ((side - SIDE) // 2 for side in size)
    resized = upright.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(resized.crop((left, top, left + SIDE, top + SIDE)))


def decode_with_vips(path):
    """libvips's own thumbnail: shrinks while loading, one pass, sequential."""
    import pyvips

    image = pyvips.Image.thumbnail(str(path), SHORTER_SIDE, height=SHORTER_SIDE, crop="centre")
    if image.hasalpha():
        image = image.flatten(background=255)
    margin = (SHORTER_SIDE - SIDE) // 2
    image = image.colourspace("srgb").crop(margin, margin, SIDE, SIDE)
    return image.numpy()


DECODERS = {"pillow": decode_with_pillow, "pyvips": decode_with_vips}


def prepare(decoder, runtime, model, ready):
    """Makes a worker ready: everything is imported and has run once before the clock starts."""
    global decode, infer
    decode, infer = DECODERS[decoder], peer_model.load(model, runtime)
    infer(np.zeros((1, 3, SIDE, SIDE), np.float32))
    if decoder == "pyvips":
        import pyvips

        pyvips.concurrency_set(1)
        pyvips.cache_set_max(0)
    ready.release()


def embed(path):
    try:
        return path, infer(peer_model.to_input(decode(path)))
    except Exception as error:  # whatever a decoder throws at a bad file: skip it, as the product does
        return path, str(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--decoder", choices=DECODERS, required=True)
    parser.add_argument("--runtime", choices=peer_model.RUNTIMES, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    import hnswlib

    context = multiprocessing.get_context("spawn")
    ready = context.Semaphore(0)
    with context.Pool(options.jobs, prepare, (options.decoder, options.runtime, options.model, ready)) as pool:
        for _ in range(options.jobs):
            ready.acquire()
        start = time.perf_counter()
        files = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        index = hnswlib.Index(space="ip", dim=256)
        index.init_index(max_elements=len(files), M=16, ef_construction=200)
        vectors, paths, refused = [], [], 0
        for path, vector in pool.imap_unordered(embed, files, chunksize=8):
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
