"""Training: what is refused, that going on equals never having stopped, several processes, and the whole recipe."""

import contextlib
import dataclasses
import importlib
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from safetensors.numpy import load_file

from fit_teachers import unit
from learning import metrics, model_folder, stored, teachers
from learning.configuration import read
from learning.teachers import TEACHERS

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
START = ROOT / "Models" / "lookalike-base"
SAMPLES = ROOT / "SampleImages"


def run(*arguments: object, environment: dict[str, str] | None = None) -> str:
    """Runs one of the commands and returns what it prints; a failure shows it."""
    command = [sys.executable, *map(str, arguments)]
    found = subprocess.run(command, cwd=HERE, capture_output=True, text=True, env=environment)
    if found.returncode:
        raise AssertionError(f"{arguments[0]} failed:\n{found.stdout}\n{found.stderr}")
    return found.stdout


class ConfigurationTests(unittest.TestCase):
    def test_each_configuration_is_read(self) -> None:
        for path in (HERE / "configurations").glob("*.toml"):
            if "[views]" in path.read_text():
                self.assertGreater(read(path).schedule.steps, 0)

    def test_what_cannot_be_run_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.toml"
            for text, part in [
                ("[loss]\ntemprature = 0.1", "loss.temprature is not known"),
                ("[schedule]\nsteps = 0", "schedule.steps is at least 1"),
                ("[schedule]\nsteps = 'many'", "schedule.steps is 'many', not a int"),
                ("[schedule]\nfirst_block = 3", "schedule.first_block is not before views.cut"),
                ("[loss]\ntemperature = 0", "temperatures are above 0"),
                ("[views]\nareas = [0.2]", "views.areas has an entry, above 0, for each of styles"),
                ("steps =", "Invalid value"),
            ]:
                path.write_text(text)
                with self.assertRaisesRegex(SystemExit, part):
                    read(path)


class HelpTests(unittest.TestCase):
    def test_every_command_tells_what_it_does(self) -> None:
        commands = [path.stem for path in HERE.glob("*.py") if "argparse" in path.read_text()]
        self.assertTrue({"compare_runs", "measure_projection", "trained_card", "train"} <= set(commands))
        for command in commands:
            printed = io.StringIO()
            with mock.patch.object(sys, "argv", [f"{command}.py", "--help"]), self.assertRaises(SystemExit) as ended, \
                    contextlib.redirect_stdout(printed):
                importlib.import_module(command).main()
            self.assertEqual(ended.exception.code, 0)
            self.assertIn(f"usage: {command}.py", printed.getvalue())


class MetricTests(unittest.TestCase):
    def test_average_precision_is_the_mean_of_precisions_at_hits(self) -> None:
        angles = np.radians([0, 10, 20, 30])
        vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        found = metrics.average_precisions(vectors, np.array(["a", "b", "a", "a"]))
        self.assertAlmostEqual(found[0], (1 / 2 + 2 / 3) / 2)
        self.assertTrue(np.isnan(found[1]))

    def test_a_paired_interval_is_narrower_than_the_difference_of_two(self) -> None:
        random = np.random.default_rng(0)
        one = random.random(300)
        other = one + 0.02 + 0.01 * random.standard_normal(300)
        mean, low, high = metrics.interval(other - one)
        self.assertTrue(low < mean < high)
        self.assertGreater(low, 0)
        self.assertGreater(metrics.interval(one)[2] - metrics.interval(one)[1], 5 * (high - low))


