"""Turns raw results into curves, ratios, Markdown tables and CSV."""

import csv
import math

from harness import median, table

TARGETS = (0.95, 0.99)
OURS, MAPPED = "lookalike", "lookalike-mapped"


def curve(points, threads=1, mode="batch", round=None, value="queriesPerSecond"):
    """Recall and medians of the value of one contender's points, widest last."""
    chosen = {}
    for point in points:
        if point["threads"] == threads and point["mode"] == mode and round in (None, point["round"]):
            chosen.setdefault(point["width"], []).append(point)
    return [(each[0]["recall"], median([point[value] for point in each])) for _, each in sorted(chosen.items())]


def front(curve):
    """The points nobody else of the curve beats in both recall and speed, in order of recall."""
    best, kept = 0, []
    for recall, speed in sorted(curve, reverse=True):
        if speed > best:
            best = speed
            kept.append((recall, speed))
    return kept[::-1]


def at(curve, recall):
    """Speed at a recall, log speed being linear in recall between neighbours; None where it is not reached.

    A curve that begins above the recall is worth its first point there: the contender cannot have it faster.
    """
    points = front(curve)
    if not points or points[-1][0] < recall:
        return None
    if points[0][0] >= recall:
        return points[0][1]
    for (low, slow), (high, fast) in zip(points, points[1:]):
        if high >= recall:
            share = (recall - low) / (high - low)
            return math.exp(math.log(slow) + share * (math.log(fast) - math.log(slow)))


def by_contender(result):
    found = {}
    for point in result["points"]:
        found.setdefault(point["contender"], []).append(point)
    return found


def speeds(result, recall, threads, mode, value="queriesPerSecond"):
    """For each contender its speed at a recall in each round; contenders that do not reach it are left out."""
    found = {}
    for name, points in by_contender(result).items():
        each = [at(curve(points, threads, mode, number, value), recall) for number in range(result["rounds"])]
        if each and all(each):
            found[name] = each
    return found


def against(found, result, group, ours=OURS):
    """The median of our speed over the best of a group's, round by round, and the best one's name."""
    rivals = {name: each for name, each in found.items() if result["contenders"][name]["group"] == group}
    if not rivals or ours not in found:
        return None
    best = max(rivals, key=lambda name: median(rivals[name]))
    ratios = [mine / max(theirs) for mine, theirs in zip(found[ours], zip(*rivals.values()))]
    return median(ratios), best


def tables(result):
    meta = result["set"]
    parts = [f"### {meta['name']}: {meta['vectors']:,} vectors of {meta['dimension']}, {meta['queries']:,} queries, "
             f"{result['count']} neighbours, {result['rounds']} rounds",
             "Ratios: ours to the best of hnswlib, faiss and usearch, and to the best of the others; medians of "
             "rounds.",
             ratio_table(result), speed_table(result), single_table(result), build_table(result), load_table(result)]
    if result["failures"]:
        parts.append("Not measured:\n\n" + "\n".join(f"- {name}: {why}" for name, why in result["failures"].items()))
    return "\n\n".join(part for part in parts if part)


def ratio_table(result):
    rows = []
    for threads, mode, value, ours, words in (
            (1, "batch", "queriesPerSecond", OURS, "one thread, batch"),
            (1, "batch", "queriesPerCPUSecond", OURS, "one thread, batch, processor time"),
            (1, "single", "queriesPerSecond", OURS, "one thread, one at a time"),
            (2, "batch", "queriesPerSecond", OURS, "two threads, batch"),
            (1, "batch", "queriesPerSecond", MAPPED, "ours mapped; one thread, batch"),
            (1, "single", "queriesPerSecond", MAPPED, "ours mapped; one thread, one at a time")):
        if ours not in result["contenders"]:
            continue
        for recall in TARGETS:
            found = speeds(result, recall, threads, mode, value)
            row = [words, f"{recall:.2f}", median(found[ours]) if ours in found else "not reached"]
            for group in ("usual", "other"):
                best = against(found, result, group, ours)
                row += [f"{best[0]:.2f} ({best[1]})" if best else "–"]
            rows.append(row)
    return table(["use", "recall@10", "ours, queries/s", "to hnswlib, faiss, usearch", "to the others"], rows)


