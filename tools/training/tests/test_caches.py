"""What is computed once and kept: stopped anywhere, it goes on and ends in the same; made of something else, it is
refused."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from cache_teachers import CHUNK, Store, fill
from learning import stored
from learning.dataset import Picture
from learning.teachers import TEACHERS, description, seen_by


class Stopped(Exception):
    """Stands for a kill."""


class DescriptionTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = Path(temporary.name) / "cache.json"

    def test_a_kill_while_it_is_written_leaves_the_one_before(self) -> None:
        stored.write(self.path, {"done": 64})
        write_text = Path.write_text

        def torn(path: Path, text: str) -> None:
            write_text(path, text[:5])
            raise Stopped

        with mock.patch.object(Path, "write_text", torn), self.assertRaises(Stopped):
            stored.write(self.path, {"done": 128})
        self.assertEqual(stored.begun(self.path, {}), {"done": 64})

    def test_one_that_cannot_be_read_is_named(self) -> None:
        self.path.write_text("{")
        with self.assertRaisesRegex(SystemExit, "cache.json cannot be read .* make .* again"):
            stored.begun(self.path, {})

    def test_what_differs_is_named(self) -> None:
        stored.write(self.path, {"views": {"side": 96, "cut": 3}, "done": 64})
        with self.assertRaisesRegex(SystemExit, r"made otherwise \(views.side was 96 and is 224\)"):
            stored.begun(self.path, {"views": {"side": 224, "cut": 3}})


class TeacherTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.pictures = []
        for number in range(2 * CHUNK + 5):
            Image.new("RGB", (16, 16), (number, 2 * number, 90)).save(self.root / f"{number}.png")
            self.pictures.append(Picture(str(number), f"{number}.png", "train"))

    def stores(self, name: str, dataset: str = "a data set") -> list[Store]:
        (self.root / name).mkdir(exist_ok=True)
        return [Store(self.root / name, teacher, description(teacher, dataset, "train", len(self.pictures)))
                for teacher in TEACHERS]

    def fill(self, stores: list[Store], stop_after: int | None = None) -> None:
        """Sees with each teacher the mean colour, until the first was asked `stop_after` times."""
        asked = []

        def colours(pixels: np.ndarray) -> np.ndarray:
            asked.append(len(pixels))
            if stop_after is not None and len(asked) > stop_after * len(TEACHERS):
                raise Stopped
            return pixels.mean(axis=(1, 2))

        fill(stores, dict.fromkeys(TEACHERS, colours), self.pictures, self.root, 1)

    def seen(self, name: str) -> list[np.ndarray]:
        return [seen_by(teacher, self.root / name, "a data set") for teacher in TEACHERS]

    def test_going_on_equals_never_having_stopped(self) -> None:
        self.fill(self.stores("whole"))
        with self.assertRaises(Stopped):
            self.fill(self.stores("stopped"), stop_after=1)
        stores = self.stores("stopped")
        self.assertEqual([store.done for store in stores], [CHUNK] * len(TEACHERS))
        self.fill(stores)
        for one, other in zip(self.seen("whole"), self.seen("stopped"), strict=True):
            self.assertTrue((one == other).all())
            self.assertEqual(one.dtype, np.float16)

    def test_a_teacher_that_is_ahead_waits_for_the_others(self) -> None:
        whole, ahead = self.stores("whole"), self.stores("ahead")
        self.fill(whole)
        self.fill(ahead[:1])
        self.fill(self.stores("ahead"))
        for one, other in zip(self.seen("whole"), self.seen("ahead"), strict=True):
            self.assertTrue((one == other).all())

    def test_what_was_seen_in_another_data_set_is_refused(self) -> None:
        self.fill(self.stores("seen"))
        with self.assertRaisesRegex(SystemExit, "dataset was"):
            self.stores("seen", "another")
        with self.assertRaisesRegex(SystemExit, "dataset was"):
            seen_by(TEACHERS[0], self.root / "seen", "another")

    def test_what_is_not_complete_is_not_taught(self) -> None:
        with self.assertRaises(Stopped):
            self.fill(self.stores("part"), stop_after=1)
        with self.assertRaisesRegex(SystemExit, f"done was {CHUNK} and is {len(self.pictures)}"):
            seen_by(TEACHERS[0], self.root / "part", "a data set")


if __name__ == "__main__":
    unittest.main()
