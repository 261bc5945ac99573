"""What all peers have in common: a process that builds, searches, saves and loads as JSON lines ask for.

README.md in the folder above describes the lines. A peer is a subclass of `Peer` whose module calls `main` with it.
"""

import argparse
import ctypes
import json
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np

MISSING = 0xFFFFFFFF


class Peer:
    """One library. A subclass says how to build, search, save and load; `kind` tells its variants apart."""

    kinds = ()
    filters = False  # whether `prepare` takes `allowed`
    is_beam = True  # whether the width is how many candidates a search keeps

    def __init__(self, kind, base, metric):
        self.kind, self.base, self.metric = kind, base, metric
        self.dimension = base.shape[1]

    def stage(self, rows):
        """Does what a build needs and is no part of it, such as writing a file of the library's kind."""

    def build(self, rows, threads):
        """Indexes the first `rows` vectors of the base under their row numbers."""
        raise NotImplementedError

    def read_graph(self, path):
        """Reads the saved index of another kind that this kind's `build` takes as `graph`; not timed."""
        raise NotImplementedError

    def prepare(self, width, count, threads, allowed=None):
        """Sets what the following searches use; `allowed` has a byte per row, 1 where it may be found."""
        raise NotImplementedError

    def batch(self, queries):
        """Row numbers of the nearest, one line per query."""
        raise NotImplementedError

    def one(self, query):
        return self.batch(query[None])[0]

    def save(self, path):
        raise NotImplementedError

    def load(self, path):
        raise NotImplementedError


class PostFiltering:
    """The simplest filter: asks a peer for more than is wanted, and drops what is not allowed.

    It asks for as many that about `width` of them are allowed, so a wider beam misses fewer.
    """

    def __init__(self, peer, width, count, threads, allowed):
        self.allowed, self.count = allowed.astype(bool), count
        wanted = min(round(max(width, count) / max(allowed.mean(), 1e-9)), len(allowed))
        self.peer = peer
        peer.prepare(wanted if peer.is_beam else width, wanted, threads)

    def batch(self, queries):
        return np.stack([self._kept(row) for row in np.asarray(self.peer.batch(queries))])

    def one(self, query):
        return self._kept(np.asarray(self.peer.one(query)))

    def _kept(self, row):
        row = row[(row >= 0) & (row < len(self.allowed))]
        return padded(row[self.allowed[row]], self.count)


def padded(row, count):
    """The first `count` of a row, which is filled up where it has fewer."""
    full = np.full(count, MISSING, np.uint32)
    full[:len(row)] = row[:count]
    return full


class Worker:
    def __init__(self, peer, queries_dimension):
        self.peer, self.dimension = peer, queries_dimension

    def answer(self, request):
        do = request.pop("do")
        return getattr(self, f"do_{do}")(**request)

    def do_build(self, threads=1, rows=None, graph=None):
        rows = rows or len(self.peer.base)
        self.peer.stage(rows)
        graph = graph and self.peer.read_graph(graph)
        before = anonymous_bytes()
        more = {} if graph is None else {"graph": graph}
        cost = timed(lambda: self.peer.build(rows, threads, **more))
        return cost | {"memoryBytes": anonymous_bytes() - before}

    def do_search(self, queries, beamWidth, count=10, threads=1, mode="batch", repetitions=1, output=None, filter=None,
                  postFilter=False):
        queries = np.fromfile(queries, "<f4").reshape(-1, self.dimension)
        searcher = self._prepared(beamWidth, count, threads, filter, postFilter)
        found = [searcher.one(query) for query in queries] if mode == "single" else searcher.batch(queries)
        if output:
            np.stack([padded(np.asarray(row), count) for row in found]).astype("<u4").tofile(output)
        nanoseconds = []

        def singly():
            for query in queries:
                start = time.perf_counter_ns()
                searcher.one(query)
                nanoseconds.append(time.perf_counter_ns() - start)

        once = singly if mode == "single" else lambda: searcher.batch(queries)
        cost = timed(lambda: [once() for _ in range(repetitions)])
        if mode == "single":
            cost |= {f"p{share}Microseconds": float(np.percentile(nanoseconds, share)) / 1000 for share in (50, 99)}
        return cost

    def _prepared(self, width, count, threads, filter, post_filter):
        if filter is None:
            self.peer.prepare(width, count, threads)
            return self.peer
        allowed = np.fromfile(filter, np.uint8)
        if post_filter or not self.peer.filters:
            return PostFiltering(self.peer, width, count, threads, allowed)
        self.peer.prepare(width, count, threads, allowed)
        return self.peer

    def do_save(self, path):
        path = Path(path)
        remove(path)
        cost = timed(lambda: self.peer.save(path))
        files = path.rglob("*") if path.is_dir() else [path]
        return cost | {"bytes": sum(file.stat().st_size for file in files if file.is_file())}

    def do_load(self, path):
        before = anonymous_bytes()
        cost = timed(lambda: self.peer.load(Path(path)))
        return cost | {"memoryBytes": anonymous_bytes() - before}


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def timed(body):
    wall, cpu = time.perf_counter(), time.process_time()
    body()
    return {"wallSeconds": time.perf_counter() - wall, "cpuSeconds": time.process_time() - cpu}


def anonymous_bytes():
    """Private memory of this process, after giving back what the allocator merely keeps."""
    ctypes.CDLL(None).malloc_trim(0)
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024


def main(peer):
    parser = argparse.ArgumentParser(description=f"Peer of lookalike-bench ann; {__doc__}")
    parser.add_argument("--kind", choices=peer.kinds, default=peer.kinds[0])
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--dimension", type=int, required=True)
    parser.add_argument("--metric", choices=("ip", "l2"), required=True)
    options = parser.parse_args()
    # Libraries talk on standard output; the answers keep it for themselves.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    base = np.memmap(options.base, "<f4", "r").reshape(-1, options.dimension)
    worker = Worker(peer(options.kind, base, options.metric), options.dimension)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "quit":
            break
        try:
            answer = worker.answer(request)
        except Exception as problem:
            answer = {"error": f"{type(problem).__name__}: {problem}"[:500]}
        print(json.dumps(answer), file=answers)
    answers.flush()
    os._exit(0)  # some libraries crash while they are taken apart
