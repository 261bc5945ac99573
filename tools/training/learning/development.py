"""What is measured on the development side, and the log that it goes into on the way."""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .dataset import Dataset
from .metrics import average_precisions, ordered_rightly

PAIRS = "ordered pairs"


class Held:
    """The development side: groups that have to be found, and pictures that were graded for the same query."""

    def __init__(self, dataset: Dataset) -> None:
        self.families = np.array([picture.family or "" for picture in dataset.pictures])
        self.groups = np.array([picture.group or picture.digest for picture in dataset.pictures])
        numbers = {picture.digest: number for number, picture in enumerate(dataset.pictures)}
        graded: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for pair in dataset.pairs:
            query, picture = (numbers[digest] for digest in pair.digests)
            graded[query].append((picture, pair.grade))
        self.graded = {query: found for query, found in graded.items() if len({grade for _, grade in found}) > 1}

    def counts(self) -> dict[str, int]:
        """Returns the number of pictures of each family, and of queries with pictures of different grades."""
        found = {name: int((self.families == name).sum()) for name in sorted(set(self.families) - {""})}
        return found | ({PAIRS: len(self.graded)} if self.graded else {})

    def measured(self, embed: Callable[[np.ndarray], np.ndarray], most: int | None = None) -> dict[str, np.ndarray]:
        """Returns the average precision of each query of each family and, if there are grades, of each graded query
        the share of pairs that are ordered rightly.

        `embed` gives the vectors of the pictures of these numbers; `most` limits the pictures of each family, and the
        graded queries. A family in which nothing can be asked is left out.

        Raises SystemExit when nothing is left.
        """
        found = {}
        for family in sorted(set(self.families) - {""}):
            numbers = np.nonzero(self.families == family)[0]
            if most is not None:
                numbers = np.sort(np.random.default_rng(0).permutation(numbers)[:most])
            found[family] = average_precisions(embed(numbers), self.groups[numbers])
        if graded := dict(list(self.graded.items())[:most]):
            numbers = np.unique([number for query, pairs in graded.items() for number in (query, *dict(pairs))])
            vectors = dict(zip(numbers.tolist(), embed(numbers)))
            found[PAIRS] = np.array([
                ordered_rightly(np.stack([vectors[number] for number, _ in pairs]) @ vectors[query],
                                np.array([grade for _, grade in pairs])) for query, pairs in graded.items()])
        found = {name: values for name, values in found.items() if not np.isnan(values).all()}
        if not found:
            raise SystemExit("The development side has neither two pictures of a group nor pictures of different grades "
                             "for one query: nothing can be measured on it. Hold out more, or leave it out.")
        return found

    def means(self, embed: Callable[[np.ndarray], np.ndarray], most: int) -> dict[str, float]:
        """Returns the means over queries, and of the families' mAP their mean."""
        found = {name: float(np.nanmean(values)) for name, values in self.measured(embed, most).items()}
        families = [value for name, value in found.items() if name != PAIRS]
        return found | ({"mean": float(np.mean(families))} if families else {})


class Log:
    """One JSON object per line: a step, and what was measured there."""

    def __init__(self, path: Path, step: int) -> None:
        """Goes on from `step`: what was logged of later ones, before the run was stopped, comes again."""
        self.path, self.steps = path, set()
        kept = []
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                row = json.loads(line)
            except ValueError:  # cut off by a kill
                continue
            if row["step"] <= step and row["step"] not in self.steps:
                self.steps.add(row["step"])
                kept.append(line + "\n")
        new = path.with_name(f"{path.name}.new")
        new.write_text("".join(kept))
        new.replace(path)

    def add(self, step: int, measured: dict[str, float]) -> None:
        with self.path.open("a") as log:
            log.write(json.dumps({"step": step, **measured}) + "\n")
        self.steps.add(step)
