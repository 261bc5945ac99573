"""Builds failing_calls.c, and runs the command with one of its file-system calls failing."""

import errno
import mmap
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

OPENING = ("open", "opendir")
READING = (*OPENING, "read", "readdir", "stat", "mmap", "close")
WRITING = ("open", "write", "fsync", "ftruncate", "rename", "mkdir", "mmap", "close")
EVERY = (*dict.fromkeys((*READING, *WRITING, "unlink", "flock")),)


@dataclass
class Series:
    """Which calls fail, how, and with what."""

    error: str  # EIO, ENOSPC or EMFILE
    calls: tuple
    goes_on: bool = False  # whether all later calls fail too

    @property
    def name(self):
        return f"{self.error}{' from then on' if self.goes_on else ''}"


ON_LIBRARY = (Series("EIO", EVERY), Series("ENOSPC", WRITING), Series("ENOSPC", WRITING, True),
              Series("EMFILE", OPENING), Series("EMFILE", OPENING, True))
ON_PICTURES = (Series("EIO", READING), Series("EMFILE", OPENING), Series("ENOSPC", READING))
ON_READING = (Series("EIO", EVERY), Series("EMFILE", OPENING), Series("ENOSPC", WRITING))


class Shim:
    """The preloaded library, and the counter it shares with us."""

    def __init__(self, work):
        self.library = Path(work) / "failing_calls.so"
        command = [shutil.which("cc") or "clang", "-O1", "-shared", "-fPIC", "-o", self.library, HERE / "failing_calls.c", "-ldl"]
        subprocess.run(command, check=True)
        self._file = Path(work) / "failing_calls.state"
        self._file.write_bytes(bytes(4112))

    def environment(self, below, series, number):
        """What a command must be started with so that call `number` at or below a folder fails."""
        self._file.write_bytes(bytes(4112))
        return {
            "LD_PRELOAD": str(self.library), "TORTURE_STATE": str(self._file),
            "TORTURE_BELOW": os.path.realpath(below), "TORTURE_CALLS": f",{','.join(series.calls)},",
            "TORTURE_NTH": str(number), "TORTURE_ERRNO": str(getattr(errno, series.error)),
            "TORTURE_ON": str(int(series.goes_on)),
        }

    def seen(self):
        """How many calls were counted, how many failed, and which failed first, on what."""
        with open(self._file, "r+b") as file, mmap.mmap(file.fileno(), 4112) as state:
            seen, failed = struct.unpack_from("<qq", state)
            call, path = (state[16:48], state[48:4112])
        return seen, failed, call.split(b"\0")[0].decode(), path.split(b"\0")[0].decode(errors="replace")
