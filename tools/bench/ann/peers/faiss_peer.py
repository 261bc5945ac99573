import faiss
import numpy as np

import worker

REFINED_PER_ANSWER = 4  # candidates compared in 32 bits, per neighbour asked for


class Faiss(worker.Peer):
    kinds = ("flat", "sq8", "sq8-refine", "exact")
    filters = True

    def read_graph(self, path):
        return faiss.read_index(path)

    def build(self, rows, threads, graph=None):
        faiss.omp_set_num_threads(threads)
        metric = faiss.METRIC_INNER_PRODUCT if self.metric == "ip" else faiss.METRIC_L2
        if graph is not None:
            self.index = beside(graph, self.base[:rows])
            return
        if self.kind == "exact":
            self.index = faiss.IndexFlat(self.dimension, metric)
        elif self.kind == "flat":
            self.index = faiss.IndexHNSWFlat(self.dimension, 16, metric)
        else:
            self.index = faiss.IndexHNSWSQ(self.dimension, faiss.ScalarQuantizer.QT_8bit, 16, metric)
        if self.kind == "sq8-refine":
            graph, self.index = self.index, faiss.IndexRefineFlat(self.index)
            graph.this.disown()
            self.index.own_fields = True
        if self.graph is not None:
            self.graph.hnsw.efConstruction = 200
        base = self.base[:rows]
        self.index.train(base)
        self.index.add(base)

    @property
    def graph(self):
        if self.kind == "exact":
            return None
        return faiss.downcast_index(self.index.base_index) if self.kind == "sq8-refine" else self.index

    def prepare(self, width, count, threads, allowed=None):
        faiss.omp_set_num_threads(threads)
        self.count, self.parameters = count, None
        if self.kind == "exact":
            self.parameters = faiss.SearchParameters()
        else:
            self.parameters = faiss.SearchParametersHNSW(efSearch=width)
        if allowed is not None:
            self.selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            self.parameters.sel = self.selector
        if self.kind == "sq8-refine":
            self.graph_parameters = self.parameters
            # More than a few candidates per answer are wanted only where a wide beam was asked for.
            factor = min(REFINED_PER_ANSWER, width / count)
            self.parameters = faiss.IndexRefineSearchParameters(
                k_factor=factor, base_index_params=self.graph_parameters)

    def batch(self, queries):
        return self.index.search(queries, self.count, params=self.parameters)[1]

    def save(self, path):
        faiss.write_index(self.index, str(path))

    def load(self, path):
        self.index = faiss.read_index(str(path))


def beside(graph, base):
    """A saved graph with the vectors in 32 bits beside, for ranking what it finds: what adding to it would give."""
    base = np.ascontiguousarray(base)
    index = faiss.IndexRefineFlat(graph, faiss.swig_ptr(base))
    graph.this.disown()
    index.own_fields = True
    return index


worker.main(Faiss)
