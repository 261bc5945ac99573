"""Builds indexes and keeps them, with what building cost, so that search rounds load instead of building again."""

import json
import shutil
import sys

from contender import Failed


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
                record["builds"].append(process.ask("build", threads=self.threads, rows=self.rows))
                partial = self.path.with_suffix(".partial")
                record["save"] = process.ask("save", path=partial)
            remove(self.path)
            partial.rename(self.path)
            record.pop("failure", None)
        except Failed as failure:
            record["failure"] = str(failure)
        self.record_file.write_text(json.dumps(record, indent=1) + "\n")
        return record

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
