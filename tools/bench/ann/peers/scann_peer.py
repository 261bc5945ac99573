import os

import scann

import worker

REORDERED = 60, 4  # at least so many candidates compared in 32 bits, or so many per leaf searched


class ScaNN(worker.Peer):
    """A tree of about 2 √n leaves with asymmetric hashing; the width is the number of leaves searched."""

    kinds = ("tree-ah",)
    is_beam = False

    def build(self, rows, threads):
        dot = self.metric == "ip"
        self.leaves = round(2 * rows ** 0.5)
        builder = scann.scann_ops_pybind.builder(self.base[:rows], 10, "dot_product" if dot else "squared_l2")
        builder = builder.set_n_training_threads(threads).tree(
            num_leaves=self.leaves, num_leaves_to_search=100, training_sample_size=min(rows, 250_000),
            soar_lambda=1.5 if dot else None, overretrieve_factor=2.0 if dot else None)
        builder = builder.score_ah(2, anisotropic_quantization_threshold=0.2 if dot else float("nan")).reorder(100)
        self.index = builder.build()

    def prepare(self, width, count, threads):
        reordered = max(REORDERED[0], REORDERED[1] * width, count)
        self.settings = {"final_num_neighbors": count, "pre_reorder_num_neighbors": reordered,
                         "leaves_to_search": min(width, self.leaves)}
        self.index.set_num_threads(threads)
        self.search = self.index.search_batched if threads == 1 else self.index.search_batched_parallel

    def batch(self, queries):
        return self.search(queries, **self.settings)[0]

    def one(self, query):
        return self.index.search(query, **self.settings)[0]

    def save(self, path):
        os.makedirs(path)
        self.index.serialize(str(path), relative_path=True)

    def load(self, path):
        self.index = scann.scann_ops_pybind.load_searcher(str(path))
        self.leaves = round(2 * self.index.size() ** 0.5)


worker.main(ScaNN)
