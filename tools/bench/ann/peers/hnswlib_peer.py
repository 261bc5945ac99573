import hnswlib
import numpy as np

import worker


class HNSWLib(worker.Peer):
    kinds = ("f32",)
    filters = True

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.index = hnswlib.Index(space=self.metric, dim=self.dimension)

    def build(self, rows, threads):
        self.index.init_index(max_elements=rows, M=16, ef_construction=200, random_seed=7)
        self.index.add_items(self.base[:rows], np.arange(rows), num_threads=threads)

    def prepare(self, width, count, threads, allowed=None):
        self.index.set_ef(width)
        self.index.set_num_threads(threads)
        self.settings = {"k": count, "num_threads": threads}
        if allowed is not None:
            self.settings["filter"] = lambda label: bool(allowed[label])

    def batch(self, queries):
        try:
            return self.index.knn_query(queries, **self.settings)[0]
        except RuntimeError:
            if "filter" not in self.settings:
                raise
            return np.concatenate([self._filtered(query[None]) for query in queries])

    def _filtered(self, query):
        """Nothing where hnswlib finds fewer than are wanted: it refuses to answer then."""
        try:
            return self.index.knn_query(query, **self.settings)[0]
        except RuntimeError:
            return np.full((1, self.settings["k"]), worker.MISSING)

    def save(self, path):
        self.index.save_index(str(path))

    def load(self, path):
        self.index.load_index(str(path))


worker.main(HNSWLib)
