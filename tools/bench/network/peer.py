"""A peer of `lookalike-bench network`: keeps the protocol of README.md with another engine."""

import argparse
import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import peer_model  # noqa: E402


class Peer:
    def __init__(self, options):
        self.options = options
        pixels = np.fromfile(options.pixels, np.uint8).reshape(-1, peer_model.SIDE, peer_model.SIDE, 3)
        self.inputs = peer_model.to_input(pixels)
        self.plans = {}

    def prepare(self, batch, threads, streams, **_):
        """Compiles for this shape and runs it once; nothing of it is timed."""
        key = batch, threads, streams
        if key not in self.plans:
            self.plans[key] = peer_model.load(self.options.engine, self.options.models, *key)
            for infer in self.plans[key]:
                infer(self.inputs[:batch])
        return {}

    def embed(self, output, **_):
        infer = self.plans[1, 1, 1][0]
        np.concatenate([infer(each[None]) for each in self.inputs]).astype("<f4").tofile(output)
        return {}

    def measure(self, batch, threads, streams, seconds, **_):
        """Callers at the same time, each with batches of its own; see `throughput` of lookalike-bench."""
        functions = self.plans[batch, threads, streams]
        gate, found = threading.Barrier(len(functions)), []

        def work(number, infer):
            starts = range(0, len(self.inputs) - batch + 1, batch)
            place, count, passed = number * len(starts) // len(functions), 0, 0
            gate.wait()
            start = time.perf_counter()
            while passed < seconds:
                first = starts[place % len(starts)]
                infer(self.inputs[first:first + batch])
                place, count = place + 1, count + batch
                passed = time.perf_counter() - start
            found.append((count, count / passed))

        for infer in functions:
            infer(self.inputs[:batch])
        cpu = time.process_time()
        callers = [threading.Thread(target=work, args=each) for each in enumerate(functions)][1:]
        for caller in callers:
            caller.start()
        work(0, functions[0])
        for caller in callers:
            caller.join()
        cpu = time.process_time() - cpu
        return {"count": sum(count for count, _ in found), "perSecond": sum(rate for _, rate in found),
                "cpuSeconds": cpu}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=peer_model.ENGINES, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    options = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    peer = Peer(options)
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        if do == "quit":
            return
        try:
            answer = {"prepare": peer.prepare, "embed": peer.embed, "measure": peer.measure}[do](**request)
        except Exception as error:  # a peer that cannot do something is named with its reason
            answer = {"error": f"{type(error).__name__}: {error}"[:400]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
