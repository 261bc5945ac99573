#!/usr/bin/env python3
"""Trains the rear of the network and the projection on cached views; writes FOLDER/trained.safetensors.

Started again with the same arguments, it goes on from its last checkpoint and ends with the same weights as a run
that was never stopped (on one machine). With several GPUs: torchrun --nproc-per-node=N train.py …
"""

import argparse
import dataclasses
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from learning import stored, trainer as training
from learning.batches import Drawer
from learning.cache import Cache
from learning.configuration import Loss, Views, read
from learning.dataset import read as read_dataset
from learning.development import Held, Log
from learning.network import Rear
from learning.trainer import Trainer

DEVELOP_PICTURES = 400


def device() -> str:
    """Joins the group of processes if torchrun made one, and names this process's device."""
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if torch.cuda.is_available():
        torch.cuda.set_device(local)
    if several:
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return f"cuda:{local}" if torch.cuda.is_available() else "cpu"


def starting_tensors(folder: Path, dimension: int) -> dict[str, torch.Tensor]:
    """Reads the start's weights; a projection of another size begins as leading directions of the start's own."""
    tensors = load_file(folder / "weights.safetensors")
    if len(tensors["projection.weight"]) < dimension:
        raise SystemExit(f"{folder}: its projection has {len(tensors['projection.weight'])} rows, below {dimension}.")
    tensors["projection.weight"] = tensors["projection.weight"][:dimension].clone()
    return tensors


