"""Memory of `lookalike index` as the collection grows."""

import indexing
import pictures
from harness import table


def measure(options):
    """Peak proportional set size while indexing 1,000 pictures and the whole collection."""
    folder = options.collection or pictures.small(options)
    total, found = len(pictures.files_of(folder)), []
    for count in sorted({min(1000, total), total}):
        part = pictures.some_of(folder, count, options.work / "collection")
        run = indexing.index(options, part, options.empty("library-memory"))
        said = run.json
        found.append({"pictures": count, "embedded": said["embedded"], "seconds": said["seconds"],
                      "peakMemoryBytes": run.peak_bytes})
    return {"jobs": 2, "runs": found}


def tables(result):
    rows = [[f"{run['pictures']:,}", run["embedded"] / run["seconds"], run["peakMemoryBytes"] / 1e6]
            for run in result["runs"]]
    return f"`lookalike index`, jobs {result['jobs']}\n\n" + table(["pictures", "pictures/s", "peak memory, MB"], rows)