class RecipeTests(unittest.TestCase):
    """Runs every command on the sample photographs, once, and looks at what came out."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.work = Path(cls.temporary.name)
        cls.configuration = HERE / "configurations" / "smoke.toml"
        cls.dataset = cls.work / "samples.jsonl"
        cls.built = run("build_dataset.py", HERE / "configurations" / "smoke-data.toml", SAMPLES, cls.dataset)
        for split in ("train", "develop"):
            run("cache_features.py", cls.configuration, cls.dataset, SAMPLES, cls.work / split, "--origin", START,
                "--split", split)
        cls.printed = cls.train("whole", "--develop", cls.work / "develop")

    @classmethod
    def train(cls, name: str, *more: object, environment: dict[str, str] | None = None) -> str:
        return run("train.py", cls.configuration, cls.dataset, cls.work / "train", cls.work / name, "--origin", START,
                   "--precision", "float32", *more, environment=environment)

    def trained(self, name: str) -> dict[str, np.ndarray]:
        return load_file(self.work / name / "trained.safetensors")

    def test_going_on_from_a_checkpoint_equals_never_having_stopped(self) -> None:
        self.train("stopped", "--stop-after", "5")
        self.assertFalse((self.work / "stopped" / "trained.safetensors").exists())
        self.assertIn("going on from step 5", self.train("stopped"))
        whole, stopped = self.trained("whole"), self.trained("stopped")
        self.assertEqual(set(whole), set(stopped))
        for name, value in whole.items():
            self.assertTrue((value == stopped[name]).all(), name)

    def test_a_run_killed_before_its_checkpoint_was_measured_logs_each_step_once(self) -> None:
        develop = ("--develop", self.work / "develop")
        self.train("killed", *develop, "--stop-after", "6")
        log = self.work / "killed" / "develop.jsonl"
        self.assertEqual(len(log.read_text().splitlines()), 2)
        log.write_text(log.read_text().splitlines(keepends=True)[0] * 2 + '{"step": 9, "mean": 0.5}\n')
        self.train("killed", *develop)
        self.assertEqual([json.loads(line)["step"] for line in log.read_text().splitlines()], [0, 6, 12])

    def test_a_checkpoint_is_not_gone_on_with_in_another_run(self) -> None:
        self.train("begun", "--stop-after", "2")
        other = self.work / "otherwise.toml"
        other.write_text(self.configuration.read_text().replace("self_weight = 0.5", "self_weight = 0.4"))
        with self.assertRaisesRegex(AssertionError, "configuration.loss.self_weight was 0.5 and is 0.4"):
            run("train.py", other, self.dataset, self.work / "train", self.work / "begun", "--origin", START,
                "--precision", "float32")
        np.save(self.work / "others.npy", np.load(self.work / "train" / "targets.npy")[:, ::-1])
        shutil.copy(self.work / "train" / "cache.json", self.work / "others.json")
        with self.assertRaisesRegex(AssertionError, "targets was .* and is"):
            self.train("begun", "--targets", self.work / "others.npy")

    def test_a_finished_run_keeps_the_description_it_was_trained_by(self) -> None:
        weights = self.work / "whole" / "trained.safetensors"
        before = weights.read_bytes()
        slower = self.work / "slower.toml"
        slower.write_text(self.configuration.read_text().replace("warmup = 3", "warmup = 4"))
        with self.assertRaisesRegex(AssertionError, "configuration.schedule.warmup was 3 and is 4"):
            run("train.py", slower, self.dataset, self.work / "train", self.work / "whole", "--origin", START,
                "--precision", "float32")
        self.assertEqual(weights.read_bytes(), before)

    def test_two_processes_learn_what_one_learns(self) -> None:
        launcher = ("-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=29541", HERE / "train.py")
        environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        run(*launcher, self.configuration, self.dataset, self.work / "train", self.work / "two", "--origin", START,
            "--precision", "float32", environment=environment)
        start = load_file(START / "weights.safetensors")
        for name, value in self.trained("whole").items():
            moved = np.linalg.norm(value - start[name][:len(value)])
            self.assertLessEqual(np.linalg.norm(value - self.trained("two")[name]), 0.02 * moved + 1e-6, name)

    def test_only_what_was_meant_to_learn_has_changed(self) -> None:
        start = load_file(START / "weights.safetensors")
        for name, value in self.trained("whole").items():
            frozen = name.startswith("blocks.") and int(name.split(".")[1]) < 13
            self.assertEqual(bool((value == start[name][:len(value)]).all()), frozen, name)

    def test_the_develop_side_is_measured_on_the_way(self) -> None:
        rows = [json.loads(line) for line in (self.work / "whole" / "develop.jsonl").read_text().splitlines()]
        self.assertEqual([row["step"] for row in rows], [0, 6, 12])
        self.assertIn("develop mAP", self.printed)

    def test_the_recipe_ends_in_a_model_that_the_checks_accept(self) -> None:
        model = self.work / "model"
        run("export_model.py", self.work / "whole" / "trained.safetensors", model, "--origin", START, "--blend", "0.5")
        found = model_folder.read(model)
        self.assertEqual(found.manifest["embedding"]["dimension"], 64)
        trained = found.manifest["lineage"][-1]
        self.assertEqual((trained["step"], trained["share"]), ("training", 0.5))
        self.assertEqual(trained["configuration"], dataclasses.asdict(read(self.configuration)))
        self.assertEqual(trained["targets"], stored.digest(self.work / "train" / "targets.npy"))
        self.assertIn("self-supervision 0.5", trained["note"])
        card = (model / "MODEL_CARD.md").read_text()
        self.assertIn("Nothing was measured with these weights", card)
        self.assertIn(found.sha256, card)
        (self.work / "sets").mkdir(exist_ok=True)
        if not (self.work / "sets" / "samples").exists():
            (self.work / "sets" / "samples").symlink_to(SAMPLES / "windmills")
        run("evaluate.py", self.work, START, model, "--near-duplicates", self.work / "sets" / "samples", "--most", "4",
            "--json", self.work / "figures.json", "--cache", self.work / "vectors")
        figures = json.loads((self.work / "figures.json").read_text())
        self.assertIn("difference", figures["figures"]["model"]["mirrored"])
        costs = {name: model["multiplyAdds"] for name, model in figures["models"].items()}
        self.assertGreater(costs["lookalike-base"], costs["model"])
        run("export_model.py", self.work / "whole" / "trained.safetensors", model, "--origin", START, "--blend", "0.5",
            "--figures", self.work / "figures.json")
        value, _, _ = figures["figures"]["model"]["mirrored"]["value"]
        card = (model / "MODEL_CARD.md").read_text()
        self.assertIn(f"| mirrored | recall@1 | {value:.4f}".replace("0.", ".", 1), card)
        self.assertNotIn("Nothing was measured", card)
        with self.assertRaisesRegex(AssertionError, "no figures for these weights"):
            run("export_model.py", self.work / "whole" / "trained.safetensors", self.work / "unmeasured", "--origin", START,
                "--figures", self.work / "figures.json")

    def test_the_whole_shorter_side_can_be_shown(self) -> None:
        whole, trained = self.work / "uncropped", self.work / "whole" / "trained.safetensors"
        run("export_model.py", trained, whole, "--origin", START, "--whole")
        found = model_folder.read(whole).input
        self.assertEqual((found.side, found.shorter_side), (64, 64))
        develop = self.work / "develop-whole"
        run("cache_features.py", self.configuration, self.dataset, SAMPLES, develop, "--origin", START, "--split",
            "develop", "--whole")
        compared = run("compare_runs.py", self.dataset, develop, self.work / "whole", "--origin", START)
        self.assertIn("mean of sets", compared)

    def test_a_damaged_model_is_refused(self) -> None:
        model = self.work / "damaged"
        run("export_model.py", self.work / "whole" / "trained.safetensors", model, "--origin", START)
        data = bytearray((model / "weights.safetensors").read_bytes())
        data[-1] ^= 1
        (model / "weights.safetensors").write_bytes(data)
        with self.assertRaisesRegex(SystemExit, "the weights are not the ones"):
            model_folder.read(model)

    def test_a_cache_of_other_views_is_refused(self) -> None:
        other = self.work / "other.toml"
        other.write_text(self.configuration.read_text().replace("styles = [0.5]", "styles = [0.6]"))
        with self.assertRaisesRegex(AssertionError, "made with other views"):
            run("train.py", other, self.dataset, self.work / "train", self.work / "no", "--origin", START)

    def test_caches_and_targets_of_another_data_set_are_refused(self) -> None:
        """The other data set has as many pictures, so that counting them tells nothing."""
        other = self.work / "turned.jsonl"
        rows = self.dataset.read_text().splitlines()
        other.write_text("\n".join([rows[0], *reversed(rows[1:])]) + "\n")
        folders = {"train": self.made_of(other, "train"), "develop": self.made_of(other, "develop")}
        arguments = ("train.py", self.configuration, self.dataset)
        for more in (("--teacher-cache", folders["train"]), ("--develop", folders["develop"]),
                     ("--develop", self.work / "train"), ("--targets", folders["train"] / "targets.npy")):
            cache = self.work / "train"
            with self.assertRaisesRegex(AssertionError, "side of this data set|another data set"):
                run(*arguments, cache, self.work / "no", "--origin", START, *more)
        with self.assertRaisesRegex(AssertionError, "not made from the train side of this data set"):
            run(*arguments, folders["train"], self.work / "no", "--origin", START)
        with self.assertRaisesRegex(AssertionError, "not made from the develop side of this data set"):
            run("compare_runs.py", self.dataset, folders["develop"], START, "--origin", START)

    def made_of(self, dataset: Path, split: str) -> Path:
        """Returns a copy of a cache that says it was made from another data set."""
        folder = Path(shutil.copytree(self.work / split, self.work / f"{split}-of-{dataset.stem}"))
        made = {**stored.read(folder / "cache.json"), "dataset": stored.digest(dataset)}
        for name in ("cache.json", "targets.json"):
            stored.write(folder / name, made)
        return folder

    def test_caches_with_another_front_cut_or_origin_are_refused(self) -> None:
        for split, name, change, part in [
            ("develop", "front", {"front": "0" * 64}, "made with another front"),
            ("develop", "cut", {"views": {**read(self.configuration).views.plain().described(), "side": 96}},
             "made with another cut or side"),
            ("train", "origin", {"origin": "0" * 64}, "another model's features"),
        ]:
            folder = Path(shutil.copytree(self.work / split, self.work / f"{split}-{name}"))
            stored.write(folder / "cache.json", {**stored.read(folder / "cache.json"), **change})
            option = "--develop" if split == "develop" else "--teacher-cache"
            with self.assertRaisesRegex(AssertionError, part):
                run("train.py", self.configuration, self.dataset, self.work / "train", self.work / "no", "--origin",
                    START, option, folder)

    def test_a_run_whose_front_learned_is_not_measured_on_anothers_cache(self) -> None:
        small = ROOT / "Models" / "lookalike-small"
        with self.assertRaisesRegex(AssertionError, "made with another front"):
            run("compare_runs.py", self.dataset, self.work / "develop", small, "--origin", START)

    def test_teachers_give_a_start_and_targets_to_train_towards(self) -> None:
        seen, dataset = self.work / "teachers", stored.digest(self.dataset)
        seen.mkdir()
        features = np.load(self.work / "train" / "targets.npy").astype(np.float32)
        random = np.random.default_rng(1)
        for teacher in TEACHERS:  # each sees what the start sees, in other words
            turned = features @ random.standard_normal((features.shape[1], 96)).astype(np.float32)
            np.save(seen / f"{teacher.name}.npy", turned.astype(np.float16))
            made = teachers.description(teacher, dataset, "train", len(features))
            stored.write(seen / f"{teacher.name}.json", {**made, "done": len(features)})
        taught = self.work / "taught"
        run("fit_teachers.py", self.work / "train", seen, taught, "--origin", START, "--dimension", "64")
        found = model_folder.read(taught)
        self.assertEqual(found.manifest["embedding"]["dimension"], 64)
        targets = np.load(taught / "targets.npy").astype(np.float32)[:, :64]
        near = unit(features) @ found.tensors["projection.weight"].T
        self.assertGreater((unit(near) * unit(targets)).sum(axis=1).mean(), 0.9)
        configuration = self.work / "taught.toml"
        configuration.write_text(self.configuration.read_text().replace("[loss]", "[loss]\nregression = 1.0"))
        printed = run("train.py", configuration, self.dataset, self.work / "train", self.work / "towards", "--origin",
                      taught, "--targets", taught / "targets.npy", "--precision", "float32")
        self.assertIn("regression", printed)

    def test_a_model_can_be_given_fewer_numbers(self) -> None:
        wide, narrow = model_folder.read(START), self.work / "narrow"
        printed = run("fold_projection.py", START, self.work / "train", narrow, "--dimension", "48")
        self.assertIn("48 numbers", printed)
        found = model_folder.read(narrow)
        self.assertEqual(found.manifest["lineage"][:-1], wide.manifest["lineage"])
        self.assertIn("fold_projection.py", found.manifest["lineage"][-1]["source"])
        for name, value in wide.tensors.items():
            if name != "projection.weight":
                self.assertTrue((value == found.tensors[name]).all(), name)
        too_many = str(len(wide.tensors["projection.weight"]) + 1)
        with self.assertRaisesRegex(AssertionError, f"of which {too_many} cannot be kept"):
            run("fold_projection.py", START, self.work / "train", narrow, "--dimension", too_many)


class JudgedRecipeTests(unittest.TestCase):
    """Runs the recipe on grades alone: no picture has a label."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.work = Path(cls.temporary.name)
        cls.configuration, cls.dataset = HERE / "configurations" / "smoke-judged.toml", cls.work / "judged.jsonl"
        folders = {name: sorted((SAMPLES / name).iterdir()) for name in ("fish", "birds", "windmills", "various")}
        rows = ["query,image,grade"]
        for name, others in itertools.permutations(folders, 2):  # the same folder is alike, the others are not
            for query, picture, other in zip(folders[name], folders[name][1:], folders[others]):
                rows += [f"{query.relative_to(SAMPLES)},{picture.relative_to(SAMPLES)},5",
                         f"{query.relative_to(SAMPLES)},{other.relative_to(SAMPLES)},0"]
        (cls.work / "judgements.csv").write_text("\n".join(rows) + "\n")
        data = cls.work / "data.toml"
        data.write_text(f'develop = 0.5\n[[judgements]]\ncsv = "{cls.work / "judgements.csv"}"\n')
        run("build_dataset.py", data, SAMPLES, cls.dataset)
        for split in ("train", "develop"):
            run("cache_features.py", cls.configuration, cls.dataset, SAMPLES, cls.work / split, "--origin", START,
                "--split", split)

    def test_grades_alone_train_and_are_measured(self) -> None:
        printed = run("train.py", self.configuration, self.dataset, self.work / "train", self.work / "one", "--origin",
                      START, "--develop", self.work / "develop")
        weights = load_file(self.work / "one" / "trained.safetensors")
        rows = [json.loads(line) for line in (self.work / "one" / "develop.jsonl").read_text().splitlines()]
        self.assertEqual([row["step"] for row in rows], [0, 4, 8])
        self.assertTrue(all(0.5 < row["ordered pairs"] <= 1 for row in rows))
        self.assertIn("softmax", printed)
        self.assertTrue(all(np.isfinite(value).all() for value in weights.values()))
        start = load_file(START / "weights.safetensors")["projection.weight"]
        self.assertTrue((weights["projection.weight"] != start[:64]).any())
        compared = run("compare_runs.py", self.dataset, self.work / "develop", START, self.work / "one", "--origin",
                       START, "--json", self.work / "compared.json")
        self.assertIn("ordered pairs", compared)
        figures = json.loads((self.work / "compared.json").read_text())
        self.assertIn("difference", figures["figures"][str(self.work / "one")]["ordered pairs"])
        self.assertGreater(figures["counts"]["ordered pairs"], 5)

    def test_three_processes_share_batches_that_are_no_multiple_of_three(self) -> None:
        command = [sys.executable, HERE / "tests" / "gathered.py", self.configuration, self.dataset, self.work / "train",
                   START, self.work / "meeting"]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(HERE),
                                    "WORLD_SIZE": "3"}
        processes = [subprocess.Popen(command, env=environment | {"RANK": str(rank)}, stderr=subprocess.PIPE, text=True)
                     for rank in range(3)]
        said = [process.communicate()[1] for process in processes]
        self.assertEqual([process.returncode for process in processes], [0, 0, 0], "\n".join(said))


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
