"""The product's view of the network: batch norm folded into plain weights and biases, and a forward pass over them.

The forward pass exists to prove the converted file: it reads nothing but the tensors that are shipped, and its
stages are held against those of the original network.
"""

import numpy as np
import torch
import torch.nn.functional as F

from learning.pooling import AVERAGE, weights

# (kernel, stride) of the sixteen blocks, from the published block strings of EfficientNet-Lite0.
BLOCKS = [(3, 1)] + [(3, 2), (3, 1)] + [(5, 2), (5, 1)] + [(3, 2), (3, 1), (3, 1)]
BLOCKS += [(5, 1)] * 3 + [(5, 2), (5, 1), (5, 1), (5, 1)] + [(3, 1)]


def fold(network: torch.nn.Module) -> dict[str, np.ndarray]:
    """Folds every batch norm into the convolution before it, in double precision.

    w' = w · γ/√(σ² + ε) and b' = β − μ · γ/√(σ² + ε), one factor per output channel.
    """
    tensors = {}

    def add(name: str, convolution: torch.nn.Module, norm: torch.nn.Module) -> None:
        scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        weight = convolution.weight.double() * scale[:, None, None, None]
        bias = norm.bias.double() - norm.running_mean.double() * scale
        if weight.shape[2:] == (1, 1):
            weight = weight[:, :, 0, 0]
        elif weight.shape[1] == 1:
            weight = weight[:, 0]
        tensors[f"{name}.weight"] = weight.float().detach().numpy()
        tensors[f"{name}.bias"] = bias.float().detach().numpy()

    add("stem", network._conv_stem, network._bn0)
    for number, block in enumerate(network._blocks):
        if hasattr(block, "_expand_conv"):
            add(f"blocks.{number}.expand", block._expand_conv, block._bn0)
        add(f"blocks.{number}.depthwise", block._depthwise_conv, block._bn1)
        add(f"blocks.{number}.project", block._project_conv, block._bn2)
    add("head", network._conv_head, network._bn1)
    return tensors


def same_padding(x: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
    """Pads as TensorFlow's SAME does: where the total is odd, the extra pixel goes right and bottom."""
    height, width = x.shape[2:]
    total_y = max((-(-height // stride) - 1) * stride + kernel - height, 0)
    total_x = max((-(-width // stride) - 1) * stride + kernel - width, 0)
    return F.pad(x, (total_x // 2, total_x - total_x // 2, total_y // 2, total_y - total_y // 2))


@torch.inference_mode()
def stages(tensors: dict[str, np.ndarray], batch: torch.Tensor, pooling: str = AVERAGE) -> dict[str, np.ndarray]:
    """Runs the folded network from its tensors alone; same stages and layouts as `reference.stages`."""
    t = {name: torch.from_numpy(value.astype(np.float32)) for name, value in tensors.items()}

    def pointwise(x: torch.Tensor, name: str) -> torch.Tensor:
        return F.conv2d(x, t[f"{name}.weight"][:, :, None, None], t[f"{name}.bias"])

    def depthwise(x: torch.Tensor, name: str, kernel: int, stride: int) -> torch.Tensor:
        weight = t[f"{name}.weight"][:, None]
        padded = same_padding(x, kernel, stride)
        return F.conv2d(padded, weight, t[f"{name}.bias"], stride=stride, groups=weight.shape[0])

    found = {}
    x = F.relu6(F.conv2d(same_padding(batch, 3, 2), t["stem.weight"], t["stem.bias"], stride=2))
    found["stem"] = x
    for number, (kernel, stride) in enumerate(BLOCKS):
        name = f"blocks.{number}"
        y = F.relu6(pointwise(x, f"{name}.expand")) if f"{name}.expand.weight" in t else x
        y = F.relu6(depthwise(y, f"{name}.depthwise", kernel, stride))
        y = pointwise(y, f"{name}.project")
        x = x + y if stride == 1 and x.shape == y.shape else y
        found[name] = x
    x = F.relu6(pointwise(x, "head"))
    found["head"] = x
    found = {name: value.permute(0, 2, 3, 1).contiguous() for name, value in found.items()}
    found["pooled"] = x.flatten(2) @ weights(pooling, x.shape[3])
    found["projected"] = found["pooled"] @ t["projection.weight"].T
    found["embedding"] = F.normalize(found["projected"], dim=1)
    return {name: value.numpy() for name, value in found.items()}
