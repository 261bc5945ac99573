"""Runs programs and tells what they cost; knows nothing of pictures or vectors."""

import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path


def enter_environment(folder, requirements):
    """Continues this program in the peers' environment, made when it is missing or its requirements have changed."""
    python, stamp = folder / "bin/python", folder / "requirements.sha256"
    if Path(sys.prefix).resolve() == folder.resolve():
        return
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing the peers into {folder} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        stamp.write_text(wanted)
    os.execv(python, [python, *sys.argv])


@dataclass
class Run:
    """One finished program."""

    output: str
    wall_seconds: float
    cpu_seconds: float  # user and system, of the program and all it started
    answer_seconds: float  # until its first line stood on standard output
    peak_bytes: int  # largest proportional set size of the program and all it started, seen every 0.1 s

    @property
    def json(self):
        return json.loads(self.output)


def clean_environment():
    """The environment without what would change a library's choice of kernels or threads behind our back."""
    meddling = ("OPENBLAS_", "OMP_", "MKL_", "GOTO_", "LOOKALIKE_", "VIPS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(meddling)}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def run(*command, watch_memory=False):
    """Runs a program to its end; a status other than 0 stops the benchmark with what the program said."""
    command = [str(word) for word in command]
    start = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment())
    complaints = []
    reader = threading.Thread(target=lambda: complaints.append(process.stderr.read()), daemon=True)
    reader.start()
    peak = PeakMemory(process.pid) if watch_memory else None
    output = process.stdout.readline()
    answer = time.monotonic() - start
    output += process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    reader.join()
    peak_bytes = peak.stop() if peak else 0
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\nended with status {process.returncode}:\n{complaints[0][-2000:]}")
    return Run(output, wall, usage.ru_utime + usage.ru_stime, answer, peak_bytes)


class PeakMemory:
    """Watches a process and its descendants from a thread."""

    def __init__(self, pid):
        self._pid = pid
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self):
        self._ended.set()
        self._thread.join()
        return self._peak

    def _watch(self):
        while not self._ended.wait(0.1):
            self._peak = max(self._peak, sum(map(proportional_set_size, family(self._pid))))


def family(pid):
    """The process and its descendants."""
    found = [pid]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, tasks.read_text().split())
            except OSError:
                pass
    return found


def proportional_set_size(pid):
    """Bytes of memory a process holds, shared pages divided among those who share them; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def resident(pid):
    """What a process has in RAM: private memory, and mapped files."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {
        "anonymousBytes": int(fields["RssAnon"].split()[0]) * 1024,
        "fileBytes": int(fields["RssFile"].split()[0]) * 1024,
    }


def machine():
    """The machine in neutral words: what decides about speed, and nothing that names it."""
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = set(fields.get("flags", "").split())
    sets = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16"]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return {
        "processor": f"{fields.get('model name', platform.machine())}, "
        f"family {fields.get('cpu family')} model {fields.get('model')}",
        "cores": os.cpu_count(),
        "instructionSets": [name for name in sets if name in flags],
        "memoryGiB": round(memory),
        "loadAverageAtStart": round(os.getloadavg()[0], 1),
    }


def median(values):
    return statistics.median(values)


def spread(values):
    """Lowest and highest of the values, beside their median."""
    return {"median": median(values), "lowest": min(values), "highest": max(values), "all": list(values)}


def table(columns, rows):
    """A Markdown table; numbers are given three significant digits."""

    def cell(value):
        if not isinstance(value, float):
            return str(value)
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines)
