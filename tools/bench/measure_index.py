"""Indexing from files to a saved index: `lookalike index` beside a Python script made of the best parts."""

import itertools

from harness import median, spread, table

STAGES = ("read", "digest", "decode", "embed", "store", "insert", "save")
PEERS = tuple(itertools.product(("pillow", "pyvips"), ("onnxruntime", "openvino")))


def measure(inputs):
    return {
        "samples": compare(inputs, inputs.samples, inputs.rounds),
        "derived": compare(inputs, inputs.derived_pictures(), max(1, inputs.rounds // 2)),
    }


def compare(inputs, pictures, rounds):
    contenders = {f"lookalike, jobs {jobs}": lambda jobs=jobs: ours(inputs, pictures, jobs) for jobs in (1, 2)}
    contenders |= {
        f"{decoder} + {runtime} + hnswlib, processes 2": (
            lambda decoder=decoder, runtime=runtime: peer(inputs, pictures, 2, decoder, runtime))
        for decoder, runtime in PEERS}
    runs = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            runs[name].append(contender())
    return {"rounds": rounds, "contenders": {name: summary(each) for name, each in runs.items()}}


def ours(inputs, pictures, jobs):
    run = inputs.index(pictures, inputs.folder("library-index"), jobs, watch_memory=True)
    return run, {"embedded": run.json["embedded"], "refused": len(run.json["skipped"]),
                 "seconds": run.json["seconds"], "stageSeconds": run.json["stageSeconds"]}


def peer(inputs, pictures, jobs, decoder, runtime):
    run = inputs.peer("peer_indexer.py", pictures, "--output", inputs.folder("peer-index"), "--jobs", jobs,
                      "--decoder", decoder, "--runtime", runtime, "--model", inputs.peer_model(), watch_memory=True)
    return run, run.json


def summary(runs):
    count = runs[0][1]["embedded"]
    found = {
        "embedded": count,
        "refused": runs[0][1]["refused"],
        "picturesPerSecond": spread([count / said["seconds"] for _, said in runs]),
        "picturesPerSecondWithStart": spread([count / run.wall_seconds for run, _ in runs]),
        "picturesPerCPUSecond": spread([count / run.cpu_seconds for run, _ in runs]),
        "peakMemoryBytes": spread([run.peak_bytes for run, _ in runs]),
    }
    if "stageSeconds" in runs[0][1]:
        found["stageMillisecondsPerPicture"] = {
            stage: 1000 * median([said["stageSeconds"].get(stage, 0) for _, said in runs]) / count
            for stage in STAGES}
    return found


def tables(result):
    parts = []
    for pictures in ("samples", "derived"):
        contenders = result[pictures]["contenders"]
        rows = [[name, each["embedded"], each["picturesPerSecond"]["median"],
                 each["picturesPerSecondWithStart"]["median"], each["picturesPerCPUSecond"]["median"],
                 each["peakMemoryBytes"]["median"] / 1e6] for name, each in contenders.items()]
        parts.append(f"Pictures: {pictures}\n\n" + table(
            ["who", "pictures", "pictures/s", "with start-up", "pictures per CPU second", "peak memory, MB"], rows))
        staged = {name: each["stageMillisecondsPerPicture"] for name, each in contenders.items()
                  if "stageMillisecondsPerPicture" in each}
        parts.append("Milliseconds per picture and stage\n\n" + table(
            ["stage", *staged], [[stage, *(each[stage] for each in staged.values())] for stage in STAGES]))
    return "\n\n".join(parts)
