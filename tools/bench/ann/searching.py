"""Rounds of searches: every contender in its turn loads its index and is asked the same queries at every width."""

import math
import os
import sys
import time
from pathlib import Path

import numpy as np

import datasets
from contending import Failed

COUNT = datasets.NEIGHBOURS
TOLERANCE = 1e-5
USES = ((1, "batch"), (2, "batch"), (1, "single"))
ENOUGH, GAIN, USELESS = 0.9995, 0.0003, 0.8  # recalls: stop there; stop when two steps gain less; do not ask again


def recall(vectors, base, truth, found):
    """The share of answers as near as the true tenth, by distances of the original vectors; doubles count once."""
    found = found.astype(np.int64)
    missing = found >= len(base)
    for row, gone in zip(found, missing):
        gone[np.setdiff1d(np.arange(COUNT), np.unique(row, return_index=True)[1])] = True
    values = datasets.values(base, vectors.queries, np.where(missing, 0, found), vectors.metric)
    limit = truth[:, None]
    near = values >= limit - TOLERANCE if vectors.metric == "ip" else values <= limit * (1 + TOLERANCE)
    return float((near & ~missing).mean())


class Turns:
    """The rounds over one set; `points` and `loads` are what they found, `failures` who cannot do what and why."""

    def __init__(self, vectors, kept, options, uses=USES, rows=None, filter=None, truth=None, patience=math.inf):
        self.patience = patience  # processor seconds for a query: when one takes longer, no wider beam is tried
        self.vectors, self.options, self.uses, self.filter = vectors, options, uses, filter
        self.kept = {each.contender.name: each for each in kept}
        self.base = vectors.base if rows is None else vectors.base[:rows]
        self.truth = vectors.truth if truth is None else truth
        self.output = Path(options.work) / "found.u32"
        self.points, self.loads, self.failures = [], [], {}
        self.plan = {}  # (name, threads, mode) → {width: (repetitions, recall)}

    def run(self, rounds):
        for number in range(rounds):
            for name in self.kept:
                if name not in self.failures:
                    self._turn(name, number)
        return {"points": self.points, "loads": self.loads, "failures": self.failures}

    def _turn(self, name, number):
        kept = self.kept[name]
        print(f"{self.vectors.name}, round {number + 1}: {name} searches {len(self.base):,} …",
              file=sys.stderr, flush=True)
        if number % 2:
            evict(kept.path)
        try:
            process, load = self._load(kept)
            with process:
                self.loads.append({"contender": name, "round": number, "cold": bool(number % 2)} | load)
                for threads, mode in self.uses:
                    self._curve(process, kept.contender, number, threads, mode)
                self.loads[-1]["servingBytes"] = process.resident_bytes - load["startBytes"]
        except Failed as failure:
            self.failures[name] = str(failure)

    def _load(self, kept):
        """Loads and asks one query, which is when loading has come to its end."""
        process = kept.start()
        one = self.output.with_name("one-query.f32")
        np.asarray(self.vectors.queries[:1]).tofile(one)
        process.settle()
        start_bytes = process.resident_bytes
        start = time.monotonic()
        try:
            load = process.ask("load", path=kept.path, **kept.contender.loading)
            process.ask("search", queries=one, beamWidth=100, count=COUNT, threads=1, mode="single", repetitions=1,
                        output=self.output)
        except Failed:
            process.__exit__()
            raise
        return process, {"wallSeconds": load["wallSeconds"], "firstAnswerSeconds": time.monotonic() - start,
                         "startBytes": start_bytes}

    def _curve(self, process, contender, number, threads, mode):
        key = (contender.name, threads, mode)
        plan = self.plan.setdefault(key, {})
        wanted = list(plan)  # by whoever made the plan, or by the first round
        for width in wanted or contender.widths:
            repetitions, share = plan.get(width, (1, None))
            answer = self._ask(process, contender, width, threads, mode, repetitions)
            if share is None:
                share = self._recall()
                repetitions = min(100, math.ceil(self.options.seconds / answer["wallSeconds"]))
                if repetitions > 1:
                    answer = self._ask(process, contender, width, threads, mode, repetitions)
                plan[width] = repetitions, share
            asked = repetitions * len(self.vectors.queries)
            self.points.append({
                "contender": contender.name, "round": number, "threads": threads, "mode": mode, "width": width,
                "recall": share, "queriesPerSecond": asked / answer["wallSeconds"],
                "queriesPerCPUSecond": asked / max(answer["cpuSeconds"], 1e-9)} | {
                    name: answer[name] for name in ("p50Microseconds", "p99Microseconds", "similaritiesPerQuery",
                                                    "method") if name in answer})
            slow = answer["cpuSeconds"] > self.patience * asked
            if not wanted and (slow or saturated([each for _, each in plan.values()])):
                break
        if number == 0:
            self.plan[key] = useful(plan)

    def _ask(self, process, contender, width, threads, mode, repetitions):
        return process.ask("search", queries=self.vectors.queries_file, beamWidth=width, count=COUNT, threads=threads,
                           mode=mode, repetitions=repetitions, output=self.output, filter=self.filter,
                           **contender.words)

    def _recall(self):
        found = np.fromfile(self.output, "<u4").reshape(len(self.vectors.queries), COUNT)
        return recall(self.vectors, self.base, self.truth, found)


def saturated(recalls):
    return recalls[-1] >= ENOUGH or (len(recalls) > 2 and recalls[-1] - recalls[-3] < GAIN and recalls[-1] > USELESS)


def useful(plan):
    """Leaves out the widths whose recall nobody would want; one of them remains, for the curve to start at."""
    poor = [width for width, (_, share) in plan.items() if share < USELESS][:-1]
    return {width: each for width, each in plan.items() if width not in poor}


def evict(path):
    """Asks the system to forget what it has of a file or folder in memory."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
