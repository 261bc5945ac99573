"""Sends odd files to the server as queries: each is answered, and the server outlives them all."""

import http.client
import json
import os
import re
import subprocess
import threading
import time

from program import WORKER_DEATHS

ANSWERED, OUTLIVES = "as an upload, a file is answered within 20 s", "the server outlives every upload"
ALIKE = "as an upload, a file meets the fate that it had in indexing"
SECONDS = 20
LARGEST = 32 << 20  # the most the server takes; it says so by 413 and hangs up


def upload_all(run, root, library, verdicts, items):
    """Sends the content of each item, one after the other."""
    log = open(run.work / "server.log", "wb")
    server = run.program.start("serve", "--library", library, "--port", "0", "--no-query-log", "--no-feedback",
                               stdout=subprocess.PIPE, stderr=log)
    try:
        port = announced_port(server)
        for item in items:
            path = os.path.join(root, item.path)
            if not os.path.isfile(path) or os.path.getsize(path) > LARGEST:
                continue
            status, seconds, said = upload(port, path)
            run.count(f"uploads answered {status}")
            run.check(ANSWERED, status is not None and seconds <= SECONDS,
                      f"{item.path!r}: {status} after {seconds:.1f} s, {said}")
            line = verdicts.get(path)
            if line and line.word not in WORKER_DEATHS and status is not None:
                run.check(ALIKE, (line.verdict == "ACK") == (status == 200),
                          f"{item.path!r}: {line.verdict} {line.word}, and {status} as an upload")
            run.check(OUTLIVES, server.poll() is None, f"{item.path!r} ended it with {server.returncode}")
            if server.poll() is not None:
                break
        run.check(OUTLIVES, server.poll() is None and ask(port, "GET", "/healthz")[0] == 200, "at the end")
        server.terminate()
        run.check(OUTLIVES, server.wait(15) == 0, f"it ended with {server.returncode} when it was asked to")
    finally:
        run.program.kill_all()
        server.wait()
        log.close()


def announced_port(server):
    """The port in the server's line about where it serves; its pipe is read from then on."""
    for line in server.stdout:
        if found := re.search(rb"http://[^:/\s]+:(\d+)", line):
            threading.Thread(target=server.stdout.read, daemon=True).start()
            return int(found[1])
    raise SystemExit(f"the server ended with status {server.wait()} before it served anything")


def upload(port, path):
    """Status, seconds, and a word about a failure."""
    start = time.monotonic()
    with open(path, "rb") as file:
        body = file.read()
    try:
        status, _ = ask(port, "POST", "/v1/search?limit=3", body)
        return status, time.monotonic() - start, ""
    except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
        return None, time.monotonic() - start, repr(error)


def ask(port, method, target, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * SECONDS)
    try:
        headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null") if target != "/healthz" else answer.read()
    finally:
        connection.close()
