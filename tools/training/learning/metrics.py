"""Measures retrieval: average precision for each query, bootstrap intervals, paired differences."""

import numpy as np

RESAMPLES = 2000


def average_precisions(vectors: np.ndarray, labels: np.ndarray, chunk: int = 512) -> np.ndarray:
    """Returns each picture's average precision as a query for all others, (count,); NaN where its label is unique.

    Ranks by the product of unit vectors; of equal similarities the one that stands first wins. Precision is taken
    at each picture of the same label and averaged over those: mean over queries is mAP.
    """
    found = np.full(len(vectors), np.nan)
    if len(vectors) < 2:
        return found
    for start in range(0, len(vectors), chunk):
        scores = vectors[start:start + chunk] @ vectors.T
        rows = np.arange(len(scores))
        scores[rows, rows + start] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :-1]
        relevant = labels[order] == labels[start:start + chunk, None]
        hits = relevant.cumsum(axis=1)
        precision = np.where(relevant, hits / np.arange(1, relevant.shape[1] + 1), 0).sum(axis=1)
        asked = hits[:, -1] > 0
        found[start:start + chunk][asked] = precision[asked] / hits[asked, -1]
    return found


def found_first(queries: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Returns for query i whether picture i is the most similar of all pictures: recall@1, one by one."""
    scores = queries @ pictures.T
    return (scores.argmax(axis=1) == np.arange(len(queries))).astype(float)


def ordered_rightly(similarities: np.ndarray, grades: np.ndarray) -> float:
    """Returns of one query's pairs of pictures with different grades the share in which the higher grade is the more
    similar; equal similarities count half, and without any such pair it is NaN."""
    higher = grades[:, None] > grades[None, :]
    gaps = similarities[:, None] - similarities[None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0))[higher].mean()) if higher.any() else float("nan")


def interval(values: np.ndarray, seed: int = 1, resamples: int = RESAMPLES) -> tuple[float, float, float]:
    """Returns the mean and the ends of its 95 % bootstrap interval (percentiles over resampled queries).

    For a paired difference, pass the differences: queries are drawn with replacement, the two models of one
    query stay together.
    """
    values = values[~np.isnan(values)]
    random = np.random.default_rng(seed)
    means = np.array([values[random.integers(0, len(values), len(values))].mean() for _ in range(resamples)])
    return float(values.mean()), *(float(end) for end in np.percentile(means, [2.5, 97.5]))


def mean_of_sets(sets: list[np.ndarray], seed: int = 1, resamples: int = RESAMPLES) -> tuple[float, float, float]:
    """Like `interval` for the mean over sets, each set resampled on its own and counted alike."""
    random = np.random.default_rng(seed)
    sets = [values[~np.isnan(values)] for values in sets]
    means = [np.mean([values[random.integers(0, len(values), len(values))].mean() for values in sets])
             for _ in range(resamples)]
    mean = float(np.mean([values.mean() for values in sets]))
    return mean, *(float(end) for end in np.percentile(means, [2.5, 97.5]))
