"""The vectors that evaluate.py keeps: used again for the same pictures, engine and change, and for nothing else."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

import evaluate
from evaluate import Embedder

START = Path(__file__).resolve().parents[3] / "Models" / "lookalike-base"


class KeptVectorsTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)
        cls.embedder = Embedder(str(START), "torch", cls.folder / "vectors")
        cls.picture = cls.folder / "picture.png"

    def setUp(self) -> None:
        self.paint(1)

    def paint(self, seed: int) -> None:
        values = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(values).resize((120, 90), Image.Resampling.BICUBIC).save(self.picture)

    def test_what_was_embedded_before_is_not_embedded_again(self) -> None:
        first = self.embedder.vectors([self.picture])
        with mock.patch.object(self.embedder, "run", side_effect=AssertionError("embedded again")):
            self.assertTrue((self.embedder.vectors([self.picture]) == first).all())

    def test_another_picture_of_the_same_name_is_embedded(self) -> None:
        first = self.embedder.vectors([self.picture])
        self.paint(2)
        self.assertLess(float((self.embedder.vectors([self.picture]) * first).sum()), 0.99)

    def test_a_change_made_otherwise_is_embedded(self) -> None:
        first = self.embedder.vectors([self.picture], "grey")
        with mock.patch.dict(evaluate.CHANGES, {"grey": lambda image, _: image.rotate(90)}):
            self.assertLess(float((self.embedder.vectors([self.picture], "grey") * first).sum()), 0.99)

    def test_vectors_of_another_engine_are_others(self) -> None:
        key = self.embedder.key([self.picture], "")
        with mock.patch.object(self.embedder, "engine", "openvino"):
            self.assertNotEqual(self.embedder.key([self.picture], ""), key)


if __name__ == "__main__":
    unittest.main()
