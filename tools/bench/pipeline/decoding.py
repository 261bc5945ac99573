"""The decode stage: files to pixels of the network's size on one thread, and how near those pixels are to the truth."""

import decoders
import harness
import numpy as np
import peer_model
import pictures
from contending import Process
from harness import median, table

OURS, TRUTH = "lookalike", "pillow-full"
PEERS = [name for name in decoders.DECODERS if name != TRUTH]


def measure(options):
    return {"1 MP": compare(options, pictures.small(options)), "12 MP": compare(options, pictures.large(options))}


def compare(options, folder, most=250):
    files = pictures.files_of(pictures.some_of(folder, most, options.work / "decode-pictures"))
    names = options.work / "decode-pictures.txt"
    names.write_text("".join(f"{path}\n" for path in files))
    runs = {who: [] for who in (OURS, *PEERS)}
    for _ in range(options.rounds):
        for who, found in runs.items():
            found.append(decode(options, who, names))
    decode(options, TRUTH, names)
    return {
        "set": pictures.describe(folder), "decoded": len(files), "rounds": options.rounds,
        "seconds": {who: [run["decode"] for run in each] for who, each in runs.items()},
        "cosines": cosines(options, [OURS, *PEERS]),
    }


def pixels_of(options, who):
    return options.work / f"decoded-{who}.u8"


def decode(options, who, names):
    if who == OURS:
        command = [options.build / "lookalike-bench", "decode", names]
    else:
        command = [options.python, options.here / "peer_decoder.py", names, "--decoder", who]
    return harness.run(*command, "--output", pixels_of(options, who)).json


def cosines(options, names):
    """Between embeddings of each decoder's pixels and of a full decode's, all embedded by our 32-bit kernels."""
    truth = embeddings(options, TRUTH)
    found = {who: (embeddings(options, who) * truth).sum(axis=1) for who in names}
    return {who: {"mean": float(each.mean()), "lowest": float(each.min())} for who, each in found.items()}


def embeddings(options, who):
    output = options.work / "embeddings.f32"
    command = [options.build / "lookalike-bench", "network", "--model", options.model, "--pixels",
               pixels_of(options, who)]
    with Process(who, command) as process:
        process.ask("embed", output=output)
    count = pixels_of(options, who).stat().st_size // (peer_model.SIDE**2 * 3)
    return np.fromfile(output, "<f4").reshape(count, -1).astype(np.float64)


def tables(result):
    parts = []
    for name, found in result.items():
        rates = {who: [found["decoded"] / each["cpuSeconds"] for each in runs]
                 for who, runs in found["seconds"].items()}
        rows = []
        for who, each in rates.items():
            ratio = median([mine / theirs for mine, theirs in zip(rates[OURS], each)])
            wall = median([found["decoded"] / run["wallSeconds"] for run in found["seconds"][who]])
            cosine = found["cosines"][who]
            rows.append([f"**{who}**" if who == OURS else who, median(each), wall, f"{ratio:.2f}",
                         f"{cosine['mean']:.4f}", f"{cosine['lowest']:.4f}"])
        parts.append(f"{name}: {found['decoded']} of {words(found['set'])}; {found['rounds']} rounds; one thread\n\n"
                     + table(["who", "pictures per CPU second", "pictures/s", "ours ÷ this, per CPU second",
                              "mean cosine to full decode", "lowest"], rows))
    return "\n\n".join(parts)


def words(found):
    return (f"{found['pictures']:,} JPEGs of {found['megapixels']:.1f} MP, {found['kilobytes']:,.0f} kB each")
