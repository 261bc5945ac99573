"""Says what stored work was made of, so that none is gone on with, or used, as if it were another's."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> dict:
    """Reads a description.

    Raises SystemExit when there is none, or none that can be read.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path} cannot be read ({error}); make {path.parent} again.") from error


def write(path: Path, description: dict) -> None:
    """Writes a description beside the old one and renames it, so that there is always a whole one."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(description, indent=1) + "\n")
    new.replace(path)


def begun(path: Path, description: dict) -> dict:
    """Returns the description that is stored, which tells how much is `done`, or the given one with nothing done.

    Raises SystemExit when what is stored was made otherwise.
    """
    if not path.exists():
        return {**description, "done": 0}
    before = read(path)
    refuse_other(path.parent, {name: value for name, value in before.items() if name != "done"}, description)
    return before


def differences(before: dict, now: dict, where: str = "") -> Iterator[str]:
    """Yields a line for each entry, in dictionaries within them too, that is not the same in both."""
    for name in sorted(before.keys() | now.keys()):
        one, other = before.get(name), now.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from differences(one, other, f"{where}{name}.")
        elif one != other:
            yield f"{where}{name} was {shown(one)} and is {shown(other)}"


def shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 24 else f"{text[:9]}…{text[-1:]}"


def refuse_other(place: Path, before: dict, now: dict) -> None:
    """Raises SystemExit, with what differs, when `place` was begun with something else than there is now."""
    if found := list(differences(before, now)):
        raise SystemExit(f"{place} was made otherwise ({'; '.join(found)}); name another folder or remove it.")
