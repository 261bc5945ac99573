"""Draws batches: which pictures, in which views, and what among them is alike.

A batch belongs to one family, because only there the groups are known to differ. Each picture comes in two
views. Step number and seed alone decide a batch, so a run that was stopped goes on as if it had not been.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from .configuration import Batches
from .dataset import Dataset

ALIKE = 0.5  # grades from here on make a positive; below HARDLY they make a negative; between, nobody knows
HARDLY = 0.25


@dataclass(frozen=True)
class Batch:
    pictures: np.ndarray  # (n,) positions in the data set; each stands there once for each of its two views
    views: np.ndarray  # (n,)
    positive: np.ndarray  # (n, n) bool: alike, or views of one picture
    known: np.ndarray  # (n, n) bool: false where nobody can say

    def shared_by(self, processes: int) -> "Batch":
        """Leaves out the last pictures, in both views, so that each process has as many vectors as any other.

        Raises SystemExit when there are fewer pictures than that takes.
        """
        half = len(self.pictures) // 2
        kept = half - half % (processes // math.gcd(processes, 2))
        if kept == 0:
            raise SystemExit(f"A batch of {half} pictures in two views cannot be shared by {processes} processes; start "
                             "fewer.")
        chosen = np.concatenate([np.arange(kept), np.arange(half, half + kept)])
        square = np.ix_(chosen, chosen)
        return Batch(self.pictures[chosen], self.views[chosen], self.positive[square], self.known[square])


class Drawer:
    """Draws from the pictures of one split."""

    def __init__(self, dataset: Dataset, view_count: int, options: Batches,
                 targets: np.ndarray | None = None) -> None:
        self.options, self.view_count = options, view_count
        self.groups: dict[str, list[np.ndarray]] = {}
        members: dict[str, list[int]] = defaultdict(list)
        self.lone = [number for number, picture in enumerate(dataset.pictures) if picture.group is None]
        chosen = set(options.families)
        self.all = np.array([number for number, picture in enumerate(dataset.pictures)
                             if not chosen or picture.family in chosen or picture.group is None])
        for number, picture in enumerate(dataset.pictures):
            if picture.group is not None and (not chosen or picture.family in chosen):
                members[picture.group].append(number)
        families: dict[str, list[np.ndarray]] = defaultdict(list)
        for group, numbers in sorted(members.items()):
            families[group.split("/", 1)[0]].append(np.array(numbers))
        self.groups = {name: found for name, found in families.items() if len(found) >= options.least_groups}
        sizes = {name: sum(len(group) for group in found) for name, found in self.groups.items()}
        total = sum(size ** options.family_power for size in sizes.values())
        self.shares = {name: size ** options.family_power / total for name, size in sizes.items()}
        self.neighbours = self.find_neighbours(targets) if options.hard_negatives and targets is not None else {}
        numbers = {picture.digest: number for number, picture in enumerate(dataset.pictures)}
        self.pairs = [(numbers[one.digests[0]], numbers[one.digests[1]], one.grade) for one in dataset.pairs]
        self.grades = {frozenset(pair[:2]): pair[2] for pair in self.pairs}
        self.alike = [pair for pair in self.pairs if pair[2] >= ALIKE]
        self.refused: dict[int, list[int]] = defaultdict(list)
        for one, other, grade in self.pairs:
            if grade < HARDLY:
                self.refused[one].append(other)
        if not self.groups and not self.alike and not options.lone:
            raise SystemExit("Nothing to learn from: no family with enough groups, no alike pairs, batches.lone 0.")

    def find_neighbours(self, targets: np.ndarray) -> dict[str, np.ndarray]:
        """Orders, for each group, the others of its family by the similarity of their means under the start."""
        found = {}
        for name, groups in self.groups.items():
            means = np.stack([targets[group].astype(np.float32).mean(axis=0) for group in groups])
            means -= means.mean(axis=0)
            means /= np.linalg.norm(means, axis=1, keepdims=True)
            found[name] = np.argsort(-(means @ means.T), axis=1)[:, 1:]
        return found

    def draw(self, seed: int, step: int) -> Batch:
        random = np.random.default_rng([seed, step])
        kind = random.random()
        if self.alike and (kind < self.options.pairs or not (self.groups or self.options.lone)):
            return self.of_pairs(random)
        if not self.groups or kind > 1 - self.options.lone:
            return self.of_lone(random)
        return self.of_groups(random)

    def of_groups(self, random: np.random.Generator) -> Batch:
        name = list(self.shares)[random.choice(len(self.shares), p=list(self.shares.values()))]
        groups = self.groups[name]
        count = min(self.options.groups, len(groups))
        first = count - int(count * self.options.hard_negatives) if name in self.neighbours else count
        chosen = list(random.choice(len(groups), first, replace=False))
        while len(chosen) < count:  # a near neighbour, not always the nearest, of one that is there
            near = self.neighbours[name][chosen[random.integers(first)]]
            fresh = near[~np.isin(near, chosen)][:3]
            chosen.append(int(fresh[random.integers(len(fresh))]))
        pictures, labels = [], []
        for label in chosen:
            members = groups[label]
            few = len(members) < self.options.pictures
            pictures.append(random.choice(members, self.options.pictures, replace=few))
            labels += [label] * self.options.pictures
        positive = np.equal.outer(labels, labels)
        return self.in_two_views(np.concatenate(pictures), positive, np.ones_like(positive), random)

    def of_lone(self, random: np.random.Generator) -> Batch:
        count = self.options.groups * self.options.pictures
        pool = self.lone if len(self.lone) >= count else self.all
        pictures = random.choice(np.array(pool), min(count, len(pool)), replace=False)
        positive = np.eye(len(pictures), dtype=bool)
        return self.in_two_views(pictures, positive, np.ones_like(positive), random)

    def of_pairs(self, random: np.random.Generator) -> Batch:
        """Draws alike pairs, and with each query one picture that was refused for it, if there is one."""
        count = self.options.groups * self.options.pictures // 3
        pictures: list[int] = []
        for number in random.choice(len(self.alike), min(count, len(self.alike)), replace=False):
            query, other, _ = self.alike[number]
            pictures += [query, other]
            if refused := self.refused.get(query):
                pictures.append(refused[random.integers(len(refused))])
        found = np.unique(pictures)
        positive, known = np.eye(len(found), dtype=bool), np.ones((len(found), len(found)), dtype=bool)
        for one in range(len(found)):
            for other in range(one):
                grade = self.grades.get(frozenset((int(found[one]), int(found[other]))), 0.0)
                positive[one, other] = positive[other, one] = grade >= ALIKE
                known[one, other] = known[other, one] = grade >= ALIKE or grade < HARDLY
        return self.in_two_views(found, positive, known, random)

    def in_two_views(self, pictures: np.ndarray, positive: np.ndarray, known: np.ndarray,
                     random: np.random.Generator) -> Batch:
        """Doubles a batch: first all pictures in one view, then all in another (the same where there is but one)."""
        first = np.zeros(len(pictures), dtype=int) if self.options.plain else random.integers(
            0, self.view_count, len(pictures))
        second = (first + random.integers(1, self.view_count, len(pictures))) % self.view_count \
            if self.view_count > 1 else first
        return Batch(np.tile(pictures, 2), np.concatenate([first, second]), np.tile(positive, (2, 2)),
                     np.tile(known, (2, 2)))
