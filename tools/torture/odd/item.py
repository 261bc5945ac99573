"""What an odd file is, and what may become of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

# Refusals that say "the bytes are no good"; which of them is a matter of where a decoder stumbles first.
DAMAGED = frozenset({"truncated", "corrupt", "not-an-image", "empty", "unsupported-format", "too-many-pixels",
                     "too-elongated"})
# Refusals by a limit: what is too much is stopped, wherever it is noticed.
TOO_MUCH = frozenset({"too-many-pixels", "too-many-bytes", "too-much-memory", "too-slow", "too-elongated",
                      "corrupt", "truncated", "unsupported-format"})


@dataclass
class Item:
    """One file of the tree, how it is made, and every fate that is right for it."""

    path: bytes  # below the tree, with slashes
    kind: str  # the row of the table it is counted in
    content: bytes | Callable | None = None  # its bytes, or what makes it: called with its path
    twin: Image.Image | None = None  # what it shows, upright; None where nothing can be shown
    readable: bool = False  # whether it may be indexed
    refusals: frozenset = frozenset()  # reasons by which it may be refused
    exclusions: frozenset = frozenset()  # rules by which it may be excluded
    below_excluded: bool = False  # whether it lies in a folder that is passed over, and goes unmentioned
    heavy: bool = False  # whether it is built to take long or much; measured alone even in a quick run
    note: str = field(default="")

    def write(self, root):
        """Makes the file below `root`, with the folders it lies in."""
        path = os.path.join(root, self.path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if callable(self.content):
            self.content(path)
        else:
            with open(path, "wb") as file:
                file.write(self.content)


def readable(path, kind, content, twin, **extra):
    """A picture that must be indexed, and must then find its twin."""
    return Item(as_bytes(path), kind, content, twin=twin, readable=True, **extra)


def refused(path, kind, content, reasons=DAMAGED, **extra):
    """A file that must be refused, for one of these reasons."""
    return Item(as_bytes(path), kind, content, refusals=frozenset(reasons), **extra)


def either(path, kind, content, twin=None, reasons=DAMAGED, **extra):
    """A file that may be refused or indexed; indexed it must show `twin`, where one is given."""
    return Item(as_bytes(path), kind, content, twin=twin, readable=True, refusals=frozenset(reasons), **extra)


def excluded(path, kind, content, *rules, **extra):
    """A file or folder that must be passed over, by one of these rules."""
    return Item(as_bytes(path), kind, content, exclusions=frozenset(rules), **extra)


def below_excluded(path, kind, content):
    """A file in a folder that is passed over as a whole."""
    return Item(as_bytes(path), kind, content, below_excluded=True)


def folder(path):
    os.makedirs(path, exist_ok=True)


def as_bytes(path):
    return path.encode() if isinstance(path, str) else path
