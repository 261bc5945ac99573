"""EfficientNet-Lite0 with batch norm folded, cut in two: a front that stays as it is and a rear that learns.

The front is ordinary convolution and runs once per view; its output is kept (cache_features.py). The rear is what
training repeats thousands of times, and it is written as matrix products only. Activations are (channels, pictures,
positions). A pointwise convolution is then one product; a depthwise one is, for each channel, a product with a
matrix of positions × positions that holds the filter's taps where they belong (zero elsewhere, which is
TensorFlow's SAME padding). For maps of 14 × 14 and less that wastes arithmetic and saves everything else: forward
and backward run entirely in the matrix units, 267 pictures a second from block 11 where the same layers as
convolutions train at 22 (bfloat16) or 51 (float32) on one core with AMX.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .pooling import AVERAGE, weights

BLOCKS = [(3, 1)] + [(3, 2), (3, 1)] + [(5, 2), (5, 1)] + [(3, 2), (3, 1), (3, 1)]
BLOCKS += [(5, 1)] * 3 + [(5, 2), (5, 1), (5, 1), (5, 1)] + [(3, 1)]
FEATURES = 1280


def same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Returns the padding before and after; the extra pixel goes after."""
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def side_before(block: int, side: int) -> int:
    """Returns the side of the map that enters a block, for an input of `side` pixels."""
    side = -(-side // 2)
    for _, stride in BLOCKS[:block]:
        side = -(-side // stride)
    return side


def multiply_adds(tensors: dict[str, Tensor], side: int) -> int:
    """Counts the multiply-adds of one picture, projection included; padded positions count as multiplied."""
    side = -(-side // 2)
    total = side * side * tensors["stem.weight"].numel()
    for number, (_, stride) in enumerate(BLOCKS):
        if f"blocks.{number}.expand.weight" in tensors:
            total += side * side * tensors[f"blocks.{number}.expand.weight"].numel()
        side = -(-side // stride)
        total += side * side * tensors[f"blocks.{number}.depthwise.weight"].numel()
        total += side * side * tensors[f"blocks.{number}.project.weight"].numel()
    return total + side * side * tensors["head.weight"].numel() + tensors["projection.weight"].numel()


class Front(nn.Module):
    """Stem and blocks 0 to `cut` − 1 as convolutions: (count, 3, side, side) → (count, channels, positions)."""

    def __init__(self, tensors: dict[str, Tensor], cut: int) -> None:
        super().__init__()
        self.cut = cut
        for name, value in tensors.items():
            if name.startswith("stem") or (name.startswith("blocks.") and int(name.split(".")[1]) < cut):
                self.register_buffer(name.replace(".", "_"), value)

    def digest(self) -> str:
        """Returns the SHA-256 of the weights: two models of one digest can use the same cached activations."""
        found = hashlib.sha256()
        for name, value in sorted(self.named_buffers()):
            found.update(name.encode())
            found.update(value.cpu().numpy().tobytes())
        return found.hexdigest()

    def layer(self, x: Tensor, name: str, kernel: int = 1, stride: int = 1, groups: bool = False) -> Tensor:
        weight = getattr(self, f"{name}_weight".replace(".", "_"))
        weight = weight[:, None] if groups else weight.reshape(*weight.shape[:2], kernel, kernel)
        (top, bottom), (left, right) = (same_padding(side, kernel, stride) for side in x.shape[2:])
        bias = getattr(self, f"{name}_bias".replace(".", "_"))
        return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, bias, stride, groups=len(weight) if groups else 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.layer(x, "stem", 3, 2))
        for number, (kernel, stride) in enumerate(BLOCKS[:self.cut]):
            name = f"blocks.{number}"
            y = F.relu6(self.layer(x, f"{name}.expand")) if number else x
            y = F.relu6(self.layer(y, f"{name}.depthwise", kernel, stride, groups=True))
            y = self.layer(y, f"{name}.project")
            x = x + y if stride == 1 and x.shape == y.shape else y
        return x.flatten(2)


@lru_cache
def taps(side: int, kernel: int, stride: int, device: torch.device, kind: torch.dtype) -> tuple[Tensor, int]:
    """Returns which tap joins which input with which output position, (taps, inputs · outputs) of 0 and 1.

    They are kept where and as they are used; megabytes would else go to a GPU for each layer and step.
    """
    outputs, padding = -(-side // stride), same_padding(side, kernel, stride)[0]
    along = torch.zeros(kernel, side, outputs)
    for output in range(outputs):
        for tap in range(kernel):
            if 0 <= output * stride + tap - padding < side:
                along[tap, output * stride + tap - padding, output] = 1
    both = torch.einsum("kio,lpq->klipoq", along, along)
    return both.reshape(kernel * kernel, side * side * outputs * outputs).to(device, kind), outputs


class Rear(nn.Module):
    """Blocks `cut` to 15, head, average and projection: (channels, count, positions) → (count, dimension) of
    length 1."""

    def __init__(self, tensors: dict[str, Tensor], cut: int, side: int, pooling: str = AVERAGE) -> None:
        super().__init__()
        self.cut, self.side = cut, side_before(cut, side)
        self.register_buffer("weights", weights(pooling, side_before(len(BLOCKS), side)), persistent=False)
        wanted = [name for name in tensors if name.startswith(("head", "projection"))]
        wanted += [name for name in tensors if name.startswith("blocks.") and int(name.split(".")[1]) >= cut]
        self.values = nn.ParameterDict(
            {name.replace(".", "_"): nn.Parameter(tensors[name].clone()) for name in wanted})
        self.names = {name.replace(".", "_"): name for name in wanted}

    def named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Yields the parameters under the names they have in a model's file."""
        for name, value in self.values.items():
            yield self.names[name], value

    def pointwise(self, x: Tensor, name: str) -> Tensor:
        name = name.replace(".", "_")
        _, count, positions = x.shape
        weight, bias = self.values[f"{name}_weight"].to(x.dtype), self.values[f"{name}_bias"].to(x.dtype)
        return torch.addmm(bias[:, None], weight, x.reshape(len(x), -1)).reshape(-1, count, positions)

    def depthwise(self, x: Tensor, name: str, side: int, kernel: int, stride: int) -> tuple[Tensor, int]:
        name = name.replace(".", "_")
        where, outputs = taps(side, kernel, stride, x.device, x.dtype)
        weight = self.values[f"{name}_weight"].to(x.dtype).reshape(len(x), -1)
        matrix = (weight @ where).reshape(len(x), side * side, outputs * outputs)
        return torch.baddbmm(self.values[f"{name}_bias"].to(x.dtype)[:, None, None], x, matrix), outputs

    def features(self, x: Tensor) -> Tensor:
        """Returns the pooled features before the projection, float32 (count, 1280)."""
        side = self.side
        for number in range(self.cut, len(BLOCKS)):
            kernel, stride = BLOCKS[number]
            y = F.relu6(self.pointwise(x, f"blocks.{number}.expand"))
            y, outputs = self.depthwise(y, f"blocks.{number}.depthwise", side, kernel, stride)
            y = self.pointwise(F.relu6(y), f"blocks.{number}.project")
            x = x + y if stride == 1 and x.shape == y.shape else y
            side = outputs
        return (F.relu6(self.pointwise(x, "head")).float() @ self.weights).T

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.features(x) @ self.values["projection_weight"].T, dim=1)


class Whole(nn.Module):
    """The whole network as convolutions, for measuring: (count, 3, side, side) → pooled features, unit vectors."""

    def __init__(self, tensors: dict[str, Tensor], side: int, pooling: str = AVERAGE) -> None:
        super().__init__()
        self.front = Front(tensors, len(BLOCKS))
        self.register_buffer("weights", weights(pooling, side_before(len(BLOCKS), side)))
        for name in ("head.weight", "head.bias", "projection.weight"):
            self.register_buffer(name.replace(".", "_"), tensors[name])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.front(x)
        pooled = F.relu6(F.conv1d(x, self.head_weight[:, :, None], self.head_bias)) @ self.weights
        return pooled, F.normalize(pooled @ self.projection_weight.T, dim=1)
