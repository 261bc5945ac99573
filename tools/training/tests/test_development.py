"""The development side: what is measured on it for labels, grades or both, and the log of a run that was stopped."""

import itertools
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from learning.dataset import Dataset, Pair, Picture
from learning.development import PAIRS, Held, Log
from learning.metrics import ordered_rightly


def at(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


class OrderTests(unittest.TestCase):
    def test_the_share_is_that_of_counting_pairs_one_by_one(self) -> None:
        random = np.random.default_rng(2)
        for _ in range(20):
            similarities, grades = random.integers(0, 4, 7) / 4, random.integers(0, 3, 7) / 2
            right = [1.0 if one > other else 0.5 if one == other else 0.0
                     for (one, high), (other, low) in itertools.product(zip(similarities, grades), repeat=2) if high > low]
            self.assertAlmostEqual(ordered_rightly(similarities, grades), np.mean(right))

    def test_equal_grades_ask_nothing(self) -> None:
        self.assertTrue(np.isnan(ordered_rightly(np.array([0.1, 0.2]), np.array([1.0, 1.0]))))


class HeldTests(unittest.TestCase):
    def held(self, groups: list[str | None], pairs: list[tuple[int, int, float]] = []) -> Held:
        pictures = [Picture(str(number), f"{number}.png", "develop", group) for number, group in enumerate(groups)]
        return Held(Dataset(pictures, [Pair((str(one), str(other)), grade, "judgement") for one, other, grade in pairs]))

    def test_a_side_of_grades_alone_is_measured_by_their_order(self) -> None:
        held = self.held([None] * 5, [(0, 1, 1.0), (0, 2, 0.0), (0, 3, 0.4), (4, 1, 1.0)])
        self.assertEqual(held.counts(), {PAIRS: 1})
        vectors = at(0, 10, 30, 20, 90)
        self.assertEqual(held.measured(vectors.__getitem__)[PAIRS].tolist(), [1.0])
        vectors = at(0, 10, 15, 20, 90)
        self.assertAlmostEqual(held.means(vectors.__getitem__, 400)[PAIRS], 2 / 3)
        self.assertNotIn("mean", held.means(vectors.__getitem__, 400))

    def test_labels_and_grades_are_measured_side_by_side(self) -> None:
        held = self.held(["x/a", "x/a", "x/b", "x/b", None], [(4, 0, 1.0), (4, 2, 0.0)])
        found = held.means(at(0, 5, 90, 95, 10).__getitem__, 400)
        self.assertEqual(found, {"x": 1.0, PAIRS: 1.0, "mean": 1.0})

    def test_a_family_in_which_nothing_can_be_asked_does_not_spoil_the_mean(self) -> None:
        held = self.held(["x/a", "x/a", "x/b", "y/c", "y/d"])
        self.assertEqual(held.means(at(0, 5, 90, 0, 5).__getitem__, 400), {"x": 1.0, "mean": 1.0})

    def test_a_side_without_anything_to_measure_is_refused(self) -> None:
        held = self.held([None, None, "x/a"], [(0, 1, 1.0)])
        with self.assertRaisesRegex(SystemExit, "nothing can be measured on it"):
            held.means(at(0, 1, 2).__getitem__, 400)


class LogTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = Path(temporary.name) / "develop.jsonl"

    def steps(self) -> list[int]:
        return [json.loads(line)["step"] for line in self.path.read_text().splitlines()]

    def test_what_was_measured_after_the_checkpoint_is_not_logged_twice(self) -> None:
        log = Log(self.path, 0)
        for step in (0, 100, 200):
            log.add(step, {"mean": 0.5})
        with self.path.open("a") as file:
            file.write('{"step": 30')  # a kill
        log = Log(self.path, 150)
        self.assertEqual(log.steps, {0, 100})
        log.add(200, {"mean": 0.5})
        self.assertEqual(self.steps(), [0, 100, 200])


if __name__ == "__main__":
    unittest.main()
