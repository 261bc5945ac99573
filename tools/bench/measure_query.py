"""Latency of queries: within a process that has the library open, and of the command from start to exit."""

import harness
from harness import spread, table

QUERIES = 300  # of each kind


def measure(inputs):
    return {name: measure_library(inputs, path) for name, path in inputs.libraries().items()}


def measure_library(inputs, library):
    inside = harness.run(inputs.bench, "query", inputs.samples, "--library", library, "--model", inputs.model,
                         "--count", QUERIES).json
    picture = sorted(inputs.samples.rglob("*.jpg"))[0]
    commands = {"file": [picture], "image": ["--id", 1]}
    runs = {kind: [] for kind in commands}
    for _ in range(4 * inputs.rounds):
        for kind, words in commands.items():
            runs[kind].append(harness.run(inputs.lookalike, "search", *words, "--library", library, "--json"))
    command = {kind: {
        "wallMilliseconds": spread([1000 * run.wall_seconds for run in each]),
        "cpuMilliseconds": spread([1000 * run.cpu_seconds for run in each]),
    } for kind, each in runs.items()}
    return {"inProcess": inside, "command": command}


def tables(result):
    rows, stages, commands = [], [], []
    for name, found in result.items():
        if name == "machine":
            continue
        inside = found["inProcess"]
        for kind, each in sorted(inside["byKind"].items()):
            rows.append([f"{inside['images']:,}", inside["method"], kind,
                         *(each["wall"][f"{name}Milliseconds"] for name in ("median", "p99")),
                         *(each["cpu"][f"{name}Milliseconds"] for name in ("median", "p99"))])
            stages.append([f"{inside['images']:,}", kind, ", ".join(
                f"{stage} {time['medianMilliseconds']:.2f}" for stage, time in each["stages"].items())])
        for kind, each in found["command"].items():
            commands.append([f"{inside['images']:,}", kind, each["wallMilliseconds"]["median"],
                             each["wallMilliseconds"]["highest"], each["cpuMilliseconds"]["median"]])
    return "\n\n".join([
        "Within one process, milliseconds\n\n" + table(["pictures", "search", "query by", "p50", "p99", "CPU p50", "CPU p99"], rows),
        "Median milliseconds per stage\n\n" + table(["pictures", "query by", "stages"], stages),
        "`lookalike search` from start to exit, milliseconds\n\n"
        + table(["pictures", "query by", "median", "highest", "CPU, median"], commands)])
