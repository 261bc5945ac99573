#!/usr/bin/env python3
"""Makes one data set file out of labels, judgements, interactions and plain pictures (learning/dataset.py).

First contents are compared: pictures of equal bytes become one, pictures that look equal stay together on one side
of the split, and whatever is also found below --keep-out (the evaluation sets) is dropped. Then the data is split:
of the labelled pictures whole labels go to the development side, of the others whole contents.

The configuration (TOML) says where things are below ROOT:

    develop = 0.2                 # share of labels, or of unlabelled contents
    seed = 1

    [[labels]]
    folder = "flowers"            # the folders in it are the labels; or csv = "labels.csv" with columns path,label
    family = "flowers"            # groups are told apart within a family only (default: the folder's name)

    [[judgements]]
    csv = "judgements.csv"        # query,image,grade

    [[interactions]]
    jsonl = "interactions.jsonl"  # {"query": …, "shown": [{"file": …, "position": …}], "clicked": [...]}

    [[pictures]]
    folder = "holidays"           # nothing known: self-supervision
"""

import argparse
import hashlib
import tomllib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from learning import sources
from learning.dataset import Dataset, DatasetError, Pair, Picture, write
from learning.duplicates import clusters, fingerprint, near


def gather(root: Path, configuration: dict) -> tuple[dict[str, str | None], list[sources.Graded]]:
    """Reads all sources; returns each path's group and the graded pairs of paths."""
    groups: dict[str, str | None] = {}
    for entry in configuration.get("labels", []):
        name = entry.get("folder") or Path(entry["csv"]).stem
        family = entry.get("family", name)
        found = sources.csv_labels(root / entry["csv"]) if "csv" in entry else sources.folder_labels(root, name)
        for one in found:
            if one.label is None:
                groups.setdefault(one.path, None)
            else:
                groups[one.path] = f"{family}/{one.label}"
    graded = []
    for entry in configuration.get("judgements", []):
        graded += sources.judgements(root / entry["csv"])
    for entry in configuration.get("interactions", []):
        graded += sources.interactions(root / entry["jsonl"], entry.get("least_shown", 1))
    for entry in configuration.get("pictures", []):
        for path in sources.pictures(root, entry["folder"]):
            groups.setdefault(path, None)
    graded = [replace(one, query=under(root, one.query), picture=under(root, one.picture)) for one in graded]
    for one in graded:
        groups.setdefault(one.query, None)
        groups.setdefault(one.picture, None)
    return groups, graded


def under(root: Path, name: str) -> str:
    """Returns a file's path relative to the root; `lookalike` exports absolute ones."""
    if not Path(name).is_absolute():
        return name
    try:
        return Path(name).relative_to(root.resolve()).as_posix()
    except ValueError:
        raise DatasetError(f"{name} does not lie below {root}; give a folder above it as ROOT") from None


def fingerprints(paths: list[Path], workers: int) -> tuple[list[str | None], np.ndarray]:
    """Returns digest and perceptual hash of each picture; None where a file is no picture."""
    with ProcessPoolExecutor(workers) as pool:
        found = list(pool.map(attempt, paths, chunksize=64))
    hashes = np.zeros((len(found), 4), dtype=np.uint64)
    for number, one in enumerate(found):
        if one is not None:
            hashes[number] = one[1]
    return [None if one is None else one[0] for one in found], hashes


def attempt(path: Path) -> tuple[str, np.ndarray] | None:
    try:
        return fingerprint(path)
    except (OSError, ValueError):
        return None


