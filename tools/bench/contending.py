"""Contenders that are programs of their own and do what JSON lines ask for, so that they can take turns."""

import json
import subprocess
import tempfile
from pathlib import Path

import harness


class Failed(Exception):
    """A contender cannot do what it was asked for; says why."""


class Process:
    """A running contender; used in a `with` statement, at whose end it is gone."""

    def __init__(self, name, command, **environment):
        self.name = name
        self._complaints = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints,
            text=True, env=harness.clean_environment() | environment)

    def ask(self, do, **words):
        request = {"do": do} | {name: str(word) if isinstance(word, Path) else word for name, word in words.items()
                                if word is not None}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"{do}: ended with status {self._process.wait()}: {self._last_words()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{do}: {answer['error']}")
        return answer

    def _last_words(self):
        self._complaints.seek(0)
        return self._complaints.read()[-400:].strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            try:
                self._process.stdin.write('{"do":"quit"}\n')
                self._process.stdin.close()
                self._process.wait(20)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()
        self._complaints.close()
