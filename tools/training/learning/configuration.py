"""Reads the TOML file of a training run; an unknown name or a value out of range stops it before anything is
computed."""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .views import LEAST_AREA, Change


@dataclass(frozen=True)
class Views:
    """What the network is shown, and what of it is computed once."""

    side: int = 224  # of the network's input
    shorter_side: int = 256  # of the picture that the input is cut from
    cut: int = 8  # first block that learns
    styles: list[float] = field(default_factory=lambda: [0.0, 0.6])  # one changed view each; its chance to be restyled
    areas: list[float] = field(default_factory=list)  # of the picture that each keeps at least; none: 0.35
    corners: list[float] = field(default_factory=list)  # chance of each to be turned whole, with empty corners
    seed: int = 1

    def plain(self) -> "Views":
        return dataclasses.replace(self, styles=[], areas=[], corners=[])

    def changes(self) -> list[Change]:
        areas, corners = self.areas or [LEAST_AREA] * len(self.styles), self.corners or [0.0] * len(self.styles)
        return [Change(*each) for each in zip(self.styles, areas, corners, strict=True)]

    def described(self) -> dict:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Batches:
    """How a batch is drawn: `groups` groups of `pictures` pictures, all groups of one family."""

    groups: int = 32
    pictures: int = 4
    families: list[str] = field(default_factory=list)  # that are trained on; none named means all
    family_power: float = 0.5  # a family is drawn in proportion to (its pictures) ** this
    least_groups: int = 4  # families with fewer groups than this are not told apart by group
    pairs: float = 0.0  # share of batches made of judged or clicked pairs
    lone: float = 0.0  # share of batches made of pictures without a group, and of any, as their own groups
    plain: bool = False  # each picture once as it is, which alone a teacher is asked about, and once changed
    hard_negatives: float = 0.0  # share of a batch's groups that are neighbours of the first ones drawn


@dataclass(frozen=True)
class Loss:
    """What is made small. Weights of 0 leave a part out."""

    kind: str = "supervised"  # or "softmax": one positive per anchor, all others negatives (the chapter's)
    temperature: float = 0.1
    weight: float = 1.0
    self_weight: float = 0.0  # the same picture seen otherwise against all others
    self_temperature: float = 0.1
    distillation: float = 1.0  # keep to the start's similarities
    distillation_temperature: float = 0.1
    regression: float = 0.0  # come near the teacher's own vectors, which targets.npy has


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    steps: int = 1500
    rate: float = 3e-4
    projection_rate: float = 1e-3
    warmup: int = 100
    decay: float = 0.01
    average: float = 0.998  # of the weights over the steps; what is exported
    checkpoint_every: int = 250
    develop_every: int = 250
    seed: int = 1
    first_block: int = 8  # blocks before this stay as they are, even if they lie behind the cut


@dataclass(frozen=True)
class Configuration:
    name: str = "model"
    dimension: int = 256
    views: Views = field(default_factory=Views)
    batches: Batches = field(default_factory=Batches)
    loss: Loss = field(default_factory=Loss)
    schedule: Schedule = field(default_factory=Schedule)


class ConfigurationError(ValueError):
    """A configuration that cannot be run; the message names the entry."""


def fill(kind: type, values: dict, where: str):
    known = {entry.name: entry for entry in dataclasses.fields(kind)}
    filled = {}
    for name, value in values.items():
        if name not in known:
            raise ConfigurationError(f"{where}{name} is not known; known are {', '.join(sorted(known))}")
        default = known[name].default_factory() if known[name].default is dataclasses.MISSING else known[name].default
        if dataclasses.is_dataclass(default):
            value = fill(type(default), value, f"{where}{name}.")
        elif isinstance(default, float) and isinstance(value, int):
            value = float(value)
        elif type(value) is not type(default):
            raise ConfigurationError(f"{where}{name} is {value!r}, not a {type(default).__name__}")
        filled[name] = value
    return kind(**filled)


def check(found: Configuration) -> None:
    demands = {
        "loss.kind is supervised or softmax": found.loss.kind in ("supervised", "softmax"),
        "temperatures are above 0": min(found.loss.temperature, found.loss.self_temperature,
                                        found.loss.distillation_temperature) > 0,
        "views.cut is from 1 to 15": 1 <= found.views.cut <= 15,
        "schedule.first_block is not before views.cut": found.schedule.first_block >= found.views.cut,
        "views.shorter_side is not below views.side": found.views.shorter_side >= found.views.side >= 32,
        "views.areas has an entry, above 0, for each of styles": not found.views.areas or (
            len(found.views.areas) == len(found.views.styles) and all(0 < area <= 1 for area in found.views.areas)),
        "views.corners has an entry for each of styles": len(found.views.corners) in (0, len(found.views.styles)),
        "a batch has at least 2 groups of 1 picture": found.batches.groups >= 2 and found.batches.pictures >= 1,
        "a batch of lone pictures needs a changed view": not found.batches.lone or bool(found.views.styles),
        "schedule.steps is at least 1": found.schedule.steps >= 1,
    }
    for demand, met in demands.items():
        if not met:
            raise ConfigurationError(f"{demand}; it does not hold here")


def read(path: Path) -> Configuration:
    """Reads and checks a configuration.

    Raises SystemExit with one line when it cannot be run.
    """
    try:
        found = fill(Configuration, tomllib.loads(path.read_text()), "")
        check(found)
    except (OSError, tomllib.TOMLDecodeError, ConfigurationError, TypeError) as error:
        raise SystemExit(f"{path}: {error}.") from error
    return found
