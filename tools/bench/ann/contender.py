"""The contenders, and how one talks to them."""

import hashlib
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import contending
import harness

HERE = Path(__file__).resolve().parent
WIDTHS = (10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896, 1280)
LEAVES = (2, 3, 4, 6, 8, 11, 16, 22, 32, 45, 64, 90, 128, 180, 256, 360, 512)  # ScaNN's
EPSILONS = (-60, -30, 0, 10, 20, 30, 45, 60, 80, 100, 130, 160, 200, 250)  # NGT's, in thousandths


def ours(build):
    program = build / "lookalike-bench"
    digest = hashlib.sha256(program.read_bytes()).hexdigest()[:16]
    return Contender("lookalike", [program, "ann"], f"program {digest}, default settings", "ours",
                     loading={"residency": "memory"})


def peers():
    hnsw = "M 16, efConstruction 200"
    refined = "up to 4 candidates per answer compared in 32 bits"
    vamana = "Vamana, degree 32, window 200"
    sq8 = peer("faiss-sq8", "faiss-cpu", "sq8", f"HNSWSQ 8 bit, {hnsw}", "usual")
    links = "40 links at creation, ONNG with 16 out and 64 in"
    return [
        peer("hnswlib", "hnswlib", "f32", hnsw, "usual"),
        peer("faiss-flat", "faiss-cpu", "flat", f"HNSWFlat, {hnsw}", "usual"),
        sq8,
        peer("faiss-sq8-refine", "faiss-cpu", "sq8-refine", f"HNSWSQ 8 bit, {hnsw}; {refined}", "usual",
             graph_of=sq8),
        peer("usearch-f32", "usearch", "f32", hnsw, "usual"),
        peer("usearch-bf16", "usearch", "bf16", hnsw, "usual"),
        peer("usearch-i8", "usearch", "i8", hnsw, "usual"),
        peer("scann", "scann", "tree-ah", "2 √n leaves, SOAR and anisotropic hashing (inner product), 2 dimensions per "
             "code; 4 candidates per leaf compared in 32 bits, at least 60", "other", LEAVES),
        peer("svs", "scalable-vs", "f32", vamana, "other"),
        peer("svs-lvq", "scalable-vs", "lvq4x8", f"{vamana}, LVQ 4x8", "other"),
        peer("ngt-onng", "ngt", "onng", links, "other", EPSILONS),
        peer("ngt-qg", "ngt", "qg", f"{links}, QG", "other", EPSILONS),
        peer("zvec", "zvec", "f32", f"HNSW, {hnsw}", "other"),
        peer("zvec-u8", "zvec", "u8", f"HNSW, UNIFORM_UINT8, {hnsw}; {refined}", "other"),
        peer("faiss-exact", "faiss-cpu", "exact", "compares with all vectors", "exact", (0,)),
    ]


def peer(name, package, kind, settings, group, widths=WIDTHS, **more):
    script = HERE / "peers" / f"{name.split('-')[0]}_peer.py"
    identity = f"{package} {version(package)}: {settings}"
    return Contender(name, [sys.executable, script, "--kind", kind], identity, group, widths, **more)


@dataclass
class Contender:
    name: str
    command: list
    identity: str  # what a saved index depends on: version and settings, in words
    group: str  # "ours", "usual" (hnswlib, faiss, usearch), "other" or "exact"
    widths: tuple = WIDTHS  # what the contender's own knob is set to, narrow to wide
    words: dict = field(default_factory=dict)  # that every request for a search gets
    loading: dict = field(default_factory=dict)  # that a request to load gets
    graph_of: object = None  # a contender whose index is the graph of this one's; see builds.Kept

    def start(self, base, dimension, metric):
        return Process(self.name, [*self.command, "--base", base, "--dimension", dimension, "--metric", metric])


class Process(contending.Process):
    """A running contender that can also be waited for and weighed."""

    def settle(self):
        """Waits until the program has started, which is when it uses no processor time but waits for a line."""
        used = None
        while self._process.poll() is None and used != (used := self._processor_ticks()):
            time.sleep(0.2)

    def _processor_ticks(self):
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], int(fields[11]) + int(fields[12])

    @property
    def resident_bytes(self):
        return sum(harness.resident(self._process.pid).values())