def speed_table(result):
    columns = ["who", "recall reached"]
    columns += [f"queries/s at {recall}, {words}" for words in ("1 thread", "2 threads") for recall in TARGETS]
    rows = []
    for name, points in by_contender(result).items():
        best = max(recall for recall, _ in curve(points))
        row = [bold(name), f"{best:.4f}"]
        for threads in (1, 2):
            row += [at(curve(points, threads), recall) or "–" for recall in TARGETS]
        rows.append(row)
    return table(columns, rows)


def single_table(result):
    """Percentiles at the narrowest width that reaches the recall: there is nothing between two widths."""
    rows = []
    for name, points in by_contender(result).items():
        row = [bold(name)]
        for recall in TARGETS:
            good = [point for point in points if point["mode"] == "single" and point["recall"] >= recall]
            width = min((point["width"] for point in good), default=None)
            each = [point for point in good if point["width"] == width]
            row += [median([point[f"p{share}Microseconds"] for point in each]) if each else "–" for share in (50, 99)]
        rows.append(row)
    columns = [f"{share} at {recall}, µs" for recall in TARGETS for share in ("p50", "p99")]
    return "One query at a time, at the narrowest width that reaches the recall:\n\n" + table(["who", *columns], rows)


def build_table(result):
    ours = result["builds"].get(OURS)
    hnswlib = result["builds"].get("hnswlib")
    rows = []
    for name, build in result["builds"].items():
        by_two, recalls = result["buildsByTwo"].get(name), result["recallByBuild"].get(name)
        cpu, memory = build["cpuSeconds"]["median"], build["memoryBytes"]["median"]
        rows.append([
            bold(name), build["wallSeconds"]["median"], cpu,
            cpu / ours["cpuSeconds"]["median"] if ours else "–",
            build["wallSeconds"]["median"] / by_two["wallSeconds"]["median"] if by_two else "–",
            f"{recalls['one']:.4f}, {recalls['two']:.4f}" if recalls else "–",
            memory / 1e6, memory / hnswlib["memoryBytes"]["median"] if hnswlib else "–", build["savedBytes"] / 1e6])
    columns = ["who", "build, wall s", "CPU s", "CPU s ÷ ours", "faster by two threads", "recall, built by one, two",
               "private memory, MB", "÷ hnswlib's", "saved, MB"]
    return table(columns, rows)


def load_table(result):
    rows = []
    for name in dict.fromkeys(load["contender"] for load in result["loads"]):
        loads = [load for load in result["loads"] if load["contender"] == name]
        row = [bold(name)]
        for cold in (False, True):
            each = [1000 * load["firstAnswerSeconds"] for load in loads if load["cold"] == cold]
            row.append(median(each) if each else "–")
        serving = [load["servingBytes"] / 1e6 for load in loads if "servingBytes" in load]
        rows.append(row + [median(serving) if serving else "–"])
    return "Loading up to the first answer; memory, mapped files included, after all searches:\n\n" + table(
        ["who", "ms, file in memory", "ms, file on disk only", "MB when serving"], rows)


def bold(name):
    return f"**{name}**" if name in (OURS, MAPPED) else name


def write_csv(results, file):
    """One row per contender, set, number of threads, mode and width: medians over the rounds."""
    columns = ["set", "contender", "threads", "mode", "width", "recall", "queriesPerSecond", "queriesPerCPUSecond",
               "p50Microseconds", "p99Microseconds"]
    with open(file, "w", newline="") as target:
        writer = csv.DictWriter(target, columns)
        writer.writeheader()
        for result in results:
            groups = {}
            for point in result["points"]:
                key = tuple(point[name] for name in ("contender", "threads", "mode", "width"))
                groups.setdefault(key, []).append(point)
            for key, points in groups.items():
                row = dict(zip(columns[1:5], key)) | {"set": result["set"]["name"]}
                for name in columns[5:]:
                    if name in points[0]:
                        row[name] = round(median([point[name] for point in points]), 5)
                writer.writerow(row)
