"""The network alone: one thread, one picture at a time, 32-bit floats, the same pixels for everybody."""

import peer_model
from harness import median, spread, table


def measure(inputs):
    dump = inputs.folder("network")
    ours, peers = [], {runtime: [] for runtime in peer_model.RUNTIMES}
    for _ in range(inputs.rounds):
        ours.append(inputs_json(inputs, dump))
        for runtime in peers:
            peers[runtime].append(inputs.peer("peer_network.py", dump, "--model", inputs.peer_model(),
                                              "--runtime", runtime).json)
    found = {
        "instructionSet": ours[0]["instructionSet"],
        "matrixLibrary": ours[0]["matrixLibrary"],
        "pictures": ours[0]["pictures"],
        "lookalike": rates(ours, "embed"),
        "lookalikeNetworkOnly": rates(ours, "networkOnly"),
    }
    for runtime, runs in peers.items():
        found[runtime] = rates(runs, "embed") | {"cosineToOurs": runs[0]["cosineToOurs"]}
    return found


def inputs_json(inputs, dump):
    import harness

    return harness.run(inputs.bench, "network", inputs.samples, "--model", inputs.model, "--dump", dump).json


def rates(runs, what):
    count = runs[0]["pictures"] * runs[0]["rounds"]
    return {
        "picturesPerCPUSecond": spread([count / run[what]["cpuSeconds"] for run in runs]),
        "picturesPerSecond": spread([count / run[what]["wallSeconds"] for run in runs]),
    }


def tables(result):
    rows = []
    for name, title in [("lookalike", "lookalike, with cropping and normalising"),
                        ("lookalikeNetworkOnly", "lookalike, forward pass alone"),
                        *((runtime, runtime) for runtime in peer_model.RUNTIMES)]:
        each = result[name]
        pace = each["picturesPerCPUSecond"]
        ratio = median([a / b for a, b in zip(result["lookalikeNetworkOnly"]["picturesPerCPUSecond"]["all"], pace["all"])])
        cosine = each.get("cosineToOurs", {}).get("lowest")
        rows.append([title, pace["median"], each["picturesPerSecond"]["median"], ratio,
                     "" if cosine is None else f"{cosine:.6f}"])
    return table(["who", "pictures per CPU second", "pictures/s", "our forward pass ÷ this", "lowest cosine to ours"],
                 rows)
