"""Builds indexes and keeps them, with what building cost, so that search rounds load instead of building again."""

import json
import shutil
import sys

from contending import Failed

MANY = 500_000  # rows from which a graph is built but once for all that are made of it


class Kept:
    """A saved index of one contender, and the record of its builds beside it."""

    def __init__(self, contender, vectors, rows=None, threads=1):
        self.contender, self.vectors, self.threads = contender, vectors, threads
        self.rows = rows or len(vectors.base)
        suffix = ("" if rows is None else f"-{rows}") + ("" if threads == 1 else f"-{threads}-threads")
        folder = vectors.folder / "indexes"
        folder.mkdir(exist_ok=True)
        self.path = folder / f"{contender.name}{suffix}.index"
        self.record_file = folder / f"{contender.name}{suffix}.json"

    def record(self):
        """What is known of builds of just this contender on just these vectors; None when nothing is."""
        if not self.record_file.exists():
            return None
        record = json.loads(self.record_file.read_text())
        return record if record.get("identity") == self._identity() else None

    def build(self):
        """Builds, saves and records; a further build of the same adds to the record."""
        print(f"{self.vectors.name}: {self.contender.name} builds {self.rows:,} with {self.threads} thread(s) …",
              file=sys.stderr, flush=True)
        record = self.record() or {"identity": self._identity(), "threads": self.threads, "builds": []}
        try:
            with self.start() as process:
                record["builds"].append(self._build(process, record))
                partial = self.path.with_suffix(".partial")
                record["save"] = process.ask("save", path=partial)
            remove(self.path)
            partial.rename(self.path)
            record.pop("failure", None)
        except Failed as failure:
            record["failure"] = str(failure)
        self.record_file.write_text(json.dumps(record, indent=1) + "\n")
        return record

    def _build(self, process, record):
        """Has the process build, from another contender's graph when one is at hand, and then at the cost of both."""
        graph = self._graph()
        cost = process.ask("build", threads=self.threads, rows=self.rows, graph=graph and graph.path)
        if graph is None:
            return cost
        record["note"] = f"the graph of {graph.contender.name}, and what was added to it"
        return {name: cost[name] + value for name, value in graph.record()["builds"][-1].items() if name in cost}

    def _graph(self):
        """The index that this one's graph is, where building it again would take long and give the same."""
        if self.contender.graph_of is None or self.threads > 1 or self.rows < MANY:
            return None
        graph = Kept(self.contender.graph_of, self.vectors, self.rows if self.rows < len(self.vectors.base) else None)
        known = graph.record()
        return graph if known and "failure" not in known else None

    def start(self):
        return self.contender.start(self.vectors.base_file, self.vectors.dimension, self.vectors.metric)

    def _identity(self):
        return {"contender": self.contender.identity, "vectors": self.vectors.meta["digest"], "rows": self.rows}


def rounds(kept, wanted, rebuild=False):
    """Builds in turns until everybody has `wanted` builds on record; who has failed once is not asked again."""
    if rebuild:
        for each in kept:
            each.record_file.unlink(missing_ok=True)
    for number in range(wanted):
        for each in kept:
            record = each.record()
            if record is None or ("failure" not in record and len(record["builds"]) <= number):
                each.build()
    return {each.contender.name: each.record() for each in kept}


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
