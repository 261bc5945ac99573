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
        with datasets.Asking(vectors, queries, options.work) as asked:
            turns = searching.Turns(asked, [kept], options, uses=((1, "batch"),), rows=part, truth=truth)
            for width in WIDTHS:
                turns.plan.setdefault(("hnswlib", 1, "batch"), {})[width] = (1, None)
            points = turns.run(1)["points"]
        found["recall"][name] = {point["width"]: point["recall"] for point in points}
        found["tenthSimilarity"][name] = float(np.median(truth))
    return found


def tables(found):
    rows = [[name, *(f"{each[str(width)] if str(width) in each else each[width]:.4f}" for width in WIDTHS),
             f"{found['tenthSimilarity'][name]:.3f}"] for name, each in found["recall"].items()]
    columns = ["vectors and queries", *(f"recall@10 at ef {width}" for width in WIDTHS),
               "median similarity of the tenth"]
    return (f"### Difficulty: hnswlib, M 16, efConstruction 200, {found['vectors']:,} vectors each\n\n"
            + table(columns, rows))
