"""The data set: its format, the three ways to make it, and that nothing leaks from one side of the split to the
other."""

import io
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

from build_dataset import under
from learning import sources
from learning.batches import Drawer
from learning.configuration import Batches, Views
from learning.dataset import Dataset, DatasetError, Pair, Picture, read, write
from learning.duplicates import clusters, fingerprint, near
from learning.views import Change, Input, changed

HERE = Path(__file__).resolve().parents[1]


def painting(seed: int, side: int = 96) -> Image.Image:
    """Makes a picture with large and small shapes of its own."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 255, (6, 6, 3), dtype=np.uint8)).resize((side, side), Image.BICUBIC)
    fine = Image.fromarray(random.integers(0, 60, (24, 24, 3), dtype=np.uint8)).resize((side, side), Image.BICUBIC)
    return Image.fromarray((np.asarray(coarse) // 2 + np.asarray(fine)).astype(np.uint8))


class DuplicateTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def hashes(self, pictures: dict[str, Image.Image], **options) -> np.ndarray:
        found = []
        for name, picture in pictures.items():
            picture.save(self.folder / name, **options.get(name.split(".")[0], {}))
            found.append(fingerprint(self.folder / name)[1])
        return np.stack(found)

    def test_another_size_and_quality_are_the_same_content_and_another_picture_is_not(self) -> None:
        pictures = {f"{seed}.png": painting(seed) for seed in range(30)}
        pictures["small.jpg"] = painting(3).resize((64, 64), Image.BICUBIC)
        pictures["poor.jpg"] = painting(3)
        hashes = self.hashes(pictures, poor={"quality": 30})
        joined = {pair for pair in near(hashes, hashes) if pair[0] < pair[1]}
        self.assertEqual(joined, {(3, 30), (3, 31), (30, 31)})

    def test_even_pictures_are_not_all_the_same(self) -> None:
        dot = np.full((64, 64, 3), 255, np.uint8)
        dot[28:36, 28:36] = 0
        hashes = self.hashes({"white.png": Image.new("RGB", (64, 64), "white"),
                              "dot.png": Image.fromarray(dot)})
        self.assertEqual([pair for pair in near(hashes, hashes) if pair[0] != pair[1]], [])

    def test_clusters_join_chains(self) -> None:
        self.assertEqual(clusters(6, [(4, 3), (1, 3), (0, 5)]).tolist(), [0, 1, 2, 1, 1, 0])


class FormatTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = Path(temporary.name) / "data.jsonl"

    def test_what_is_written_is_read(self) -> None:
        pictures = [Picture("a", "x/a.jpg", "train", "x/one"), Picture("b", "b.jpg", "develop"), Picture("c", "c", "train")]
        dataset = Dataset(pictures, [Pair(("a", "c"), 0.8, "judgement")])
        write(self.path, dataset)
        found = read(self.path)
        self.assertEqual(set(found.pictures), set(pictures))
        self.assertEqual(found.pairs, dataset.pairs)
        self.assertEqual([one.digest for one in found.of("develop").pictures], ["b"])

    def test_each_way_to_be_wrong_is_named_with_its_line(self) -> None:
        header = '{"format": "lookalike-dataset", "version": 1}\n'
        picture = '{"picture": "a", "path": "a.jpg", "split": "train"}\n'
        for text, part in [
            (picture, "line 1: expected the header"),
            (header + picture + picture, "line 3: a picture stands in two lines"),
            (header + picture.replace("train", "test"), "line 2: a picture stands"),
            (header + picture + '{"pair": ["a", "b"], "grade": 1, "source": "judgement"}\n', "line 3: a pair names"),
            (header + "{", "line 2:"),
            (header, "has no pictures"),
        ]:
            self.path.write_text(text)
            with self.assertRaisesRegex(DatasetError, part):
                read(self.path)


class SourceTests(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def test_a_skip_counts_only_above_a_click(self) -> None:
        shown = [{"file": name, "position": place} for place, name in enumerate(["b", "c", "d"], start=1)]
        rows = [{"query": "a", "shown": shown, "clicked": ["c"]}, {"query": "a", "shown": shown, "clicked": []}]
        path = self.folder / "interactions.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        found = {(one.query, one.picture): one.grade for one in sources.interactions(path)}
        self.assertEqual(found, {("a", "b"): 0.25, ("a", "c"): 0.75})

    def test_a_click_on_what_was_not_shown_is_refused(self) -> None:
        path = self.folder / "interactions.jsonl"
        path.write_text('{"query": "a", "shown": [], "clicked": ["b"]}\n')
        with self.assertRaisesRegex(DatasetError, "line 1: a picture was clicked that was not shown"):
            sources.interactions(path)

    def test_grades_are_fifths(self) -> None:
        path = self.folder / "judgements.csv"
        path.write_text("query,image,grade\na,b,5\na,c,1\n")
        self.assertEqual([one.grade for one in sources.judgements(path)], [1.0, 0.2])
        path.write_text("query,image,grade\na,b,6\n")
        with self.assertRaisesRegex(DatasetError, "line 2: grade '6' is not from 0 to 5"):
            sources.judgements(path)


    def test_tables_of_spreadsheets_are_read(self) -> None:
        path = self.folder / "labels.csv"
        path.write_bytes("\ufeffPath, Label\r\ncafé.jpg,one\r\n\r\nb.jpg,\r\n".encode())
        self.assertEqual(sources.csv_labels(path), [sources.Labelled("café.jpg", "one"), sources.Labelled("b.jpg", None)])
        path.write_text("Query,IMAGE,Grade\na,b,5\n", encoding="utf-8-sig")
        self.assertEqual([one.grade for one in sources.judgements(path)], [1.0])

    def test_each_way_a_table_is_wrong_is_named_with_its_line(self) -> None:
        path = self.folder / "judgements.csv"
        for text, part in [
            (b"query,image,grade\na,b\n", "line 2: no grade"),
            (b"query,image,grade\na,b,5\n\na\n", "line 4: no image, grade"),
            (b"query,image,grade\n,b,5\n", "line 2: no query"),
            (b"query,image\na,b\n", "no column grade in the first line"),
            (b"", "no column grade, image, query"),
            (b"query,image,grade\n\xff,b,5\n", "is no text in UTF-8"),
        ]:
            path.write_bytes(text)
            with self.assertRaisesRegex(DatasetError, part):
                sources.judgements(path)
        path.unlink()
        with self.assertRaisesRegex(DatasetError, "judgements.csv cannot be read"):
            sources.judgements(path)

    def test_a_row_without_a_label_column_is_named_but_an_empty_label_is_none(self) -> None:
        path = self.folder / "labels.csv"
        path.write_text("path,label\na.jpg\n")
        with self.assertRaisesRegex(DatasetError, "line 2: no label"):
            sources.csv_labels(path)


class BuildTests(unittest.TestCase):
    def build(self, files: dict[str, bytes], configuration: str, keep_out: dict[str, bytes] | None = None) -> Dataset:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        root, outside = Path(temporary.name) / "root", Path(temporary.name) / "outside"
        for folder, contents in ((root, files), (outside, keep_out or {})):
            for name, data in contents.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        outside.mkdir(exist_ok=True)
        (root / "configuration.toml").write_text(configuration)
        subprocess.run([sys.executable, HERE / "build_dataset.py", root / "configuration.toml", root, root / "data.jsonl",
                        "--keep-out", outside, "--workers", "1"], check=True, capture_output=True)
        return read(root / "data.jsonl")

    def encoded(self, seed: int, kind: str = "PNG", **options) -> bytes:
        buffer = io.BytesIO()
        painting(seed).save(buffer, kind, **options)
        return buffer.getvalue()

    def test_whole_labels_are_held_out_and_look_alikes_never_straddle(self) -> None:
        files = {f"things/{label}/{number}.png": self.encoded(10 * label + number)
                 for label in range(12) for number in range(4)}
        files["things/5/copy.png"] = files["things/5/0.png"]  # equal bytes, same label: one picture
        files["things/6/again.jpg"] = self.encoded(60, "JPEG", quality=40)  # looks like 6/0
        files["things/7/stray.jpg"] = self.encoded(80, "JPEG", quality=40)  # looks like 8/0, another label
        found = self.build(files, 'develop = 0.5\nseed = 3\n[[labels]]\nfolder = "things"\n')
        sides: dict[str, set[str]] = {}
        for picture in found.pictures:
            sides.setdefault(picture.group, set()).add(picture.split)
        self.assertTrue(all(len(side) == 1 for side in sides.values()))
        self.assertEqual({side for one in sides.values() for side in one}, {"train", "develop"})
        self.assertEqual(len({picture.digest for picture in found.pictures}), len(found.pictures))
        paths = {picture.path for picture in found.pictures}
        self.assertEqual(len(paths & {"things/5/copy.png", "things/5/0.png"}), 1)
        split = {picture.path: picture.split for picture in found.pictures}
        if sides["things/7"] != sides["things/8"]:
            self.assertFalse(paths & {"things/7/stray.jpg", "things/8/0.png"})
        self.assertEqual(split["things/6/again.jpg"], split["things/6/0.png"])

    def test_an_unlabelled_copy_does_not_speak_against_a_label(self) -> None:
        files = {f"things/{label}/{number}.png": self.encoded(10 * label + number)
                 for label in range(8) for number in range(2)}
        copies = {f"plain/a/{label}.png": files[f"things/{label}/0.png"] for label in range(8)}  # read before and after
        copies |= {f"zoo/{label}.jpg": self.encoded(10 * label + 1, "JPEG", quality=40) for label in range(8)}
        files["judgements.csv"] = b"query,image,grade\nplain/a/1.png,zoo/1.jpg,5\n"
        files["labels.csv"] = "".join(["path,label\n", *(f"plain/a/{label}.png,\n" for label in range(8))]).encode()
        found = self.build(files | copies, 'develop = 0.5\nseed = 3\n[[labels]]\ncsv = "labels.csv"\n[[labels]]\n'
                           'folder = "things"\n[[judgements]]\ncsv = "judgements.csv"\n[[pictures]]\nfolder = "zoo"\n')
        groups = {picture.path: picture.group for picture in found.pictures}
        split = {picture.path: picture.split for picture in found.pictures}
        self.assertEqual(len(groups), 24)
        for label in range(8):
            self.assertEqual(groups[f"things/{label}/0.png"], f"things/{label}")
            self.assertIsNone(groups[f"zoo/{label}.jpg"])
            self.assertEqual(split[f"zoo/{label}.jpg"], split[f"things/{label}/1.png"])
        self.assertEqual(set(split.values()), {"train", "develop"})
        self.assertEqual(len(found.pairs), 1)

    def test_a_picture_of_two_labels_is_left_out(self) -> None:
        files = {f"things/{label}/{number}.png": self.encoded(10 * label + number)
                 for label in range(3) for number in range(2)}
        files["things/2/copy.png"] = files["things/1/0.png"]
        found = self.build(files, 'develop = 0.0\n[[labels]]\nfolder = "things"\n')
        self.assertEqual({picture.path for picture in found.pictures}, set(files) - {"things/2/copy.png", "things/1/0.png"})

    def test_nothing_that_looks_like_an_evaluation_picture_is_kept(self) -> None:
        files = {f"things/{label}/{number}.png": self.encoded(10 * label + number)
                 for label in range(4) for number in range(3)}
        kept_out = {"same.png": files["things/1/1.png"], "smaller.jpg": self.encoded(22, "JPEG", quality=35)}
        found = self.build(files, '[[labels]]\nfolder = "things"\n', kept_out)
        missing = set(files) - {picture.path for picture in found.pictures}
        self.assertEqual(missing, {"things/1/1.png", "things/2/2.png"})

    def test_absolute_paths_are_taken_below_the_root_only(self) -> None:
        self.assertEqual(under(HERE, "a/b.png"), "a/b.png")
        self.assertEqual(under(HERE, str(HERE / "a/b.png")), "a/b.png")
        with self.assertRaisesRegex(DatasetError, "does not lie below"):
            under(HERE, "/somewhere/else.png")

    def test_all_three_ways_end_in_one_file(self) -> None:
        files = {f"labelled/{label}/{number}.png": self.encoded(10 * label + number)
                 for label in range(3) for number in range(2)}
        files |= {f"plain/{number}.png": self.encoded(100 + number) for number in range(6)}
        files["judgements.csv"] = b"query,image,grade\nplain/0.png,plain/1.png,5\nplain/0.png,plain/2.png,0\n"
        shown = [{"file": f"plain/{number}.png", "position": number} for number in (4, 5)]
        files["clicks.jsonl"] = json.dumps(
            {"query": "plain/3.png", "shown": shown, "clicked": ["plain/5.png"]}).encode()
        found = self.build(files, 'develop = 0.0\n[[labels]]\nfolder = "labelled"\n[[judgements]]\ncsv = "judgements.csv"\n'
                                  '[[interactions]]\njsonl = "clicks.jsonl"\n[[pictures]]\nfolder = "plain"\n')
        self.assertEqual(len(found.pictures), 12)
        self.assertEqual(sorted((pair.source, pair.grade) for pair in found.pairs),
                         [("interaction", 0.25), ("interaction", 0.75), ("judgement", 0.0), ("judgement", 1.0)])
        drawer = Drawer(found, 2, Batches(groups=3, pictures=2, pairs=1.0, lone=0.0))
        batch = drawer.draw(1, 0)
        half = len(batch.pictures) // 2
        names = [found.pictures[number].path for number in batch.pictures[:half]]
        alike = {frozenset((names[one], names[other])) for one in range(half) for other in range(one)
                 if batch.positive[one, other]}
        self.assertEqual(alike, {frozenset(("plain/0.png", "plain/1.png")), frozenset(("plain/3.png", "plain/5.png"))})


class ViewTests(unittest.TestCase):
    def view(self, change: Change) -> np.ndarray:
        random = np.random.default_rng(4)
        return np.asarray(changed(painting(1), Input(64, 73), random, change)).astype(int)

    def test_a_view_turned_whole_has_empty_corners(self) -> None:
        view = self.view(Change(0, 1.0, 1.0))
        corners = view[[0, 0, -1, -1], [0, -1, 0, -1]]
        self.assertTrue((corners < 30).all() or (corners > 225).all())
        self.assertGreater(view[16:48, 16:48].std(), 5)

    def test_each_view_changes_as_far_as_it_is_told_to(self) -> None:
        told = Views(styles=[0.0, 0.5], areas=[0.35, 0.2], corners=[0.0, 0.4]).changes()
        self.assertEqual(told, [Change(0.0), Change(0.5, 0.2, 0.4)])
        self.assertEqual(Views(styles=[0.0]).changes(), [Change(0.0)])


class BatchTests(unittest.TestCase):
    def dataset(self) -> Dataset:
        pictures = [Picture(f"{family}{group}{number}", "", "train", f"{family}/{group}")
                    for family in "pq" for group in range(8) for number in range(5)]
        return Dataset(pictures + [Picture(f"lone{number}", "", "train") for number in range(20)])

    def test_a_batch_is_of_one_family_in_two_views(self) -> None:
        dataset = self.dataset()
        drawer = Drawer(dataset, 3, Batches(groups=4, pictures=2))
        for step in range(20):
            batch = drawer.draw(1, step)
            self.assertEqual(len({dataset.pictures[number].family for number in batch.pictures}), 1)
            self.assertTrue((batch.views[:8] != batch.views[8:]).all())
            self.assertTrue((batch.pictures[:8] == batch.pictures[8:]).all())
            groups = np.array([dataset.pictures[number].group for number in batch.pictures])
            self.assertTrue((batch.positive == (groups[:, None] == groups[None, :])).all())

    def test_several_processes_share_every_batch_evenly_and_its_two_views_stay_beside_each_other(self) -> None:
        drawer = Drawer(self.dataset(), 3, Batches(groups=5, pictures=1, lone=0.5))
        for world, kept in ((1, 5), (2, 5), (3, 3), (4, 4), (6, 3)):
            whole, batch = drawer.draw(1, 0), drawer.draw(1, 0).shared_by(world)
            half = len(batch.pictures) // 2
            self.assertEqual((len(batch.pictures) % world, half), (0, kept))
            self.assertEqual(batch.pictures.tolist(), whole.pictures[:half].tolist() * 2)
            chosen = [*range(half), *range(5, 5 + half)]
            self.assertEqual(batch.views.tolist(), whole.views[chosen].tolist())
            self.assertEqual(batch.positive.tolist(), whole.positive[np.ix_(chosen, chosen)].tolist())
            self.assertEqual(batch.known.shape, batch.positive.shape)
        with self.assertRaisesRegex(SystemExit, "5 pictures in two views cannot be shared by 12 processes"):
            drawer.draw(1, 0).shared_by(12)

    def test_the_same_step_draws_the_same_batch(self) -> None:
        one, other = (Drawer(self.dataset(), 3, Batches(groups=4, pictures=2, lone=0.5)) for _ in range(2))
        for step in (0, 7, 3):
            self.assertTrue((one.draw(1, step).pictures == other.draw(1, step).pictures).all())

    def test_hard_negatives_are_groups_near_the_ones_drawn(self) -> None:
        dataset = self.dataset()
        angles = np.array([int(picture.group.split("/")[1]) if picture.group else 0 for picture in dataset.pictures]) * 0.7
        targets = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        drawer = Drawer(dataset, 2, Batches(groups=2, pictures=2, hard_negatives=0.5), targets)
        gaps = []
        for step in range(50):
            groups = {int(dataset.pictures[number].group.split("/")[1]) for number in drawer.draw(1, step).pictures}
            one, other = groups
            gaps.append(abs(one - other))
        self.assertLess(np.mean(gaps), 2.5)  # two groups drawn blindly are 3 apart on average
