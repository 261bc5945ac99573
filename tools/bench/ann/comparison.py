"""The whole comparison on one set: builds in turns, searches in turns, and what came of it as one dictionary."""

from copy import copy
from dataclasses import replace

import builds
import searching
from harness import spread

COMPARED_WIDTH = 100  # at which indexes built by one and by two threads are compared


def build(vectors, contenders, options):
    """Builds in turns; returns the indexes there are then and their records, each by the number of threads."""
    big = vectors.name == "million"
    wanted = 1 if big else options.build_rounds
    kept = {threads: [builds.Kept(each, vectors, threads=threads) for each in contenders
                      if threads == 1 or each.group != "exact" and not (big and each.group != "ours")]
            for threads in (1, 2)}
    # One round of one thread, one of two, and so on: both kinds meet the same moods of the machine.
    for number in range(wanted):
        for threads in options.build_threads:
            builds.rounds(kept[threads], number + 1, rebuild=options.rebuild and number == 0)
    kept = {threads: [each for each in those if each.record()] for threads, those in kept.items()}
    return kept, {threads: {each.contender.name: each.record() for each in those} for threads, those in kept.items()}


def measure(vectors, contenders, options):
    kept, records = build(vectors, contenders, options)
    failures = {name: record["failure"] for name, record in records[1].items() if "failure" in record}
    able = [each for each in kept[1] if each.contender.name not in failures]
    turns = searching.Turns(vectors, able + mapped(able), options)
    found = turns.run(options.rounds)
    return {
        "set": vectors.meta, "rounds": options.rounds, "count": searching.COUNT,
        "contenders": {each.contender.name: {"settings": each.contender.identity, "group": each.contender.group}
                       for each in kept[1] + mapped(kept[1])},
        "builds": {name: summary(record) for name, record in records[1].items() if name not in failures},
        "buildsByTwo": {name: summary(record) for name, record in records[2].items() if "failure" not in record},
        "recallByBuild": recall_by_build(vectors, kept, failures, options),
        "loads": found["loads"], "points": found["points"], "failures": failures | found["failures"],
    }


def mapped(kept):
    """Ours once more, searched in its mapped file as a library opens it; else it is in memory, as the peers are."""
    found = []
    for each in kept:
        if each.contender.group == "ours":
            found.append(copy(each))
            found[-1].contender = replace(each.contender, name=f"{each.contender.name}-mapped", loading={})
    return found


def summary(record):
    values = {name: spread([build[name] for build in record["builds"]])
              for name in ("wallSeconds", "cpuSeconds", "memoryBytes")}
    return values | {"savedBytes": record["save"]["bytes"], "note": record.get("note")}


def recall_by_build(vectors, kept, failures, options):
    """Recall of the index one thread has built and of the one two have, at the same width."""
    found = {}
    for by_two in kept[2]:
        name = by_two.contender.name
        by_one = next(each for each in kept[1] if each.contender.name == name)
        if name in failures or "failure" in by_two.record():
            continue
        width = min(by_two.contender.widths, key=lambda width: abs(width - COMPARED_WIDTH))
        found[name] = {"width": width}
        for label, index in (("one", by_one), ("two", by_two)):
            turns = searching.Turns(vectors, [index], options, uses=((1, "batch"),))
            turns.plan[name, 1, "batch"] = {width: (1, None)}
            found[name][label] = turns.run(1)["points"][0]["recall"]
    return found
