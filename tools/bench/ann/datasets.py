"""The vector sets of the comparison, each made once into a folder of its own with its exact answers.

A set is base.f32 and queries.f32 (little-endian float32, no header), truth.npy (for each query its tenth neighbour's
inner product or squared distance, float64) and meta.json (name, metric, dimension, counts).

`million` has to be as hard as real embeddings. Its vectors are drawn from clusters fitted on `photographs`: spherical
k-means parts them into CLUSTERS clusters, each of which keeps its share, its mean and the full covariance of its
residuals; a draw picks a cluster by share, draws a Gaussian residual with that covariance, gives it the length of a
real member's residual (real ones are near and far; Gaussian ones are all equally far), adds it to the mean and scales
the sum to length 1. The queries are the real photographs held back from `photographs`, which are harder to answer
than queries drawn like the vectors. `run difficulty` measures both beside the original.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

NAMES = ("photographs", "fashion-mnist", "million")
NEIGHBOURS = 10
QUERIES = {"photographs": 1000, "fashion-mnist": 2000, "million": 1000}
MILLION = 1_000_000
CLUSTERS = 100
PACKAGE = "dataset-fashion-mnist"
BLOCK = 100_000


class VectorSet:
    """A set on disk; vectors are mapped, so that they are read when they are needed."""

    def __init__(self, folder, count=None):
        self.folder = Path(folder)
        self.meta = json.loads((self.folder / "meta.json").read_text())
        self.name, self.metric, self.dimension = (self.meta[key] for key in ("name", "metric", "dimension"))
        self.base_file, self.queries_file = self.folder / "base.f32", self.folder / "queries.f32"
        self.base = np.memmap(self.base_file, "<f4", "r").reshape(-1, self.dimension)
        self.queries = np.memmap(self.queries_file, "<f4", "r").reshape(-1, self.dimension)

    @property
    def truth(self):
        return np.load(self.folder / "truth.npy")


class Asking:
    """A set asked other queries than its own."""

    def __init__(self, vectors, queries, work):
        self.vectors, self.file = vectors, work / "other-queries.f32"
        self.queries = vectors.queries if queries is None else queries
        self.queries_file = vectors.queries_file if queries is None else self.file

    def __getattr__(self, name):
        return getattr(self.vectors, name)

    def __enter__(self):
        if self.queries_file == self.file:
            self.queries.tofile(self.file)
        return self

    def __exit__(self, *_):
        self.file.unlink(missing_ok=True)


def make(name, work, **sources):
    """Makes a set unless it is there; returns it, or None when what it is made of is not at hand."""
    folder = work / name
    if not (folder / "meta.json").exists():
        made = {"photographs": photographs, "fashion-mnist": fashion_mnist, "million": million}[name](work, **sources)
        if made is None:
            return None
        write(folder, name, *made)
    return VectorSet(folder)


def write(folder, name, base, queries, metric, origin):
    """Writes a set under a temporary name, then renames it: a set that is there is whole."""
    partial = folder.with_name(f"{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    base, queries = (np.ascontiguousarray(each, "<f4") for each in (base, queries))
    base.tofile(partial / "base.f32")
    queries.tofile(partial / "queries.f32")
    np.save(partial / "truth.npy", tenth(base, queries, metric))
    meta = {"name": name, "metric": metric, "dimension": base.shape[1], "vectors": len(base), "queries": len(queries),
            "origin": origin, "digest": hashlib.sha256((partial / "base.f32").read_bytes()).hexdigest()[:16]}
    (partial / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    partial.rename(folder)


def tenth(base, queries, metric, allowed=None):
    """Each query's tenth best inner product or squared distance, recomputed in 64 bits for the best candidates."""
    spare = NEIGHBOURS + 20
    rows = np.empty((len(queries), 0), np.int64)
    for start in range(0, len(base), BLOCK):
        block = np.asarray(base[start:start + BLOCK])
        nearness = queries @ block.T
        if metric == "l2":
            nearness = 2 * nearness - np.einsum("nd,nd->n", block, block)
        if allowed is not None:
            nearness[:, ~allowed[start:start + BLOCK]] = -np.inf
        best = np.argpartition(nearness, -min(spare, len(block)), axis=1)[:, -spare:]
        rows = np.concatenate([rows, start + best], axis=1)
    exact = values(base, queries, rows, metric)
    if allowed is not None:
        exact[~allowed[rows]] = -np.inf if metric == "ip" else np.inf
    exact.sort(axis=1)
    return exact[:, -NEIGHBOURS] if metric == "ip" else exact[:, NEIGHBOURS - 1]


