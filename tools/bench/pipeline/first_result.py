"""From the start of `lookalike search` to its first result and to its end, files in the page cache."""

import harness
import indexing
import pictures
from harness import spread, table

SEARCHES = 20


def measure(options):
    library = options.library
    if not library:
        library = options.work / "library-samples"
        if not library.exists():
            indexing.index(options, options.samples, library)
    queries = pictures.files_of(options.samples)[:SEARCHES]
    status = harness.run(options.build / "lookalike", "status", "--library", library, "--json").json

    def search(query):
        return harness.run(options.build / "lookalike", "search", query, "--library", library, "--model", options.model)

    for query in queries:  # brings every file into the page cache
        search(query)
    runs = [search(query) for _ in range(options.rounds) for query in queries]
    # What it holds, not where it lies.
    library = {name: status[name] for name in ("images", "files", "models")}
    return {"library": library, "searches": len(runs),
            "firstResultMilliseconds": spread([1000 * run.answer_seconds for run in runs]),
            "wallMilliseconds": spread([1000 * run.wall_seconds for run in runs]),
            "cpuMilliseconds": spread([1000 * run.cpu_seconds for run in runs])}


def tables(result):
    first, wall, cpu = (result[name] for name in ("firstResultMilliseconds", "wallMilliseconds", "cpuMilliseconds"))
    row = [f"{result['library']['images']:,}", result["searches"], first["median"], first["lowest"], first["highest"],
           wall["median"], cpu["median"]]
    return "`lookalike search PICTURE`, milliseconds from its start\n\n" + table(
        ["images", "searches", "to the first result, median", "lowest", "highest", "to the end, median", "CPU, median"],
        [row])
