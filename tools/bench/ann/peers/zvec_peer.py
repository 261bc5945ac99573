import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import zvec

import worker

FIELD = "vector"
BLOCK = 1000
REFINED_PER_ANSWER = 4  # candidates compared in 32 bits, per neighbour asked for


class Zvec(worker.Peer):
    """A collection on disk whose HNSW is built by `optimize`. Takes one query at a time; threads are the caller's."""

    kinds = ("f32", "u8")
    quantization = {"f32": zvec.QuantizeType.UNDEFINED, "u8": zvec.QuantizeType.UNIFORM_UINT8}

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.home = tempfile.TemporaryDirectory()
        self.threads = None

    def build(self, rows, threads):
        self._start(threads)
        index = zvec.HnswIndexParam(
            # The neighbours of vectors of length 1 are the same by either; u8 has but the one.
            metric_type=zvec.MetricType.IP if self.metric == "ip" and self.kind != "u8" else zvec.MetricType.L2,
            m=16, ef_construction=200,
            quantize_type=self.quantization[self.kind],
            use_contiguous_memory=True)
        field = zvec.VectorSchema(FIELD, zvec.DataType.VECTOR_FP32, self.dimension, index_param=index)
        path = Path(self.home.name) / "built"
        collection = zvec.create_and_open(str(path), zvec.CollectionSchema("vectors", vectors=field))
        for start in range(0, rows, BLOCK):
            block = self.base[start:min(start + BLOCK, rows)]
            collection.insert([zvec.Doc(id=str(start + place), vectors={FIELD: vector})
                               for place, vector in enumerate(block)])
        collection.optimize(zvec.OptimizeOption(concurrency=threads))
        collection.close()
        self._open(path)

    def _open(self, path):
        """Opens for reading only, which is what the fast path of queries wants."""
        self.path = path
        self.collection = zvec.open(str(path), zvec.CollectionOption(read_only=True))

    def _start(self, threads):
        if self.threads is None:
            self.threads = threads
            zvec.init(log_level=zvec.LogLevel.ERROR, query_threads=threads, optimize_threads=threads)

    def prepare(self, width, count, threads):
        self.settings = zvec.HnswQueryParam(ef=width, is_using_refiner=self.kind != "f32",
                                            scale_factor=min(REFINED_PER_ANSWER, width / count))
        self.count = count
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def one(self, query):
        """Internal numbers count insertions, and so are row numbers."""
        return self.collection.query_internal_ids(zvec.Query(FIELD, vector=query, param=self.settings), topk=self.count)

    def batch(self, queries):
        return list(self.pool.map(self.one, queries)) if self.pool else [self.one(query) for query in queries]

    def save(self, path):
        shutil.copytree(self.path, path)

    def load(self, path):
        self._start(2)
        self._open(path)


worker.main(Zvec)
