"""What the proofs have in common: options, promises that are counted, a table, a JSON file, an exit status."""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from program import ROOT, Program


def options(description, **defaults):
    """The parser of a proof, with the options that all of them have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="decides what is made (default: %(default)s)")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/lookalike",
                        help="the command under test (default: .build/release/lookalike of this checkout)")
    parser.add_argument("--quick", action="store_true", help="a part that takes some seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write counts and findings there")
    parser.add_argument("--work", type=Path, metavar="FOLDER",
                        help="where to work; removed at the end (default: a new folder in memory, /dev/shm)")
    parser.set_defaults(**defaults)
    return parser


class Proof:
    """One proof as it runs: a folder to work in, the program, and what became of each promise."""

    EXAMPLES = 20

    def __init__(self, name, settings):
        self.name = name
        self.settings = settings
        if not settings.binary.exists():
            raise SystemExit(f"{name}: there is no {settings.binary}; run tools/build, or name --binary")
        parent = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
        self.work = settings.work or Path(tempfile.mkdtemp(prefix="lookalike-torture-", dir=parent))
        self.work = self.work.resolve()
        self.program = Program(settings.binary, self.work / "program")
        self.promises = {}
        self.counts = {}
        self.figures = {}
        self._start = time.monotonic()

    def folder(self, name):
        """An empty folder to work in."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def promise(self, text):
        """Announces a promise, so that it stands in the table even if nothing was checked."""
        self.promises.setdefault(text, {"checked": 0, "broken": 0, "examples": []})

    def check(self, text, holds, example=""):
        """Counts one check of a promise; `example` says how it was broken, in words free of machine paths."""
        self.promise(text)
        kept = self.promises[text]
        kept["checked"] += 1
        if not holds:
            kept["broken"] += 1
            example = str(example() if callable(example) else example).replace(str(self.work), "…")
            if len(kept["examples"]) < self.EXAMPLES:
                kept["examples"].append(example)
                print(f"broken: {text}: {example}", file=sys.stderr, flush=True)
        return holds

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number

    def measure(self, what, value, keep=max):
        """Keeps the largest (or as `keep` says) of a figure."""
        self.figures[what] = value if what not in self.figures else keep(self.figures[what], value)

    def say(self, text):
        print(f"{time.monotonic() - self._start:7.1f} s  {text}", file=sys.stderr, flush=True)

    @property
    def broken(self):
        return sum(promise["broken"] for promise in self.promises.values())

    def finish(self):
        """Cleans up, prints the table, writes the JSON, and returns the exit status."""
        version = self.program.version
        self.program.kill_all()
        shutil.rmtree(self.work, ignore_errors=True)
        result = {
            "proof": self.name, "version": version, "seed": self.settings.seed, "quick": self.settings.quick,
            "seconds": round(time.monotonic() - self._start), "counts": dict(sorted(self.counts.items())),
            "figures": {name: round(value, 3) for name, value in self.figures.items()}, "promises": self.promises,
        }
        if self.settings.json:
            self.settings.json.parent.mkdir(parents=True, exist_ok=True)
            self.settings.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        print(table(result))
        return 1 if self.broken else 0


@contextlib.contextmanager
def running(proof):
    """Leaves no process and no folder behind when the proof is stopped in the middle."""
    try:
        yield proof
    except BaseException:
        proof.program.kill_all()
        shutil.rmtree(proof.work, ignore_errors=True)
        raise


def table(result):
    """The outcome of a proof as Markdown."""
    lines = [f"\n## {result['proof']}, seed {result['seed']}{', quick' if result['quick'] else ''}, "
             f"{result['seconds']} s\n", "| promise | checked | broken |", "|---|---|---|"]
    lines += [f"| {text} | {kept['checked']:,} | {kept['broken']:,} |" for text, kept in result["promises"].items()]
    facts = {**result["counts"], **result["figures"]}
    lines.append("\n" + "; ".join(f"{name}: {value:,}" for name, value in facts.items()))
    for text, kept in result["promises"].items():
        if kept["broken"]:
            lines.append(f"\nbroken: {text}:\n" + "\n".join(f"- {example}" for example in kept["examples"]))
    return "\n".join(lines)
