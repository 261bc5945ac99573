"""Tables of what `comparison.measure` has found."""

from harness import median, table

OURS = {"f32": "lookalike-float32", "bf16": "lookalike-bfloat16", "int8": "lookalike-bfloat16"}
KINDS = {"f32": "32-bit floats", "bf16": "bfloat16", "int8": "8 bits; ours is bfloat16"}


def rates(result, name, threads, batch, value=lambda point: point["perSecond"]):
    """The value in each round, of the plan that is the fastest on the median; None when it was not measured."""
    plans = {}
    for point in result["points"]:
        if (point["contender"], point["threads"], point["batch"]) == (name, threads, batch):
            plans.setdefault(point["streams"], []).append(point)
    if not plans:
        return None
    best = max(plans.values(), key=lambda points: median([point["perSecond"] for point in points]))
    return [value(point) for point in best]


def per_cpu_second(point):
    return point["count"] / point["cpuSeconds"]


def tables(result):
    rounds, seconds = result["rounds"], result["secondsPerPoint"]
    parts = [f"{result['pictures']} pictures, {rounds} rounds, {seconds:g} s for each point; "
             f"{result['multiplyAdds'] / 1e6:.1f} M multiply-adds a picture; our kernels: "
             + ", ".join(sorted(set(result["kernels"].values()))) + "; "
             + ", ".join(f"{name} {number}" for name, number in result["packages"].items())]
    parts += [speed_table(result, threads) for threads in result["threads"]]
    parts += [ratio_table(result), scaling_table(result), quality_table(result)]
    if result["failures"]:
        parts.append("Not measured:\n\n" + "\n".join(f"- {name}: {why}" for name, why in result["failures"].items()))
    return "\n\n".join(part for part in parts if part)


def ceilings(result, threads):
    return [each["multiplyAddsPerSecond"] for each in result["ceilings"] if each["threads"] == threads]


def speed_table(result, threads):
    """Wall time, processor time, and the share of what the processor can do in 32-bit floats."""
    most, rows = ceilings(result, threads), []
    for name in result["groups"]:
        row = [bold(name)]
        for value in (lambda point: point["perSecond"], per_cpu_second):
            for batch in result["batches"]:
                found = rates(result, name, threads, batch, value)
                row.append(median(found) if found else "–")
        found = rates(result, name, threads, result["batches"][0])
        row.append(2 * result["multiplyAdds"] * median(found) / 1e9)
        row.append(f"{median([result['multiplyAdds'] * mine / peak for mine, peak in zip(found, most)]):.0%}")
        rows.append(row)
    speeds = [f"{what}, batch {batch}" for what in ("pictures/s", "per CPU s") for batch in result["batches"]]
    columns = ["who", *speeds,
               f"GFLOP/s, batch {result['batches'][0]}", "of the ceiling"]
    words = "One thread" if threads == 1 else f"{threads} threads"
    return (f"{words}; ceiling of 32-bit floats {2 * median(most) / 1e9:.0f} GFLOP/s\n\n" + table(columns, rows))


def ratio_table(result):
    """Ours to each peer, and to the best of its kind; medians of each round's ratio."""
    rows = []
    for kind, mine in OURS.items():
        peers = [name for name, group in result["groups"].items() if group == kind]
        if mine not in result["groups"] or not peers:
            continue
        for threads in result["threads"]:
            for batch in result["batches"]:
                row = [KINDS[kind], threads, batch]
                for value in (lambda point: point["perSecond"], per_cpu_second):
                    theirs = {name: rates(result, name, threads, batch, value) for name in peers}
                    best = max(theirs, key=lambda name: median(theirs[name]))
                    ratios = [a / b for a, b in zip(rates(result, mine, threads, batch, value), theirs[best])]
                    row += [f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})", best]
                rows.append(row)
    return "Ours to the fastest peer: median of the rounds' ratios, lowest and highest\n\n" + table(
        ["what is multiplied", "threads", "batch", "pictures/s", "fastest peer", "per CPU s", "fastest peer"], rows)


def scaling_table(result):
    if not {1, 2} <= set(result["threads"]):
        return ""
    rows = []
    for name in result["groups"]:
        each = [median([two / one for one, two in zip(rates(result, name, 1, batch), rates(result, name, 2, batch))])
                for batch in result["batches"]]
        rows.append([bold(name), *each])
    peak = median([two / one for one, two in zip(ceilings(result, 1), ceilings(result, 2))])
    rows.append(["the ceiling", peak, *[""] * (len(result["batches"]) - 1)])
    columns = ["who", *(f"batch {batch}" for batch in result["batches"])]
    return "Two threads to one, pictures/s\n\n" + table(columns, rows)


def quality_table(result):
    rows = [[bold(name), f"{each['largestDeviation']:.2g}", f"{each['lowestCosine']:.6f}", f"{each['meanCosine']:.6f}"]
            for name, each in result["quality"].items()]
    return "Embeddings beside those of the original PyTorch network in 32-bit floats\n\n" + table(
        ["who", "largest deviation of a component", "lowest cosine", "mean cosine"], rows)


def bold(name):
    return f"**{name}**" if name.startswith("lookalike") else name
