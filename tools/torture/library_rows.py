"""Reads a library's catalog without the command: what is in it, and whether it hangs together."""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    """A file that is there, as the catalog knows it."""

    image: int | None
    content: bytes | None  # SHA-256 of its bytes
    vector: bytes | None
    size: tuple | None
    reason: str | None


class Rows:
    """The catalog of a library at this moment.

    It is copied with its write-ahead log and read there, so that looking neither mends nor disturbs what a killed
    process has left. Only while nobody writes.
    """

    def __init__(self, library, scratch):
        shutil.rmtree(scratch, ignore_errors=True)
        Path(scratch).mkdir(parents=True)
        for name in ("catalog.sqlite", "catalog.sqlite-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(Path(library) / name, Path(scratch) / name)
        self.exists = (Path(scratch) / "catalog.sqlite").exists()
        self.files, self.faults, self.contents = {}, [], set()
        if not self.exists:
            return
        self._database = sqlite3.connect(Path(scratch) / "catalog.sqlite")
        with contextlib.closing(self._database):
            if self._has_tables():
                self._read()

    def _has_tables(self):
        names = {name for (name,) in self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {"image", "file", "embedding"} <= names

    def _one(self, sql):
        return self._database.execute(sql).fetchone()[0]

    def _read(self):
        query = """
            SELECT file.path, file.imageID, image.contentHash, embedding.vector, image.width, image.height,
                   file.refusalReason
            FROM file LEFT JOIN image ON image.id = file.imageID
                 LEFT JOIN embedding ON embedding.imageID = file.imageID
            WHERE file.missingSince IS NULL
            """
        for path, image, content, vector, width, height, reason in self._database.execute(query):
            path = path if isinstance(path, bytes) else path.encode()
            if path in self.files:
                self.faults.append(f"{os.path.basename(path)!r} has two rows or two embeddings")
            self.files[path] = Row(image, content, vector, image and (width, height), reason)
        self.contents = {content for (content,) in self._database.execute("SELECT contentHash FROM image")}
        self._find_faults()

    def _find_faults(self):
        said = self._database.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            self.faults.append(f"integrity_check: {said[:3]}")
        keys = self._database.execute("PRAGMA foreign_key_check").fetchall()
        if keys:
            self.faults.append(f"foreign_key_check: {keys[:3]}")
        questions = {
            "images of the same content": "SELECT count(*) - count(DISTINCT contentHash) FROM image",
            "files of the same path": "SELECT count(*) - count(DISTINCT path) FROM file",
            "embeddings without an image":
                "SELECT count(*) FROM embedding WHERE imageID NOT IN (SELECT id FROM image)",
            "files whose image is not there":
                "SELECT count(*) FROM file WHERE imageID IS NOT NULL AND imageID NOT IN (SELECT id FROM image)",
            "images without an embedding":
                "SELECT count(*) FROM image WHERE id NOT IN (SELECT imageID FROM embedding)",
            "embeddings that the journal lacks":
                "SELECT count(*) FROM embedding WHERE NOT EXISTS (SELECT 1 FROM embeddingChange AS c "
                "WHERE c.imageID = embedding.imageID AND c.modelID = embedding.modelID)",
            "files neither indexed nor refused":
                "SELECT count(*) FROM file WHERE (imageID IS NULL) = (refusalReason IS NULL)",
        }
        for what, sql in questions.items():
            if count := self._one(sql):
                self.faults.append(f"{count} {what}")

    def content(self):
        """What a library knows, without the numbers it gave: path → content, size, vector."""
        return {path: (row.content, row.size, row.vector, row.reason) for path, row in self.files.items()}

    def nearest(self, path, limit):
        """The similarities of the true nearest neighbours of a file, computed the plain way; largest first."""
        wanted = unit(self.files[path].vector)
        images = {row.image: row.vector for row in self.files.values() if row.vector}
        return sorted((sum(map(float.__mul__, wanted, unit(vector))) for vector in images.values()),
                      reverse=True)[:limit]


def unit(data):
    values = struct.unpack(f"<{len(data) // 4}f", data)
    length = sum(value * value for value in values) ** 0.5
    return [value / length for value in values]


def digest(path):
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest()
