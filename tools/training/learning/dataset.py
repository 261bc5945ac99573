"""The one file format that all training data comes in, however it was made.

A data set is a text file of one JSON object per line (JSON Lines). The first line is the header; after it come
pictures, then pairs:

    {"format": "lookalike-dataset", "version": 1}
    {"picture": "<sha256>", "path": "flowers/43/image_02400.jpg", "group": "flowers/43", "split": "train"}
    {"pair": ["<sha256>", "<sha256>"], "grade": 0.8, "source": "judgement"}

- `picture` is the digest of the file's bytes: pictures are known by content, not by path. `path` is relative to the
  folder that the commands are given as ROOT.
- `group` says what looks alike: two pictures of a group are positives of each other, pictures of two groups are
  negatives. The part before the first slash is the family; only pictures of one family are told apart by group, since
  a "daisy" of one corpus may well be in the photographs of another. Without `group` a picture has one positive: itself,
  seen otherwise (self-supervision).
- `grade` from 0 to 1 says how alike two pictures are: 1 the same, 0 shown or proposed and refused (a hard negative).
- `split` is "train" or "develop". Nothing in "develop" is trained on, nor anything with the same content; choices
  are made there.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

FORMAT = "lookalike-dataset"
VERSION = 1
SPLITS = ("train", "develop")


class DatasetError(ValueError):
    """A data set or what it is made from is not as it should be; the message says where and what to do."""


@dataclass(frozen=True)
class Picture:
    digest: str
    path: str
    split: str
    group: str | None = None

    @property
    def family(self) -> str | None:
        return None if self.group is None else self.group.split("/", 1)[0]


@dataclass(frozen=True)
class Pair:
    digests: tuple[str, str]
    grade: float
    source: str  # "judgement" or "interaction"


@dataclass
class Dataset:
    pictures: list[Picture] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    def of(self, split: str) -> "Dataset":
        """Returns the pictures of one split and the pairs that lie wholly in it."""
        pictures = [picture for picture in self.pictures if picture.split == split]
        known = {picture.digest for picture in pictures}
        return Dataset(pictures, [pair for pair in self.pairs if known.issuperset(pair.digests)])


def write(path: Path, dataset: Dataset) -> None:
    """Writes the pictures by family, group and path, then the pairs; the same data set gives the same bytes."""
    rows: list[dict] = [{"format": FORMAT, "version": VERSION}]
    for picture in sorted(dataset.pictures, key=lambda one: (one.group or "", one.path)):
        row = {"picture": picture.digest, "path": picture.path, "group": picture.group, "split": picture.split}
        rows.append({name: value for name, value in row.items() if value is not None})
    for pair in sorted(dataset.pairs, key=lambda one: (one.digests, one.source)):
        rows.append({"pair": list(pair.digests), "grade": round(pair.grade, 4), "source": pair.source})
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read(path: Path) -> Dataset:
    """Reads a data set and checks it: one picture per digest, pairs of known pictures, grades from 0 to 1."""
    found = Dataset()
    known: set[str] = set()
    with path.open() as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                if number == 1:
                    if (row.get("format"), row.get("version")) != (FORMAT, VERSION):
                        raise DatasetError(f"expected the header of {FORMAT} version {VERSION}")
                elif "picture" in row:
                    if row["picture"] in known or row["split"] not in SPLITS:
                        raise DatasetError("a picture stands in two lines, or its split is neither train nor develop")
                    known.add(row["picture"])
                    found.pictures.append(Picture(row["picture"], row["path"], row["split"], row.get("group")))
                else:
                    one, other = row["pair"]
                    if one not in known or other not in known or not 0 <= row["grade"] <= 1:
                        raise DatasetError("a pair names an unknown picture, or its grade is not from 0 to 1")
                    found.pairs.append(Pair((one, other), float(row["grade"]), row["source"]))
            except (DatasetError, KeyError, TypeError, ValueError) as error:
                raise DatasetError(f"{path}, line {number}: {error}; make it again with build_dataset.py") from error
    if not found.pictures:
        raise DatasetError(f"{path} has no pictures; make it again with build_dataset.py")
    return found
