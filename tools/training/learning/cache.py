"""Reads what cache_features.py stored."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from . import stored
from .network import Front


class Cache:
    """Views' activations as cache_features.py wrote them; on the GPU if they fit into half of its free memory.

    Its methods that check raise SystemExit, saying what is other than it has to be.
    """

    def __init__(self, folder: Path, device: str) -> None:
        self.folder, self.description = folder, stored.read(folder / "cache.json")
        shape = tuple(self.description["shape"])
        if self.description["done"] != shape[0]:
            raise SystemExit(f"{folder} is not complete; run cache_features.py again.")
        features = np.memmap(folder / "features.bin", np.int16, "c", shape=shape)  # "c": PyTorch wants it writable
        self.device = device
        self.targets = np.load(folder / "targets.npy", mmap_mode="r")
        self.features = torch.from_numpy(np.asarray(features)).view(torch.bfloat16)
        if device.startswith("cuda") and features.nbytes < torch.cuda.mem_get_info()[0] / 2:
            self.features = self.features.to(device)

    def check(self, dataset: str, split: str, tensors: dict[str, Tensor]) -> None:
        """Checks that it is of that side of that data set, by its digest, and was made with this front."""
        if (self.description["dataset"], self.description["split"]) != (dataset, split):
            raise SystemExit(f"{self.folder} was not made from the {split} side of this data set; "
                             "run cache_features.py.")
        self.check_front(tensors)

    def check_front(self, tensors: dict[str, Tensor]) -> None:
        if self.description["front"] != Front(tensors, self.description["views"]["cut"]).digest():
            raise SystemExit(f"{self.folder} was made with another front; run cache_features.py.")

    def check_origin(self, origin: str) -> None:
        """Checks that its targets are what the model of these weights, by their digest, sees."""
        if self.description.get("origin") != origin:
            raise SystemExit(f"{self.folder} has another model's features as targets; run cache_features.py.")

    def __len__(self) -> int:
        return len(self.features)

    @property
    def view_count(self) -> int:
        return self.features.shape[1]

    def batch(self, pictures: np.ndarray, views: np.ndarray) -> Tensor:
        """Returns (channels, count, positions) on the device."""
        where = self.features.device
        found = self.features[torch.from_numpy(pictures).to(where), torch.from_numpy(views).to(where)]
        return found.to(self.device, non_blocking=True).permute(1, 0, 2).contiguous()

    def teacher(self, pictures: np.ndarray) -> Tensor:
        rows = torch.from_numpy(self.targets[pictures].astype(np.float32)).to(self.device)
        return normalize(rows, dim=1)
