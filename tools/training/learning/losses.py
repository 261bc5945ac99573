"""The three losses. All take unit vectors, so a product of two is their cosine.

Every one of them is a softmax over similarities and a cross-entropy against what the answer should have been; they
differ in what that is: one picture, all pictures of the group, or the similarities that a teacher sees.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def softmax_contrastive(anchors: Tensor, positives: Tensor, temperature: float) -> Tensor:
    """Tells each anchor's positive from the positives of all other anchors (InfoNCE, arXiv 1807.03748).

    The similarities of an anchor to all positives, divided by the temperature, become probabilities by a softmax;
    the loss is −log of the right one's, averaged over anchors. Both inputs (n, d); row i of one belongs to row i of
    the other. A low temperature looks at the most similar negatives only, a high one at all alike.
    """
    similarities = anchors @ positives.T / temperature
    return F.cross_entropy(similarities, torch.arange(len(anchors), device=anchors.device))


def supervised_contrastive(
    vectors: Tensor, positive: Tensor, temperature: float, known: Tensor | None = None
) -> Tensor:
    """Asks for all positives of each vector at once (SupCon, arXiv 2004.11362, the sum outside the logarithm).

    `positive` (n, n) is true where two vectors should be alike; its diagonal is ignored, and so is every vector
    without a positive. Where `known` is false, nobody can say whether the two are alike: they are left out of the
    softmax.
    """
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    positive = positive & ~itself
    similarities = vectors @ vectors.T / temperature
    left_out = itself if known is None else itself | ~(known | positive)
    logarithms = similarities - similarities.masked_fill(left_out, -torch.inf).logsumexp(dim=1, keepdim=True)
    counts = positive.sum(dim=1)
    sums = logarithms.masked_fill(~positive, 0).sum(dim=1)
    asked = counts > 0
    if not asked.any():
        return vectors.sum() * 0
    return -(sums[asked] / counts[asked]).mean()


def similarity_distillation(vectors: Tensor, teacher: Tensor, temperature: float, same: Tensor) -> Tensor:
    """Keeps to the teacher's view of who is similar to whom: the divergence of two softmaxes over similarities.

    For each vector, the similarities to all others become probabilities, once by the teacher's vectors (n, any
    dimension) and once by the learner's; the loss is the Kullback–Leibler divergence of the latter from the former.
    Pairs in `same` (n, n), views of one picture, are left out: that they are alike is not the teacher's to say.
    """
    ours = (vectors @ vectors.T / temperature).masked_fill(same, -1e4).log_softmax(dim=1)
    theirs = (teacher @ teacher.T / temperature).masked_fill(same, -1e4).log_softmax(dim=1)
    return F.kl_div(ours, theirs, reduction="batchmean", log_target=True)


def vector_regression(vectors: Tensor, teacher: Tensor) -> Tensor:
    """Comes near the teacher's vectors themselves: one minus the cosine, averaged over vectors.

    Both (n, d), the teacher's of any length. Each picture says d things at once, where similarities within a batch
    say n; but where the teacher's axes point matters, so the learner has to begin near them.
    """
    return 1 - F.cosine_similarity(vectors, teacher, dim=1).mean()
