"""Peer of `lookalike-bench decode`: the same files to pixels of the network's size, on one thread."""

import argparse
import json
import time
from pathlib import Path

import decoders
import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path, help="text file with the path of a picture in each line")
    parser.add_argument("--decoder", choices=decoders.DECODERS, required=True)
    parser.add_argument("--output", type=Path, help="file for the pixels")
    options = parser.parse_args()
    paths = options.list.read_text().splitlines()
    decode = decoders.prepare(options.decoder)
    decode(paths[0])
    wall, cpu = time.perf_counter(), time.process_time()
    pixels = [decode(path) for path in paths]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if options.output:
        np.stack(pixels).tofile(options.output)
    print(json.dumps({"pictures": len(paths), "decode": {"wallSeconds": wall, "cpuSeconds": cpu}}))


if __name__ == "__main__":
    main()
