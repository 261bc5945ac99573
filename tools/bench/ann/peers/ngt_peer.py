import ctypes
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ngtpy
import numpy as np

import worker

# The wheel brings no qbg command, and its Python module has no function that makes a quantised graph; its library has.
QUANTIZE = "_ZN5NGTQG5Index8quantizeENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEmmmb"
EDGES = 128
TRIAL = 2000


class NGT(worker.Peer):
    """A graph of links to and from near vectors (ONNG), and the same with 4-bit codes beside the links (QG).

    The width is a thousandth of epsilon, by how much a link may be longer than the way to the worst answer so far.
    """

    kinds = ("onng", "qg")
    is_beam = False

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.home = tempfile.TemporaryDirectory()

    def stage(self, rows):
        """Tries the codes on a few vectors first: a wheel whose codes say nothing shall not build for an hour."""
        if self.kind == "onng":
            return
        rows = min(TRIAL, rows)
        self.build(rows, 1)
        self.prepare(100, 10, 1)
        vectors = np.asarray(self.base[:rows])
        for query in vectors[:20]:
            nearest = np.argsort(((vectors - query) ** 2).sum(axis=1))[:10]
            if len(np.intersect1d(self.one(query), nearest)) < 5:
                raise RuntimeError("the wheel's quantised distances are wrong on this processor: "
                                   f"fewer than half of the neighbours found among {rows:,} vectors")

    def build(self, rows, threads):
        path = Path(self.home.name)
        shutil.rmtree(path)
        path.mkdir()
        coarse, fine = path / "anng", path / "onng"
        # Near neighbours of vectors of length 1 are the same by Euclidean distance, the only one QG has.
        ngtpy.create(str(coarse), self.dimension, edge_size_for_creation=40, edge_size_for_search=0, distance_type="L2")
        index = ngtpy.Index(str(coarse))
        index.batch_insert(self.base[:rows], num_threads=threads)
        index.save()
        index.close()
        optimizer = ngtpy.Optimizer(log_disabled=True)
        optimizer.set_processing_modes(True, False, False, False)
        optimizer.set(num_of_outgoings=16, num_of_incomings=64)
        optimizer.execute(str(coarse), str(fine))
        shutil.rmtree(coarse)
        if self.kind == "qg":
            quantize(fine)
        self._open(fine)

    def _open(self, path):
        self.path = path
        if self.kind == "qg":
            self.index = ngtpy.QuantizedIndex(str(path), EDGES, log_disabled=True)
        else:
            self.index = ngtpy.Index(str(path), read_only=True, log_disabled=True)

    def prepare(self, width, count, threads):
        self.settings = {"size": count, "epsilon": width / 1000}
        if self.kind == "qg":
            self.settings["result_expansion"] = 3.0
        else:
            self.settings["edge_size"] = 0
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def one(self, query):
        return np.array([number for number, _ in self.index.search(query, **self.settings)])

    def batch(self, queries):
        return list(self.pool.map(self.one, queries)) if self.pool else [self.one(query) for query in queries]

    def save(self, path):
        shutil.copytree(self.path, path)

    def load(self, path):
        self._open(path)


def quantize(path):
    """Calls NGTQG::Index::quantize(path, automatic subvector dimension, links, no trimming, silently)."""

    class String(ctypes.Structure):  # a std::string, which is handed over by address
        _fields_ = [("start", ctypes.c_char_p), ("count", ctypes.c_size_t), ("inside", ctypes.c_char * 16)]

    name = str(path).encode()
    function = getattr(ctypes.CDLL(ngtpy.__file__), QUANTIZE)
    function.restype = None
    numbers = [ctypes.c_size_t(number) for number in (0, EDGES, 0)]
    function(ctypes.byref(String(name, len(name), b"")), *numbers, ctypes.c_bool(False))


worker.main(NGT)
