import tempfile
from pathlib import Path

import numpy as np
import svs

import worker

CODES = {"lvq4x8": (4, 8), "lvq8": (8, 0)}


class SVS(worker.Peer):
    """Vamana; LVQ codes have so many bits for the walk and so many more for ranking what it found."""

    kinds = ("f32", *CODES)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.distance = svs.DistanceType.MIP if self.metric == "ip" else svs.DistanceType.L2
        self.staged = tempfile.TemporaryDirectory()

    def stage(self, rows):
        """LVQ reads its vectors from a file of its own kind."""
        if self.kind in CODES:
            self.file = Path(self.staged.name) / "base.fvecs"
            svs.write_vecs(np.asarray(self.base[:rows]), str(self.file))

    def build(self, rows, threads):
        parameters = svs.VamanaBuildParameters(graph_max_degree=32, window_size=200)
        self.index = svs.Vamana.build(parameters, self._source(rows), self.distance, num_threads=threads)
        self.staged.cleanup()

    def _source(self, rows):
        if self.kind == "f32":
            return self.base[:rows]
        loader = svs.VectorDataLoader(str(self.file), svs.DataType.float32)
        primary, residual = CODES[self.kind]
        return svs.LVQLoader(loader, primary=primary, residual=residual, padding=32)

    def prepare(self, width, count, threads):
        self.index.num_threads = threads
        self.index.search_window_size = max(width, count)
        self.count = count

    def batch(self, queries):
        return self.index.search(queries, self.count)[0]

    def save(self, path):
        path.mkdir()
        self.index.save(*(str(path / part) for part in ("config", "graph", "data")))

    def load(self, path):
        data = str(path / "data")
        loader = svs.VectorDataLoader(data) if self.kind == "f32" else svs.LVQLoader(data, padding=32)
        self.index = svs.Vamana(str(path / "config"), svs.GraphLoader(str(path / "graph")), loader, self.distance)


worker.main(SVS)
