"""From a folder to a searchable index on disk: `lookalike index` beside a Python script made of the best parts."""

import itertools

import decoders
import decoding
import harness
import pictures
from harness import median, spread, table

STAGES = ("read", "digest", "decode", "embed", "store", "insert", "save")
ENGINES = ("onnxruntime-f32", "openvino-f32", "openvino-bf16")
OURS = {"lookalike, jobs 2": (2, None), "lookalike, jobs 1": (1, None), "lookalike, float32, jobs 2": (2, "float32")}


def measure(options):
    return {name: compare(options, folder, trial)
            for name, folder, trial in (("1 MP", pictures.small(options), 200), ("12 MP", pictures.large(options), 24))}


def compare(options, folder, trial):
    trials = try_out(options, pictures.some_of(folder, trial, options.work / "trial-pictures"))
    best = {kind: max((name for name in trials if name.endswith(kind)), key=trials.get) for kind in ("f32", "bf16")}
    contenders = {name: lambda each=each: ours(options, folder, *each) for name, each in OURS.items()}
    contenders |= {name: lambda name=name: peer(options, folder, name) for name in best.values()}
    runs = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, contender in contenders.items():
            runs[name].append(contender())
    return {"set": pictures.describe(folder), "trialPictures": trial, "trialPicturesPerSecond": trials,
            "rounds": options.rounds, "contenders": {name: summary(each) for name, each in runs.items()}}


def try_out(options, folder):
    """Pictures per second of all combinations, the better of two runs."""
    names = [" + ".join(each) for each in itertools.product(decoding.PEERS, ENGINES)]
    found = {}
    for name in names * 2:
        _, said = peer(options, folder, name)
        found[name] = max(found.get(name, 0), said["embedded"] / said["seconds"])
    return found


def ours(options, folder, jobs, precision):
    run = index(options, folder, options.empty("library-index"), jobs, precision)
    return run, run.json


def index(options, folder, library, jobs=2, precision=None):
    chosen = ["--precision", precision] if precision else []
    return harness.run(options.build / "lookalike", "index", folder, "--library", library, "--model", options.model,
                       "--jobs", jobs, *chosen, "--json", watch_memory=True)


def peer(options, folder, name):
    decoder, engine = name.split(" + ")
    run = harness.run(options.python, options.here / "peer_indexer.py", folder, "--output", options.empty("peer-index"),
                      "--jobs", 2, "--decoder", decoder, "--engine", engine, "--models", options.models(),
                      watch_memory=True)
    return run, run.json


def summary(runs):
    count, first = runs[0][1]["embedded"], runs[0][1]
    found = {
        "embedded": count,
        "refused": first["refused"] if "refused" in first else len(first["skipped"]),
        "picturesPerSecond": spread([count / said["seconds"] for _, said in runs]),
        "picturesPerSecondWithStart": spread([count / run.wall_seconds for run, _ in runs]),
        "picturesPerCPUSecond": spread([count / run.cpu_seconds for run, _ in runs]),
        "peakMemoryBytes": spread([run.peak_bytes for run, _ in runs]),
    }
    if "stageSeconds" in first:
        found["stageMillisecondsPerPicture"] = {
            stage: 1000 * median([said["stageSeconds"].get(stage, 0) for _, said in runs]) / count
            for stage in STAGES}
    return found


def tables(result):
    parts = []
    for name, found in result.items():
        contenders = found["contenders"]
        ours = contenders["lookalike, jobs 2"]
        rows = []
        for who, each in contenders.items():
            ratios = [median([mine / theirs for mine, theirs in zip(ours[what]["all"], each[what]["all"])])
                      for what in ("picturesPerSecond", "picturesPerSecondWithStart")]
            rows.append([f"**{who}**" if who.startswith("lookalike") else f"{who} + hnswlib, processes 2",
                         *(each[what]["median"] for what in ("picturesPerSecond", "picturesPerSecondWithStart",
                                                             "picturesPerCPUSecond")),
                         *(f"{ratio:.2f}" for ratio in ratios), each["peakMemoryBytes"]["median"] / 1e6])
        parts.append(f"{name}: {decoding.words(found['set'])}; {found['rounds']} rounds\n\n" + table(
            ["who", "pictures/s", "with start-up", "per CPU s, with start-up", "ours, jobs 2 ÷ this",
             "÷ this, with start-up", "peak memory, MB"], rows))
        staged = {who: each["stageMillisecondsPerPicture"] for who, each in contenders.items()
                  if "stageMillisecondsPerPicture" in each}
        parts.append("Milliseconds per picture and stage\n\n" + table(
            ["stage", *staged], [[stage, *(each[stage] for each in staged.values())] for stage in STAGES]))
        trials = sorted(found["trialPicturesPerSecond"].items(), key=lambda each: -each[1])
        parts.append(f"Trial of the peers' combinations, {found['trialPictures']} pictures, the better of two runs\n\n"
                     + table(["combination", "pictures/s"], trials))
    return "\n\n".join(parts)
