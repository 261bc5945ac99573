"""Memory of the server at rest and after thousands of queries; that of indexing is measured by pipeline/run."""

import http.client
import re
import signal
import subprocess
import time
import urllib.parse

import harness
from harness import table

STEPS = (0, 1, 250, 1000, 2000, 4000)


def measure(inputs):
    return {name: measure_server(inputs, path) for name, path in inputs.libraries().items()}


def measure_server(inputs, library):
    pictures = [path.read_bytes() for path in sorted(inputs.samples.rglob("*.jpg"))]
    server = subprocess.Popen([inputs.lookalike, "serve", "--library", library, "--port", "0"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              env=harness.clean_environment())
    try:
        announced = re.search(r"Serving (\d+).*?(http://\S+)", server.stdout.readline())
        if not announced:
            raise SystemExit("the server did not say where it listens")
        address = urllib.parse.urlparse(announced[2])
        connection = http.client.HTTPConnection(address.hostname, address.port)
        asked, steps, start = 0, [], time.monotonic()
        for step in STEPS:
            while asked < step:
                ask(connection, asked, pictures)
                asked += 1
            steps.append({"queries": asked} | harness.resident(server.pid))
        seconds = time.monotonic() - start
        server.send_signal(signal.SIGTERM)
        if server.wait(timeout=30) != 0:
            raise SystemExit(f"the server ended with status {server.returncode}")
    finally:
        server.kill()
        server.wait()
    return {"images": int(announced[1]), "steps": steps, "queriesPerSecond": asked / seconds}


def ask(connection, number, pictures):
    """Every other query brings a picture; the rest ask for what is similar to one of the library."""
    if number % 2 == 0:
        connection.request("POST", "/v1/search?limit=10", pictures[number // 2 % len(pictures)],
                           {"Content-Type": "image/jpeg"})
    else:
        connection.request("GET", f"/v1/images/{number % 200 + 1}/similar?limit=10")
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise SystemExit(f"query {number} was answered with {response.status}: {body[:200]}")


def tables(result):
    rows = [[f"{found['images']:,}", step["queries"], step["anonymousBytes"] / 1e6, step["fileBytes"] / 1e6]
            for name, found in result.items() if name != "machine" for step in found["steps"]]
    return table(["pictures", "queries so far", "private memory, MB", "mapped files, MB"], rows)
