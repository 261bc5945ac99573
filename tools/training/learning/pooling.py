"""How the last feature map becomes one vector. The product's `Pooling` is the same."""

import torch

AVERAGE = "average"
CENTER_WEIGHTED = "center-weighted"
POOLINGS = (AVERAGE, CENTER_WEIGHTED)
MIDDLE_SHARE = 0.4  # of the vector that is the mean over the positions that do not lie at the border


def weights(pooling: str, side: int) -> torch.Tensor:
    """Returns how much each position of a square map counts, row after row; they sum to 1."""
    if pooling not in POOLINGS:
        raise SystemExit(f"The pooling is {pooling}; it can be {' or '.join(POOLINGS)}.")
    found = torch.full((side, side), 1 / side ** 2)
    if pooling == CENTER_WEIGHTED and side > 2:
        found *= 1 - MIDDLE_SHARE
        found[1:-1, 1:-1] += MIDDLE_SHARE / (side - 2) ** 2
    return found.flatten()
