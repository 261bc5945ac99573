#!/usr/bin/env python3
"""Computes once what training reads thousands of times: the front's output for every view of every picture.

Writes into FOLDER: features.bin (bfloat16, picture × view × channels × positions), targets.npy (float16, the
origin's 1280 pooled features of the plain view, which distillation keeps to) and cache.json. Stopped and started
again, it goes on where it was.
"""

import argparse
import dataclasses
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from learning import stored
from learning.configuration import Views, read
from learning.dataset import Picture, read as read_dataset
from learning.network import FEATURES, Front, Rear, side_before
from learning.views import Input, normalised, views

CHUNK = 64


def compiled(module: torch.nn.Module, side: int, precision: str) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Returns the module as a function of OpenVINO's."""
    import openvino

    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
    example = torch.zeros(1, 3, side, side)
    model = openvino.convert_model(module, example_input=example, input=[-1, 3, side, side])
    hints = {"INFERENCE_NUM_THREADS": torch.get_num_threads(), "INFERENCE_PRECISION_HINT": precision}
    found = openvino.compile_model(model, "CPU", hints)
    return lambda batch: list(found(batch).values())


class Extractor:
    """Runs the front, and for targets the whole network, on the fastest thing there is."""

    def __init__(self, tensors: dict[str, torch.Tensor], configuration: Views, engine: str) -> None:
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.front = Front(tensors, configuration.cut).eval().to(self.device)
        self.rear = Rear(tensors, configuration.cut, configuration.side).eval().to(self.device)
        self.run = compiled(self.front, configuration.side, "bf16") if engine == "openvino" else None

    @torch.no_grad()
    def __call__(self, pixels: np.ndarray) -> torch.Tensor:
        """Maps uint8 (count, side, side, 3) to bfloat16 (count, channels, positions)."""
        batch = normalised(pixels)
        if self.run is not None:
            return torch.from_numpy(self.run(batch)[0]).bfloat16()
        with torch.autocast(self.device, torch.bfloat16):
            return self.front(torch.from_numpy(batch).to(self.device)).bfloat16().cpu()

    @torch.no_grad()
    def targets(self, features: torch.Tensor) -> np.ndarray:
        found = self.rear.features(features.to(self.device).permute(1, 0, 2).contiguous())
        return found.cpu().numpy().astype(np.float16)


def picture_views(root: Path, picture: Picture, configuration: Views) -> np.ndarray:
    size = Input(configuration.side, configuration.shorter_side)
    return views(root / picture.path, picture.digest, size, configuration.changes(), configuration.seed)


def fill(folder: Path, root: Path, pictures: list[Picture], configuration: Views, extractor: Extractor,
         description: dict, workers: int) -> None:
    shape = tuple(description["shape"])
    done = description["done"]
    features = np.memmap(folder / "features.bin", np.uint16, "r+" if done else "w+", shape=shape)
    targets = np.lib.format.open_memmap(folder / "targets.npy", "r+" if done else "w+", np.float16,
                                        (shape[0], FEATURES))
    began, first = time.monotonic(), done
    with ProcessPoolExecutor(workers) as pool:
        for start in range(done, len(pictures), CHUNK):
            part = pictures[start:start + CHUNK]
            pixels = np.stack(list(pool.map(picture_views, [root] * len(part), part, [configuration] * len(part))))
            found = torch.cat([extractor(batch) for batch in np.array_split(
                pixels.reshape(-1, *pixels.shape[2:]), shape[1] * CHUNK // 16)])
            found = found.reshape(len(part), *shape[1:])
            features[start:start + len(part)] = found.view(torch.int16).numpy().view(np.uint16)
            targets[start:start + len(part)] = extractor.targets(found[:, 0])
            description["done"] = start + len(part)
            if start // CHUNK % 20 == 0 or description["done"] == len(pictures):
                features.flush()
                targets.flush()
                stored.write(folder / "cache.json", description)
                rate = (description["done"] - first) / (time.monotonic() - began)
                print(f"{description['done']}/{len(pictures)} pictures, {rate:.0f} a second", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configuration", type=Path, help="TOML file; its part [views] is used")
    parser.add_argument("dataset", type=Path, help="data set file, from build_dataset.py")
    parser.add_argument("root", type=Path, help="folder that the data set's paths are relative to")
    parser.add_argument("folder", type=Path, help="folder to write")
    parser.add_argument("--origin", type=Path, required=True, help="model folder whose weights the front has")
    parser.add_argument("--split", choices=["train", "develop"], default="train")
    parser.add_argument("--whole", action="store_true", help="show the whole shorter side, not its middle 7/8")
    parser.add_argument("--engine", choices=["torch", "openvino"], default="torch",
                        help="openvino is several times as fast on a CPU; its bfloat16 differs in the last bit")
    parser.add_argument("--workers", type=int, default=1, help="processes that decode (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads that compute (default: %(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    configuration = read(options.configuration).views
    if options.split == "develop":
        configuration = configuration.plain()
    if options.whole:
        configuration = dataclasses.replace(configuration, shorter_side=configuration.side)
    pictures = read_dataset(options.dataset).of(options.split).pictures
    tensors = load_file(options.origin / "weights.safetensors")
    extractor = Extractor(tensors, configuration, options.engine)
    channels = len(extractor.front.get_buffer(f"blocks_{configuration.cut - 1}_project_weight"))
    positions = side_before(configuration.cut, configuration.side) ** 2
    description = {
        "dataset": stored.digest(options.dataset),
        "origin": stored.digest(options.origin / "weights.safetensors"),
        "front": extractor.front.digest(),
        "split": options.split,
        "views": configuration.described(),
        "shape": [len(pictures), 1 + len(configuration.styles), channels, positions],
    }
    options.folder.mkdir(parents=True, exist_ok=True)
    description = stored.begun(options.folder / "cache.json", description)
    fill(options.folder, options.root, pictures, configuration, extractor, description, options.workers)


if __name__ == "__main__":
    main()