def share(seed: int, key: str) -> float:
    """Maps a key to [0, 1): the same for the same seed, whatever else is in the data set."""
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def assemble(
    groups: dict[str, str | None], graded: list[sources.Graded], digests: dict[str, str], same: dict[str, str],
    kept_out: set[str], seed: int, develop: float,
) -> Dataset:
    """Splits by content. `same` maps a digest to the first digest of its cluster of look-alikes.

    A label's pictures go one way. A cluster whose labels would go both ways is dropped: either side would leak. So is
    one in which equal bytes have two labels. A picture without a label goes where its cluster goes.
    """

    def side(key: str) -> str:
        return "develop" if share(seed, key) < develop else "train"

    sides: dict[str, set[str]] = {}
    chosen: dict[str, tuple[str, str | None]] = {}
    ambiguous = set()
    for path, group in groups.items():
        digest = digests.get(path)
        if digest is None or same[digest] in kept_out:
            continue
        before = chosen.setdefault(digest, (path, group))[1]
        if group is None:
            continue
        if before is None:
            chosen[digest] = (path, group)
        elif before != group:
            ambiguous.add(same[digest])
        sides.setdefault(same[digest], set()).add(side(group))
    found = Dataset()
    for digest, (path, group) in chosen.items():
        ways = sides.get(same[digest]) or {side(same[digest])}
        if len(ways) == 1 and same[digest] not in ambiguous:
            found.pictures.append(Picture(digest, path, *ways, group))
    split = {picture.digest: picture.split for picture in found.pictures}
    pairs = {}
    for one in graded:
        ends = digests.get(one.query), digests.get(one.picture)
        if None not in ends and split.get(ends[0], 0) == split.get(ends[1], 1) and ends[0] != ends[1]:
            pairs[ends, one.source] = Pair(ends, one.grade, one.source)
    found.pairs = list(pairs.values())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configuration", type=Path, help="TOML file, see above")
    parser.add_argument("root", type=Path, help="folder that all paths are relative to")
    parser.add_argument("output", type=Path, help="data set file to write")
    parser.add_argument("--keep-out", type=Path, nargs="*", default=[], metavar="FOLDER",
                        help="folders whose contents must not be in the data set: the evaluation sets")
    parser.add_argument("--workers", type=int, default=2, help="processes that decode (default: %(default)s)")
    options = parser.parse_args()
    configuration = tomllib.loads(options.configuration.read_text())
    try:
        groups, graded = gather(options.root, configuration)
    except DatasetError as error:
        raise SystemExit(f"build_dataset.py: {error}.") from error
    paths = list(groups)
    outside = [path for folder in options.keep_out for path in sorted(folder.rglob("*"))
               if path.suffix.lower() in sources.SUFFIXES]
    print(f"{len(paths)} pictures, {len(graded)} graded pairs; {len(outside)} pictures to keep out", flush=True)
    names, hashes = fingerprints([options.root / path for path in paths] + outside, options.workers)
    inside = hashes[:len(paths)]
    digests = {path: name for path, name in zip(paths, names) if name is not None}
    order = [number for number, name in enumerate(names) if name is not None]
    first = {name: number for number, name in reversed(list(enumerate(names))) if name is not None}
    pairs = near(inside, inside) + [(one, other + len(paths)) for one, other in near(inside, hashes[len(paths):])]
    pairs = [pair for pair in pairs if names[pair[0]] and names[pair[1]]]
    pairs += [(number, first[names[number]]) for number in order]
    roots = clusters(len(names), pairs)
    same = {names[number]: names[roots[number]] for number in order}
    kept_out = {same[name] for name in names[len(paths):] if name is not None}
    dataset = assemble(groups, graded, digests, same, kept_out, configuration.get("seed", 1),
                       configuration.get("develop", 0.2))
    write(options.output, dataset)
    kept = Counter((picture.family or "unlabelled", picture.split) for picture in dataset.pictures)
    for (family, split), count in sorted(kept.items()):
        labels = len({one.group for one in dataset.pictures
                      if (one.family or "unlabelled", one.split) == (family, split)})
        print(f"{family:12} {split:8} {count:6} pictures, {labels} groups")
    print(f"{options.output}: {len(dataset.pictures)} pictures, {len(dataset.pairs)} pairs; left out "
          f"{len(names) - len(order)} that are no pictures, {len(digests) - len(dataset.pictures)} duplicates and "
          "contents of both sides")


if __name__ == "__main__":
    main()
