"""Runs the lookalike command, watches the processes it makes, and reads what it prints."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Refusals that mean a decoding process had to go.
WORKER_DEATHS = ("decoder-crashed", "too-slow", "too-much-memory")


@dataclass
class Line:
    """One line of `index --porcelain`."""

    verdict: str  # ACK, SKIP or EXCLUDED
    path: bytes
    word: str = ""  # the reason or the rule
    seconds: float = 0.0  # after the start, when it was read


@dataclass
class Run:
    """One finished command."""

    status: int  # as a shell sees it; negative for the signal that ended it
    output: bytes
    complaints: str
    seconds: float
    processor_seconds: float = 0.0  # of all its processes together, where they were metered
    timed_out: bool = False
    peak_bytes: int = 0  # of all its processes together
    lines: list = field(default_factory=list)

    @property
    def json(self):
        return json.loads(self.output)

    @property
    def last_words(self):
        """The end of standard error, for a report; nothing that names a folder of this machine."""
        words = self.complaints.strip().splitlines()
        return re.sub(r"/[^\s:]*/", "…/", words[-1])[:300] if words else ""

    @property
    def crashed(self):
        """Whether the command ended in a way no command should."""
        by_signal = self.status < 0 or self.status in (132, 133, 134, 135, 136, 137, 139)
        return by_signal or "Fatal error" in self.complaints


def failed_honestly(result):
    """Whether the command ended by itself, and told why it failed: one line, and a notice or two before it."""
    lines = [line for line in result.complaints.splitlines() if line.strip()]
    says_why = 1 <= len(lines) <= 3 and all(line.startswith("lookalike: ") and len(line) > 20 for line in lines)
    return result.status != 0 and not result.timed_out and not result.crashed and says_why


def outcome(result):
    """How a command ended, in a few words."""
    return f"status {result.status}{', timed out' * result.timed_out}, {result.complaints[-300:]!r}"


class Program:
    """A copy of the command under test, and all that it starts; a new build in the place of the original changes
    nothing."""

    def __init__(self, binary, work):
        work = Path(work).resolve()
        work.mkdir(parents=True, exist_ok=True)
        self.path = work / "lookalike-under-test"
        shutil.copy(binary, self.path)
        self.environment = clean_environment()
        if "LOOKALIKE_MODEL" not in self.environment:
            self.environment["LOOKALIKE_MODEL"] = str(ROOT / "Models/lookalike-base")

    @property
    def version(self):
        return self.run("--version").output.decode().strip()

    def has(self, subcommand):
        """Whether this build knows a subcommand."""
        return self.run("help", subcommand).status == 0 and subcommand in self.run("--help").output.decode()

    def start(self, *arguments, environment=None, **settings):
        """Starts the command in a session of its own."""
        command = [os.fsencode(str(self.path)), *map(as_argument, arguments)]
        settings = {"stdin": subprocess.DEVNULL, "start_new_session": True} | settings
        return subprocess.Popen(command, env=self.environment | (environment or {}), **settings)

    def run(self, *arguments, timeout=120, metered=False, **settings):
        """Runs the command to its end, or kills all of it after `timeout` seconds."""
        start = time.monotonic()
        process = self.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings)
        meter = Meter(self) if metered else None
        complaints, output, stamps = [], [], []
        reader = threading.Thread(target=lambda: complaints.append(process.stderr.read()), daemon=True)
        reader.start()
        ended = threading.Event()
        watchdog = threading.Timer(timeout, lambda: (ended.set(), self.kill_all()))
        watchdog.start()
        for line in process.stdout:
            output.append(line)
            stamps.append(time.monotonic() - start)
        status = process.wait()
        watchdog.cancel()
        seconds = time.monotonic() - start
        peak_bytes, worked = meter.stop() if meter else (0, 0.0)
        reader.join(5)
        words = b"".join(complaints).decode(errors="replace")
        lines = list(parsed(zip(output, stamps)))
        return Run(status, b"".join(output), words, seconds, worked, ended.is_set(), peak_bytes, lines)

    def index(self, folders, library, *options, **settings):
        """Runs `index --porcelain`."""
        return self.run("index", *options, "--library", library, "--porcelain", "--", *listed(folders), **settings)

    def search(self, picture, library, limit=5, **settings):
        """Runs `search --json` without leaving a trace in the query log."""
        return self.run("search", "--limit", limit, "--json", "--library", library, "--no-query-log", "--", picture,
                        **settings)

    def processes(self):
        """The ids of all processes that run this copy, whoever their parent is now."""
        found = []
        wanted = str(self.path)
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    program = os.readlink(f"/proc/{entry}/exe").removesuffix(" (deleted)")
                    if program == wanted and not is_dead(entry):
                        found.append(int(entry))
        return found

    def wait_until_gone(self, seconds):
        """Waits for all processes of this copy to end; returns those that have not."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    def kill_all(self):
        """Ends what this copy has started, and nothing else."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_dead(pid):
    """Whether only its entry is left of a process."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat[stat.rindex(")") + 2] in "ZX"


class Meter:
    """Looks at a program's processes fifty times a second, from a thread: their memory together, their work."""

    def __init__(self, program):
        self._program = program
        self._peak = 0
        self._seconds = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self):
        """Most bytes at one moment, and processor seconds of all processes, also of those that ended."""
        self._ended.set()
        self._thread.join()
        return self._peak, sum(self._seconds.values())

    def _watch(self):
        while not self._ended.wait(0.02):
            pids = self._program.processes()
            self._peak = max(self._peak, sum(map(proportional_set_size, pids)))
            self._seconds |= {pid: seconds for pid in pids if (seconds := processor_seconds(pid))}


def processor_seconds(pid):
    """Processor time that a process has had; 0 when it is gone."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return sum(map(int, stat[stat.rindex(")"):].split()[12:14])) / os.sysconf("SC_CLK_TCK")
    return 0


def proportional_set_size(pid):
    """Bytes of memory a process holds, shared pages divided among those who share them; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def clean_environment():
    """The environment without what would change kernels, threads or the library behind our back."""
    meddling = ("OPENBLAS_", "OMP_", "MKL_", "GOTO_", "VIPS_", "LD_PRELOAD")
    return {name: value for name, value in os.environ.items() if not name.startswith(meddling)}


def listed(folders):
    return folders if isinstance(folders, (list, tuple)) else [folders]


def as_argument(word):
    return word if isinstance(word, bytes) else os.fsencode(str(word))


def parsed(stamped):
    """Lines of porcelain; a last line without its end was never finished and does not count."""
    for line, seconds in stamped:
        if not line.endswith(b"\n"):
            continue
        verdict, _, rest = line[:-1].partition(b" ")
        if verdict == b"ACK":
            yield Line("ACK", unescaped(rest), seconds=seconds)
        elif verdict in (b"SKIP", b"EXCLUDED"):
            word, _, path = rest.partition(b" ")
            yield Line(verdict.decode(), unescaped(path), word.decode(errors="replace"), seconds)


def porcelain(output):
    """The lines of a finished or killed run's whole output."""
    return list(parsed((line, 0.0) for line in output.splitlines(keepends=True)))


def unescaped(path):
    """The bytes of a path as porcelain writes them."""
    def plain(match):
        found = match.group(1)
        return {b"\\": b"\\", b"n": b"\n"}.get(found) or bytes([int(found[1:], 16)])

    return re.sub(rb"\\(\\|n|x[0-9a-f]{2})", plain, path)
