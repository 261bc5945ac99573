"""Is `million` as hard as the photographs it imitates? hnswlib's recall on equal numbers of vectors tells."""

import numpy as np

import builds
import contender
import datasets
import searching
from harness import table

WIDTHS = (20, 50, 100, 200)


def measure(photographs, million, options):
    rows = len(photographs.base)
    hnswlib = next(each for each in contender.peers() if each.name == "hnswlib")
    hnswlib.widths = WIDTHS
    cases = [("photographs", photographs, None, photographs.truth, None)]
    # A row is drawn independently of every other, so rows that are not indexed are queries of the same distribution.
    drawn = np.asarray(million.base[-len(photographs.queries):])
    for name, queries in (("million, photographs held back as queries", np.asarray(million.queries)),
                          ("million, queries drawn like its vectors", drawn)):
        truth = datasets.tenth(million.base[:rows], queries, million.metric)
        cases.append((name, million, rows, truth, queries))
    found = {"vectors": rows, "recall": {}, "tenthSimilarity": {}}
    for name, vectors, part, truth, queries in cases:
        kept = builds.Kept(hnswlib, vectors, rows=part)
        builds.rounds([kept], 1)
        with Asking(vectors, queries, options.work) as asked:
            turns = searching.Turns(asked, [kept], options, uses=((1, "batch"),), rows=part, truth=truth)
            for width in WIDTHS:
                turns.plan.setdefault(("hnswlib", 1, "batch"), {})[width] = (1, None)
            points = turns.run(1)["points"]
        found["recall"][name] = {point["width"]: point["recall"] for point in points}
        found["tenthSimilarity"][name] = float(np.median(truth))
    return found


class Asking:
    """A set asked other queries than its own."""

    def __init__(self, vectors, queries, work):
        self.vectors, self.file = vectors, work / "other-queries.f32"
        self.queries = vectors.queries if queries is None else queries
        self.queries_file = vectors.queries_file if queries is None else self.file

    def __getattr__(self, name):
        return getattr(self.vectors, name)

    def __enter__(self):
        if self.queries_file == self.file:
            self.queries.tofile(self.file)
        return self

    def __exit__(self, *_):
        self.file.unlink(missing_ok=True)


def tables(found):
    rows = [[name, *(f"{each[str(width)] if str(width) in each else each[width]:.4f}" for width in WIDTHS),
             f"{found['tenthSimilarity'][name]:.3f}"] for name, each in found["recall"].items()]
    columns = ["vectors and queries", *(f"recall@10 at ef {width}" for width in WIDTHS),
               "median similarity of the tenth"]
    return (f"### Difficulty: hnswlib, M 16, efConstruction 200, {found['vectors']:,} vectors each\n\n"
            + table(columns, rows))
