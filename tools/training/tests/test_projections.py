"""Projections: what is kept when a model gets fewer numbers, held against NumPy's singular vectors."""

import unittest

import numpy as np

from fit_teachers import sized_like, unit
from fold_projection import narrowed


class NarrowedTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        random = np.random.default_rng(3)
        uneven = random.standard_normal((24, 24)) * np.geomspace(8, 0.1, 24)
        cls.features = (np.abs(random.standard_normal((300, 24))) @ uneven).astype(np.float32)
        cls.projection = random.standard_normal((12, 24)).astype(np.float32)
        cls.vectors = unit(cls.features @ cls.projection.T)

    def cosines(self, projection: np.ndarray) -> np.ndarray:
        vectors = unit(self.features @ projection.T)
        return vectors @ vectors.T

    def test_all_directions_keep_every_cosine(self) -> None:
        found = self.cosines(narrowed(self.features, self.projection, 12, power=0))
        self.assertLess(np.abs(found - self.vectors @ self.vectors.T).max(), 1e-5)

    def test_the_directions_kept_are_the_leading_singular_vectors(self) -> None:
        _, _, directions = np.linalg.svd(self.vectors, full_matrices=False)
        for count in (1, 5, 11):
            shares = self.vectors @ directions[:count].T
            found = self.cosines(narrowed(self.features, self.projection, count, power=0))
            self.assertLess(np.abs(found - unit(shares) @ unit(shares).T).max(), 1e-4, count)

    def test_large_directions_are_held_back(self) -> None:
        def spread(power: float) -> float:
            turned = self.vectors @ np.linalg.pinv(self.projection.T)  # features that give these very vectors
            squares = np.square(turned @ narrowed(self.features, self.projection, 12, power).T).mean(axis=0)
            return squares.max() / squares.min()

        self.assertLess(spread(0.1), 0.8 * spread(0))

    def test_the_length_of_rows_stays(self) -> None:
        found = sized_like(self.projection[:5] * 3, self.projection)
        wanted = np.linalg.norm(self.projection, axis=1).mean()
        self.assertAlmostEqual(float(np.sqrt(np.square(found).sum(axis=1).mean()) / wanted), 1, places=5)


if __name__ == "__main__":
    unittest.main()
