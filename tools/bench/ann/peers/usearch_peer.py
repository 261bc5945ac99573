import numpy as np
from usearch.index import Index

import worker


class USearch(worker.Peer):
    kinds = ("f32", "bf16", "i8")

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.index = Index(ndim=self.dimension, metric={"ip": "ip", "l2": "l2sq"}[self.metric], dtype=self.kind,
                           connectivity=16, expansion_add=200)

    def build(self, rows, threads):
        self.index.add(np.arange(rows, dtype=np.uint64), self.base[:rows], threads=threads)

    def prepare(self, width, count, threads):
        self.index.expansion_search = width
        self.count, self.threads = count, threads

    def batch(self, queries):
        return self.index.search(queries, self.count, threads=self.threads).keys

    def one(self, query):
        return self.index.search(query, self.count, threads=self.threads).keys

    def save(self, path):
        self.index.save(str(path))

    def load(self, path):
        self.index.load(str(path))


worker.main(USearch)
