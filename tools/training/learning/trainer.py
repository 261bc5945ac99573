"""The training loop: draw, run the rear, add up the losses, step; keep checkpoints from which it goes on exactly.

One process or several (torchrun): each runs its part of the batch, the vectors are gathered so that every loss sees
the whole batch, and the framework averages the gradients.
"""

import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed
import torch.distributed.nn.functional
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from . import losses
from .batches import Batch, Drawer
from .cache import Cache
from .configuration import Configuration
from .network import Rear
from .stored import refuse_other


class Trainer:
    """Holds everything that a checkpoint holds: weights, their average, the optimiser and the step."""

    def __init__(self, configuration: Configuration, tensors: dict[str, Tensor], cache: Cache, drawer: Drawer,
                 precision: torch.dtype) -> None:
        self.configuration, self.cache, self.drawer, self.precision = configuration, cache, drawer, precision
        self.rear = Rear(tensors, configuration.views.cut, configuration.views.side).to(cache.device)
        self.step = 0
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        plan = configuration.schedule
        parameters = {"rate": [], "projection_rate": []}
        for name, value in self.rear.named_tensors():
            frozen = name.startswith("blocks.") and int(name.split(".")[1]) < plan.first_block
            value.requires_grad_(not frozen)
            if not frozen:
                parameters["projection_rate" if name.startswith("projection") else "rate"].append(value)
        self.optimiser = torch.optim.AdamW(
            [{"params": values, "lr": getattr(plan, rate), "full": getattr(plan, rate)}
             for rate, values in parameters.items()],
            weight_decay=plan.decay, betas=(0.9, 0.99), fused=cache.device.startswith("cuda"))
        self.average = {name: value.detach().clone() for name, value in self.rear.named_tensors()}
        self.model = DistributedDataParallel(self.rear) if self.world > 1 else self.rear

    def rate_share(self) -> float:
        """Rises in a straight line for `warmup` steps, then falls along half a cosine to zero."""
        plan = self.configuration.schedule
        if self.step < plan.warmup:
            return (self.step + 1) / plan.warmup
        return 0.5 * (1 + math.cos(math.pi * (self.step - plan.warmup) / max(1, plan.steps - plan.warmup)))

    def draw(self) -> Batch:
        """Draws this step's batch, the same in every process, of a size that they can share evenly."""
        return self.drawer.draw(self.configuration.schedule.seed, self.step).shared_by(self.world)

    def vectors(self, batch: Batch) -> Tensor:
        """Runs this process's share of the batch and returns the vectors of all of it."""
        mine = slice(self.rank, None, self.world)
        found = self.model(self.cache.batch(batch.pictures[mine], batch.views[mine]).to(self.precision))
        if self.world == 1:
            return found
        parts = torch.distributed.nn.functional.all_gather(found)
        return torch.stack(parts, dim=1).flatten(0, 1)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Returns the weighted parts of the loss."""
        options = self.configuration.loss
        vectors = self.vectors(batch)
        half = len(vectors) // 2
        found = {}
        if options.weight and options.kind == "supervised":
            positive, known = (torch.from_numpy(mask).to(vectors.device) for mask in (batch.positive, batch.known))
            found["supervised"] = options.weight * losses.supervised_contrastive(
                vectors, positive, options.temperature, known)
        elif options.weight:
            found["softmax"] = options.weight * self.softmax(vectors, batch)
        if options.self_weight:
            found["self"] = options.self_weight * losses.softmax_contrastive(
                vectors[:half], vectors[half:], options.self_temperature)
        if options.distillation or options.regression:
            seen = np.nonzero(batch.views == 0)[0] if self.configuration.batches.plain else np.arange(len(vectors))
            numbers = torch.from_numpy(batch.pictures[seen]).to(vectors.device)
            ours, teacher = vectors[torch.from_numpy(seen).to(vectors.device)], self.cache.teacher(batch.pictures[seen])
        if options.distillation:
            found["distillation"] = options.distillation * losses.similarity_distillation(
                ours, teacher, options.distillation_temperature, numbers[:, None] == numbers[None, :])
        if options.regression:
            found["regression"] = options.regression * losses.vector_regression(ours, teacher)
        return found

    def softmax(self, vectors: Tensor, batch: Batch) -> Tensor:
        """Takes one picture of each group as anchor and its next as positive: the chapter's loss."""
        half = len(vectors) // 2
        alike = batch.positive[:half, :half] & ~np.eye(half, dtype=bool)
        anchors, positives, taken = [], [], np.zeros(half, dtype=bool)
        for one in range(half):
            others = np.nonzero(alike[one])[0]
            if not taken[one]:
                anchors.append(one)
                positives.append(int(others[0]) if len(others) else one + half)
                taken |= alike[one]
                taken[one] = True
        return losses.softmax_contrastive(vectors[anchors], vectors[positives], self.configuration.loss.temperature)

    def train_step(self) -> dict[str, float]:
        plan = self.configuration.schedule
        for group in self.optimiser.param_groups:
            group["lr"] = group["full"] * self.rate_share()
        parts = self.loss(self.draw())
        self.optimiser.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        torch.nn.utils.clip_grad_norm_(self.rear.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        share = min(plan.average, self.step / (self.step + 10))
        with torch.no_grad():
            for name, value in self.rear.named_tensors():
                self.average[name].lerp_(value, 1 - share)
        return {name: value.item() for name, value in parts.items()}

    def save(self, path: Path, run: dict) -> None:
        """Writes a checkpoint beside the old one and renames it, so that there is always a whole one.

        `run` describes what is trained, on what, from what.
        """
        state = {"run": run, "step": self.step, "rear": self.rear.state_dict(), "optimiser": self.optimiser.state_dict(),
                 "average": self.average}
        torch.save(state, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def resume(self, path: Path, run: dict) -> None:
        """Takes up a checkpoint.

        Raises SystemExit when it is of another run.
        """
        state = torch.load(path, map_location=self.cache.device, weights_only=True)
        refuse_other(path, state.get("run", {}), run)
        self.rear.load_state_dict(state["rear"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.average = state["step"], state["average"]


@torch.no_grad()
def features(rear: Rear, cache: Cache, precision: torch.dtype, size: int = 64) -> np.ndarray:
    """Returns the pooled features of the plain views, float32 (count, 1280)."""
    found = []
    for start in range(0, len(cache), size):
        numbers = np.arange(start, min(start + size, len(cache)))
        found.append(rear.features(cache.batch(numbers, np.zeros_like(numbers)).to(precision)).cpu().numpy())
    return np.concatenate(found)


@torch.no_grad()
def embed(
    rear: Rear, cache: Cache, precision: torch.dtype, numbers: np.ndarray | None = None, size: int = 128
) -> np.ndarray:
    """Returns the unit vectors of the plain views, float32 (count, dimension)."""
    numbers = np.arange(len(cache)) if numbers is None else numbers
    parts = []
    for start in range(0, len(numbers), size):
        part = numbers[start:start + size]
        parts.append(rear(cache.batch(part, np.zeros_like(part)).to(precision)).float().cpu().numpy())
    return np.concatenate(parts)


def averaged(trainer: Trainer) -> Rear:
    """Returns a rear with the averaged weights."""
    rear = Rear(dict(trainer.average), trainer.configuration.views.cut, trainer.configuration.views.side)
    return rear.to(trainer.cache.device)


def progress(trainer: Trainer, parts: dict[str, float], began: float, first: int) -> str:
    rate = (trainer.step - first) / (time.monotonic() - began)
    left = (trainer.configuration.schedule.steps - trainer.step) / rate
    values = ", ".join(f"{name} {value:.4f}" for name, value in parts.items())
    return f"step {trainer.step}: {values}; {rate:.2f} steps a second, {left / 60:.1f} minutes left"