def held_out(options: argparse.Namespace, tensors: dict[str, torch.Tensor], views: Views, where: str) -> Cache | None:
    """Reads the cache of the development side, which has to be what the rear is made for."""
    if options.develop is None:
        return None
    found = Cache(options.develop, where)
    found.check(stored.digest(options.dataset), "develop", tensors)
    if (found.description["views"]["cut"], found.description["views"]["side"]) != (views.cut, views.side):
        raise SystemExit(f"{options.develop} was made with another cut or side; run cache_features.py.")
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configuration", type=Path, help="TOML file")
    parser.add_argument("dataset", type=Path, help="data set file that the caches were made from")
    parser.add_argument("cache", type=Path, help="folder from cache_features.py, split train")
    parser.add_argument("folder", type=Path, help="folder to write: checkpoint, log, weights")
    parser.add_argument("--origin", type=Path, required=True, help="model folder to start from")
    parser.add_argument("--develop", type=Path,
                        help="folder from cache_features.py, split develop: measured on the way")
    parser.add_argument("--teacher", type=Path,
                        help="model folder whose similarities distillation keeps to, instead of the "
                        "origin's before training")
    parser.add_argument("--teacher-cache", type=Path,
                        help="folder from cache_features.py for the teacher's size, if it is "
                        "another; alone: its targets, the origin's features at that size, are kept to")
    parser.add_argument("--targets", type=Path,
                        help="file from fit_teachers.py: vectors that distillation keeps to and regression comes near")
    parser.add_argument("--precision", choices=["bfloat16", "float32"], default="bfloat16",
                        help="of the products; weights and sums stay float32 (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="on a CPU (default: %(default)s)")
    parser.add_argument("--stop-after", type=int, metavar="STEP", help="write a checkpoint there and stop")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    configuration = read(options.configuration)
    torch.manual_seed(configuration.schedule.seed)
    where = device()
    cache = Cache(options.cache, where)
    digest = stored.digest(options.dataset)
    tensors = starting_tensors(options.origin, configuration.dimension)
    cache.check(digest, "train", tensors)
    if cache.description["views"] != configuration.views.described():
        raise SystemExit(f"{options.cache} was made with other views; run cache_features.py.")
    drawer = Drawer(read_dataset(options.dataset).of("train"), cache.view_count, configuration.batches, cache.targets)
    origin = stored.digest(options.origin / "weights.safetensors")
    cache.targets = targets(options, configuration.loss, cache, tensors, digest, origin)
    held = held_out(options, tensors, configuration.views, where)
    described = {"configuration": dataclasses.asdict(configuration), "dataset": digest,
                 "origin": origin, "targets": targets_digest(options), "precision": options.precision}
    trainer = Trainer(configuration, tensors, cache, drawer, getattr(torch, options.precision))
    run(trainer, held, options, described)


def targets(options: argparse.Namespace, loss: Loss, cache: Cache, tensors: dict[str, torch.Tensor], digest: str,
            origin: str) -> np.ndarray:
    """Returns what distillation keeps to and regression comes near, having checked whose it is."""
    if options.targets:
        found = np.load(options.targets, mmap_mode="r")
        if stored.read(options.targets.with_suffix(".json"))["dataset"] != digest or len(found) != len(cache):
            raise SystemExit(f"{options.targets} was made from another data set; run fit_teachers.py.")
        return found
    if loss.regression:
        raise SystemExit("loss.regression needs --targets.")
    seen = Cache(options.teacher_cache, cache.device) if options.teacher_cache else cache
    if options.teacher:
        return taught(options, seen, digest)
    seen.check(digest, "train", tensors)
    if loss.distillation:
        seen.check_origin(origin)
    return seen.targets


def targets_digest(options: argparse.Namespace) -> str:
    """Returns the SHA-256 of what the teacher's vectors come from: a file of them, or the teacher's weights."""
    if options.targets:
        return stored.digest(options.targets)
    if options.teacher:
        return stored.digest(options.teacher / "weights.safetensors")
    return stored.digest((options.teacher_cache or options.cache) / "targets.npy")


def taught(options: argparse.Namespace, cache: Cache, digest: str) -> np.ndarray:
    """Returns the teacher's vectors of the plain views, computed from activations cached for the teacher's size."""
    tensors, views = load_file(options.teacher / "weights.safetensors"), cache.description["views"]
    cache.check(digest, "train", tensors)
    print("computing the teacher's vectors", flush=True)
    return training.embed(Rear(tensors, views["cut"], views["side"]).to(cache.device), cache,
                          getattr(torch, options.precision))


def run(trainer: Trainer, held: Cache | None, options: argparse.Namespace, described: dict) -> None:
    plan, folder = trainer.configuration.schedule, options.folder
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        trainer.resume(checkpoint, described)
        print(f"going on from step {trainer.step}", flush=True)
    measuring = held is not None and trainer.rank == 0
    side = Held(read_dataset(options.dataset).of("develop")) if measuring else None
    log = Log(folder / "develop.jsonl", trainer.step) if measuring else None

    def measure() -> None:
        rear = training.averaged(trainer)
        found = side.means(lambda numbers: training.embed(rear, held, trainer.precision, numbers), DEVELOP_PICTURES)
        values = ", ".join(f"{name} {value:.4f}" for name, value in found.items())
        print(f"step {trainer.step}: develop {'mAP ' * ('mean' in found)}{values}", flush=True)
        log.add(trainer.step, found)

    def due() -> bool:
        return measuring and trainer.step not in log.steps and (
            trainer.step % plan.develop_every == 0 or trainer.step == plan.steps)

    if due():
        measure()
    began, first = time.monotonic(), trainer.step
    last = min(plan.steps, options.stop_after or plan.steps)
    while trainer.step < last:
        parts = trainer.train_step()
        if trainer.rank == 0 and (trainer.step % 50 == 0 or trainer.step == last):
            print(training.progress(trainer, parts, began, first), flush=True)
        if trainer.rank == 0 and (trainer.step % plan.checkpoint_every == 0 or trainer.step == last):
            trainer.save(checkpoint, described)
        if due():
            measure()
    if trainer.rank == 0 and trainer.step == plan.steps:
        save_file(dict(trainer.average), folder / "trained.safetensors", {"training": json.dumps(described)})
        print(f"{folder / 'trained.safetensors'}: {plan.steps} steps in all", flush=True)
    if trainer.world > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