def values(base, queries, rows, metric):
    """Inner products or squared distances of each query to its rows, in 64 bits."""
    found = np.empty(rows.shape, np.float64)
    for number, query in enumerate(np.asarray(queries, np.float64)):
        vectors = np.asarray(base[rows[number]], np.float64)
        found[number] = vectors @ query if metric == "ip" else ((vectors - query) ** 2).sum(axis=1)
    return found


def photographs(work, export=None):
    """Embeddings of a library, copies of a picture left out; `export` is a file of float32 vectors of length 1."""
    if export is None:
        return None
    file, dimension = export()
    vectors = np.unique(np.fromfile(file, "<f4").reshape(-1, dimension), axis=0)
    np.random.default_rng(7).shuffle(vectors)
    held_back = QUERIES["photographs"]
    return vectors[held_back:], vectors[:held_back], "ip", "embeddings of photographs by our own network"


def fashion_mnist(work, **_):
    def images(file):
        pixels = np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=16)
        return pixels.reshape(-1, 784).astype(np.float32)

    folder = fashion_mnist_folder(work)
    base, tests = (images(folder / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k"))
    return base, tests[:QUERIES["fashion-mnist"]], "l2", f"Debian package {PACKAGE}: train, first queries of t10k"


def fashion_mnist_folder(work):
    """Where the package's files are: installed by root, or unpacked into the work folder by anybody else."""
    def find(root):
        return next((file.parent for file in root.rglob("train-images-idx3-ubyte.gz")), None)

    installed, unpacked = Path("/usr/share/datasets/fashion-mnist"), work / PACKAGE
    for root in (installed, unpacked):
        if found := find(root):
            return found
    say = {"check": True, "stdout": sys.stderr}
    if os.geteuid() == 0:
        subprocess.run(["apt-get", "install", "-y", PACKAGE], **say)
        return find(installed)
    unpacked.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", PACKAGE], cwd=unpacked, **say)
    subprocess.run(["dpkg", "-x", *unpacked.glob("*.deb"), unpacked], **say)
    return find(unpacked)


def million(work, **_):
    if not (work / "photographs").exists():
        return None
    photographs = VectorSet(work / "photographs")
    chance = np.random.default_rng(11)
    base = draw(fit(np.asarray(photographs.base), CLUSTERS, chance), MILLION, chance)
    return base, photographs.queries, "ip", (
        f"drawn from {CLUSTERS} clusters with full covariance fitted on photographs; queries: photographs held back")


def fit(vectors, count, chance, turns=20):
    """Spherical k-means; returns each cluster's mean and residuals."""
    centres = vectors[chance.choice(len(vectors), count, replace=False)]
    for _ in range(turns):
        nearest = (vectors @ centres.T).argmax(axis=1)
        sums = np.stack([vectors[nearest == number].sum(axis=0) for number in range(count)])
        centres = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    members = [vectors[nearest == number] for number in range(count)]
    return [(each.mean(axis=0), each - each.mean(axis=0)) for each in members]


def draw(clusters, count, chance):
    """Vectors of length 1 in random order; a random combination of a cluster's residuals has their covariance."""
    sizes = np.array([len(residuals) for _, residuals in clusters])
    drawn = []
    for (mean, residuals), number in zip(clusters, chance.multinomial(count, sizes / sizes.sum())):
        found = chance.standard_normal((number, len(residuals)), np.float32) @ residuals
        lengths = np.linalg.norm(residuals, axis=1)[chance.integers(len(residuals), size=number)]
        drawn.append(mean + found * (lengths / np.linalg.norm(found, axis=1))[:, None])
    vectors = np.concatenate(drawn)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chance.shuffle(vectors)
    return vectors
