"""Reads the three ways in which training data comes about: labels and judgements, interactions, nothing but
pictures.

Each reader returns what it found in terms of paths under ROOT; `build_dataset.py` puts contents in the place of
paths.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .dataset import DatasetError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
HIGHEST_GRADE = 5


@dataclass(frozen=True)
class Labelled:
    path: str
    label: str | None


@dataclass(frozen=True)
class Graded:
    query: str
    picture: str
    grade: float  # 0 to 1
    source: str


def pictures(root: Path, folder: str) -> Iterator[str]:
    """Yields the pictures below a folder, sorted, relative to the root."""
    if not (root / folder).is_dir():
        raise DatasetError(f"{root / folder} is no folder; check ROOT and the configuration")
    for path in sorted((root / folder).rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path.relative_to(root).as_posix()


def folder_labels(root: Path, folder: str) -> list[Labelled]:
    """Takes the first folder below `folder` as the label of the pictures in it."""
    depth = len(Path(folder).parts)
    return [Labelled(path, Path(path).parts[depth]) for path in pictures(root, folder)
            if len(Path(path).parts) > depth + 1]


def rows(path: Path, columns: set[str], may_be_empty: str = "") -> Iterator[tuple[int, dict[str, str]]]:
    """Yields the rows of a table in UTF-8, each with the number of its line, under column names in small letters.

    Raises DatasetError where a column is missing, or a cell that is none of the one that may be empty.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or []]
            if missing := columns - set(reader.fieldnames):
                raise DatasetError(f"{path}: no column {', '.join(sorted(missing))} in the first line")
            for row in reader:
                empty = [name for name in sorted(columns, key=reader.fieldnames.index)
                         if row[name] is None or (row[name] == "" and name != may_be_empty)]
                if empty:
                    raise DatasetError(f"{path}, line {reader.line_num}: no {', '.join(empty)}")
                yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text in UTF-8 ({error}); save it as such") from error
    except (OSError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def csv_labels(path: Path) -> list[Labelled]:
    """Reads `path,label`; an empty label leaves the picture to self-supervision."""
    return [Labelled(row["path"], row["label"] or None) for _, row in rows(path, {"path", "label"}, may_be_empty="label")]


def judgements(path: Path) -> list[Graded]:
    """Reads `query,image,grade` with grades from 0 to 5, as a judging tool writes them."""
    found = []
    for number, row in rows(path, {"query", "image", "grade"}):
        try:
            grade = float(row["grade"]) / HIGHEST_GRADE
        except ValueError:
            grade = -1.0
        if not 0 <= grade <= 1:
            raise DatasetError(f"{path}, line {number}: grade {row['grade']!r} is not from 0 to {HIGHEST_GRADE}")
        found.append(Graded(row["query"], row["image"], grade, "judgement"))
    return found


def interactions(path: Path, least_shown: int = 1) -> list[Graded]:
    """Reads what people were shown and what they chose.

    One JSON object per line, one line per answered query:

        {"query": "a.jpg", "shown": [{"file": "b.jpg", "position": 1}, …], "clicked": ["b.jpg"]}

    Positions count from 1. A click is a vote for its picture; being passed over is a vote against it only where
    a click lies further down, for then it was certainly seen (the "skip above" rule). Of each (query, picture) the
    grade is clicks / (clicks + skips) with one vote of one half added, so that a single click is not certainty:
    one click gives .75, one skip .25. Pictures without any vote, or voted on fewer than `least_shown` times, say
    nothing.
    """
    clicks: dict[tuple[str, str], int] = defaultdict(int)
    skips: dict[tuple[str, str], int] = defaultdict(int)
    with path.open() as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                positions = {shown["file"]: int(shown["position"]) for shown in row["shown"]}
                clicked = set(row["clicked"])
                if not clicked <= positions.keys():
                    raise DatasetError("a picture was clicked that was not shown")
                last = max((positions[file] for file in clicked), default=0)
                for file, position in positions.items():
                    if file in clicked:
                        clicks[row["query"], file] += 1
                    elif position < last:
                        skips[row["query"], file] += 1
            except (DatasetError, KeyError, TypeError, ValueError) as error:
                raise DatasetError(f"{path}, line {number}: {error}") from error
    found = []
    for pair in sorted(clicks.keys() | skips.keys()):
        votes = clicks[pair] + skips[pair]
        if votes >= least_shown and pair[0] != pair[1]:
            found.append(Graded(*pair, (clicks[pair] + 0.5) / (votes + 1), "interaction"))
    return found
