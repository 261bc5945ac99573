#!/usr/bin/env python3
"""Takes labelled pictures out of public repositories: FOLDER/<corpus>/<label>/<picture>.

Each repository is read from a local clone, bare or not, in CLONES/<owner>+<name>, at the commit that
learning/corpora.py names. Nothing fetched goes into the
product. Corpora for evaluation are never trained on; from the corpora for training, the labels that an evaluation
corpus also has (dogs, houses, coasts, garments, fruit, …) are left out here, before anything else sees them.
"""

import argparse
import csv
import hashlib
import io
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from learning.corpora import COMMITS, CORPORA, Corpus

SUFFIXES = (".jpg", ".jpeg", ".png")


def git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", f"--git-dir={repository}", *arguments], check=True, capture_output=True).stdout


def locate(clones: Path, name: str) -> Path:
    """Finds the git directory of `owner/name` among the clones."""
    folder = clones / name.replace("/", "+")
    for candidate in (folder / "repo" / ".git", folder / "repo", folder / ".git", folder):
        if (candidate / "HEAD").exists():
            return candidate
    raise SystemExit(f"{folder}: no clone of https://github.com/{name}; git clone --bare it there.")


@dataclass(frozen=True)
class Clone:
    """A repository's git directory and the commit of it that is read."""

    folder: Path
    commit: str

    @staticmethod
    def of(name: str, clones: Path) -> "Clone":
        """Finds `owner/name` among the clones.

        Raises SystemExit when there is no clone, or its history lacks the commit.
        """
        folder, commit = locate(clones, name), COMMITS[name]
        known = subprocess.run(["git", f"--git-dir={folder}", "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True)
        if known.returncode:
            raise SystemExit(f"{folder} lacks commit {commit} of https://github.com/{name}; git fetch origin {commit} there, "
                             "or clone it whole.")
        return Clone(folder, commit)

    def file(self, path: str) -> str:
        return git(self.folder, "show", f"{self.commit}:{path}").decode()


def listing(clone: Clone) -> list[str]:
    paths = git(clone.folder, "ls-tree", "-r", "-z", "--name-only", clone.commit).decode().split("\0")
    return sorted(path for path in paths if path.lower().endswith(SUFFIXES))


def contents(clone: Clone, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yields each path with its bytes through one `git cat-file` process; paths git cannot serve are skipped."""
    command = ["git", f"--git-dir={clone.folder}", "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for path in paths:
            process.stdin.write(f"{clone.commit}:{path}\n".encode())
            process.stdin.flush()
            words = process.stdout.readline().split()
            if words[-1] == b"missing":
                continue
            data = process.stdout.read(int(words[2]))
            process.stdout.read(1)
            yield path, data
        process.stdin.close()


def numbered(clone: Clone, labels: Clone | None) -> dict[str, str]:
    """Reads labels that stand in a file of numbers or in another repository's folders, by the picture's name."""
    if labels is None:
        numbers = clone.file("train_perfect_preds.txt").split()
        paths = [path for path in listing(clone) if path.startswith("cars_train/")]
        return {path: f"{int(number):03d}" for path, number in zip(sorted(paths), numbers, strict=True)}
    known = {Path(path).name: path.split("/")[-2] for path in listing(labels) if "/image_" in path}
    return {path: known[Path(path).name] for path in listing(clone) if Path(path).name in known}


def labelled(corpus: Corpus, clones: Path) -> dict[str, str]:
    """Maps each picture's path in the repository to its label."""
    clone = Clone.of(corpus.repository, clones)
    if corpus.labels == "csv":
        rows = csv.DictReader(io.StringIO(clone.file("images.csv")))
        known = {f"images/{row['image']}.jpg": row["label"] for row in rows}
        found = {path: known[path] for path in listing(clone) if path in known}
    elif corpus.labels == "numbered":
        found = numbered(clone, Clone.of(corpus.labels_from, clones) if corpus.labels_from else None)
    else:
        paths = [path for path in listing(clone) if path.startswith(corpus.under)]
        found = {path: path.split("/")[int(corpus.labels)].lower() for path in paths}
    return {path: label for path, label in found.items() if label not in corpus.left_out}


def limited(labels: dict[str, str], most_per_label: int | None) -> list[str]:
    """Keeps the pictures of each label whose names' digests are smallest: stable, and independent of the rest."""
    groups = defaultdict(list)
    for path, label in labels.items():
        groups[label].append(path)
    chosen = []
    for paths in groups.values():
        chosen += sorted(paths, key=lambda path: hashlib.sha256(path.encode()).digest())[:most_per_label]
    return sorted(chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="folder to fill; keep it outside the repository")
    parser.add_argument("--clones", type=Path, required=True, help="folder with the clones, <owner>+<name>")
    parser.add_argument("--only", nargs="*", choices=sorted(CORPORA), help="corpora (default: all)")
    options = parser.parse_args()
    for name in options.only or CORPORA:
        corpus = CORPORA[name]
        labels = labelled(corpus, options.clones)
        chosen = limited(labels, corpus.most_per_label)
        for path, data in contents(Clone.of(corpus.repository, options.clones), chosen):
            target = options.output / name / labels[path] / path.replace("/", "_")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        found = {labels[path] for path in chosen}
        print(f"{name} ({corpus.use}): {len(chosen)} pictures, {len(found)} labels", flush=True)


if __name__ == "__main__":
    main()
