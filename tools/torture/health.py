"""Asks a server for signs of life, from a process of its own, so that its times are the server's and not the asker's."""

import multiprocessing
import socket
import time


class HealthWatch:
    """Asks `/healthz` on a new connection, fifty times a second, and keeps how long each answer took."""

    PAUSE = 0.02

    def __init__(self, port, patience):
        self.patience = patience
        forking = multiprocessing.get_context("fork")
        self._ours, theirs = forking.Pipe()
        self._process = forking.Process(target=self._watch, args=(port, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def lap(self):
        """Seconds that each answer since the last lap took, `None` where there was none in time."""
        self._ours.send("lap")
        return self._ours.recv()

    def stop(self):
        self._ours.close()
        self._process.join(2 * self.patience)

    def _watch(self, port, pipe):
        self._ours.close()
        times = []
        while True:
            times.append(self._ask(port))
            try:
                if pipe.poll(self.PAUSE):
                    pipe.recv()
                    pipe.send(times)
                    times = []
            except (EOFError, OSError):
                return

    def _ask(self, port):
        start = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=self.patience) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = b""
                while chunk := connection.recv(4096):
                    answer += chunk
        except OSError:
            return None
        return time.monotonic() - start if b" 200 " in answer[:20] and b"alive" in answer else None


def percentile(times, share):
    """The time that this share of all does not exceed; no answer is longer than any."""
    ranked = sorted(float("inf") if each is None else each for each in times)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("inf")
