"""What the measurements are made of: programs, pictures and libraries, made once and kept."""

import shutil
from pathlib import Path

import harness

ROOT = Path(__file__).resolve().parents[2]


class Inputs:
    def __init__(self, options):
        self.rounds = options.rounds
        self.work = options.work
        self.photos = options.photos
        self.lookalike = options.build / "lookalike"
        self.bench = options.build / "lookalike-bench"
        self.model = ROOT / "Models/efficientnet-lite0"
        self.samples = ROOT / "SampleImages"
        self.work.mkdir(parents=True, exist_ok=True)

    def folder(self, name):
        """An empty folder to work in."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

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
