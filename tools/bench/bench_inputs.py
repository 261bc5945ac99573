"""What the measurements are made of: programs, pictures, the peers' network and libraries, made once and kept."""

import random
import shutil
import sys
from pathlib import Path

import harness

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


class Inputs:
    def __init__(self, options):
        self.rounds = options.rounds
        self.derived_count = options.derived
        self.work = options.work
        self.photos = options.photos
        self.lookalike = options.build / "lookalike"
        self.bench = options.build / "lookalike-bench"
        self.model = ROOT / "Models/efficientnet-lite0"
        self.samples = ROOT / "SampleImages"
        self.work.mkdir(parents=True, exist_ok=True)

    def peer(self, script, *arguments, **settings):
        return harness.run(sys.executable, HERE / script, *arguments, **settings)

    def folder(self, name):
        """An empty folder to work in."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def peer_model(self):
        path = self.work / "efficientnet-lite0.onnx"
        if not path.exists():
            import peer_model

            partial = path.with_suffix(".partial")
            peer_model.export(partial)
            partial.rename(path)
        return path

    def derived_pictures(self):
        """JPEGs with content of their own: crops of the sample pictures at 70 to 100 % of each side, saved anew."""
        from PIL import Image

        folder = self.work / f"derived-{self.derived_count}"
        if folder.exists():
            return folder
        partial = self.folder("derived-partial")
        chance = random.Random(7)
        sources = sorted(self.samples.rglob("*.jpg"))
        for number in range(self.derived_count):
            with Image.open(sources[number % len(sources)]) as image:
                image = image.convert("RGB")
                width, height = (int(side * chance.uniform(0.7, 1)) for side in image.size)
                left, top = chance.randint(0, image.width - width), chance.randint(0, image.height - height)
                crop = image.crop((left, top, left + width, top + height))
                crop.save(partial / f"{number:05}.jpg", quality=chance.choice((80, 85, 90, 95)))
        partial.rename(folder)
        return folder

    def index(self, pictures, library, jobs=2, **settings):
        return harness.run(self.lookalike, "index", pictures, "--library", library, "--model", self.model,
                           "--jobs", jobs, "--json", **settings)

    def sample_library(self):
        return self._kept_library("samples", self.samples)

    def big_library(self):
        """The library of the photographs named on the command line; None when there are none."""
        return self._kept_library("photos", self.photos) if self.photos else None

    def libraries(self):
        found = {"samples": self.sample_library()}
        if self.photos:
            found["photos"] = self.big_library()
        return found

    def _kept_library(self, name, pictures):
        path = self.work / f"library-{name}"
        if not path.exists():
            partial = self.folder(f"library-{name}-partial")
            self.index(pictures, partial)
            partial.rename(path)
        return path
