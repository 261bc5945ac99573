"""Lets the contenders embed the same pixels in turns."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import harness
import numpy as np
import peer_model
from contending import Failed, Process

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
REFERENCE = "torch-eager"
PACKAGES = ("onnxruntime", "openvino", "nncf", "torch")


@dataclass
class Contender:
    name: str
    group: str  # "ours", or what is multiplied: "f32", "bf16", "int8"
    command: list
    streams: bool  # can let two callers share two threads, besides two threads within one call

    def plans(self, threads):
        """In how many streams the threads work; of two plans the faster one counts."""
        if self.group == "ours":
            return [threads]
        return [1, threads] if threads > 1 and self.streams else [1]


def ours(options, pixels):
    program, model = options.build / "lookalike-bench", ROOT / "Models/efficientnet-lite0"
    return [Contender(f"lookalike-{kernels}", "ours",
                      [program, "network", "--model", model, "--pixels", pixels, "--kernels", kernels], True)
            for kernels in ("float32", "bfloat16", *options.kernels)]


def peer(engine, models, pixels):
    runtime, precision = engine.split("-")
    command = [sys.executable, HERE / "peer.py", "--engine", engine, "--models", models, "--pixels", pixels]
    return Contender(engine, precision, command, runtime != "torch")


def measure(options):
    options.work.mkdir(parents=True, exist_ok=True)
    pixels = make_pixels(options)
    models = make_models(options.work, pixels)
    contenders = ours(options, pixels) + [peer(engine, models, pixels) for engine in peer_model.ENGINES]
    if options.only:
        if unknown := set(options.only) - {each.name for each in contenders}:
            raise SystemExit(f"There is no contender {', '.join(sorted(unknown))}.")
        contenders = [each for each in contenders if each.name in (*options.only, REFERENCE)]
    result = {
        "pictures": pixels.stat().st_size // (peer_model.SIDE**2 * 3),
        "multiplyAdds": peer_model.multiply_adds(),
        "packages": {name: version(name) for name in PACKAGES},
        "rounds": options.rounds, "secondsPerPoint": options.seconds,
        "batches": list(options.batches), "threads": list(options.threads), "groups": {}, "kernels": {},
        "quality": {}, "failures": {}, "points": [], "ceilings": [],
    }
    with ExitStack() as stack:
        running = start(contenders, options, result, stack)
        for number in range(options.rounds):
            print(f"Round {number + 1} of {options.rounds} …", file=sys.stderr)
            turn(number, running, options, result)
    return result


def make_pixels(options):
    """The pictures as the network takes them, 224 × 224 bytes RGB, by our decoder."""
    file = options.work / "pixels.u8"
    if not file.exists():
        names = options.work / "pictures.txt"
        names.write_text("".join(f"{path}\n" for path in sorted(options.photos.rglob("*.jpg"))))
        harness.run(options.build / "lookalike-bench", "decode", names, "--output", file)
    return file


def make_models(work, pixels):
    folder = work / "models"
    if not folder.exists():
        partial = work / "models-partial"
        partial.mkdir(exist_ok=True)
        print("Exporting and quantising the peers' network …", file=sys.stderr)
        peer_model.export(partial / "efficientnet-lite0.onnx")
        shape = (-1, peer_model.SIDE, peer_model.SIDE, 3)
        peer_model.quantize(partial / "efficientnet-lite0.onnx", np.fromfile(pixels, np.uint8).reshape(shape), partial)
        partial.rename(folder)
    return folder


def start(contenders, options, result, stack):
    """Starts everybody, lets them compile all shapes, and compares their embeddings with the reference."""
    embeddings, running = {}, []
    for contender in contenders:
        print(f"Preparing {contender.name} …", file=sys.stderr)
        process = stack.enter_context(Process(contender.name, contender.command,
                                              TORCHINDUCTOR_CACHE_DIR=str(options.work / "torch-compiled")))
        try:
            said = process.ask("prepare", batch=1, threads=1, streams=1)
            output = options.work / f"{contender.name}.f32"
            process.ask("embed", output=output)
            embeddings[contender.name] = np.fromfile(output, "<f4").reshape(result["pictures"], -1)
            for threads, batch, streams in shapes(contender, options):
                process.ask("prepare", batch=batch, threads=threads, streams=streams)
        except Failed as failure:
            result["failures"][contender.name] = str(failure)
            continue
        result["groups"][contender.name] = contender.group
        if "version" in said:
            result["kernels"][contender.name] = said["version"]
        running.append((contender, process))
    unit = {name: each / np.linalg.norm(each.astype(np.float64), axis=1, keepdims=True)
            for name, each in embeddings.items()}  # what has quantised the last division needs it
    reference = unit[REFERENCE]
    for name, found in unit.items():
        cosines = (found * reference).sum(axis=1)
        result["quality"][name] = {
            "largestDeviation": float(np.abs(found - reference).max()),
            "lowestCosine": float(cosines.min()), "meanCosine": float(cosines.mean())}
    return running


def shapes(contender, options):
    return [(threads, batch, streams) for threads in options.threads for batch in options.batches
            for streams in contender.plans(threads)]


def turn(number, running, options, result):
    """Each shape by all contenders before the next shape, so that what is compared is measured within seconds."""
    for threads in options.threads:
        ceiling = harness.run(options.build / "lookalike-bench", "peak", "--threads", threads, "--seconds",
                              options.seconds).json
        result["ceilings"].append({"round": number, "threads": threads} | ceiling)
        for batch in options.batches:
            for contender, process in running:
                for streams in contender.plans(threads):
                    said = process.ask("measure", batch=batch, threads=threads, streams=streams,
                                       seconds=options.seconds)
                    result["points"].append({
                        "contender": contender.name, "round": number, "threads": threads, "batch": batch,
                        "streams": streams, "loadAverage": round(os.getloadavg()[0], 2)} | said)
