"""The losses against numeric differences, against figures worked out by hand, and for what they ought to prefer."""

import math
import unittest

import torch
from torch.nn.functional import normalize

from learning import losses


def numeric_gradient(function, at: torch.Tensor, width: float = 1e-6) -> torch.Tensor:
    """Differentiates by central differences, one number after the other."""
    found = torch.zeros_like(at)
    for index in range(at.numel()):
        values = []
        for sign in (1, -1):
            moved = at.clone()
            moved.view(-1)[index] += sign * width
            values.append(float(function(moved)))
        found.view(-1)[index] = (values[0] - values[1]) / (2 * width)
    return found


class GradientTests(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(1)
        self.raw = torch.randn(6, 4, dtype=torch.double)
        self.other = normalize(torch.randn(6, 4, dtype=torch.double), dim=1)
        labels = torch.tensor([0, 0, 1, 1, 1, 2])
        self.positive = labels[:, None] == labels[None, :]

    def check(self, loss) -> None:
        """Compares both gradients through the normalisation, as training goes."""
        raw = self.raw.clone().requires_grad_()
        loss(normalize(raw, dim=1)).backward()
        expected = numeric_gradient(lambda moved: loss(normalize(moved, dim=1)), self.raw)
        torch.testing.assert_close(raw.grad, expected, rtol=1e-5, atol=1e-7)

    def test_softmax_contrastive_has_the_gradient_of_its_value(self) -> None:
        self.check(lambda vectors: losses.softmax_contrastive(vectors, self.other, 0.2))
        self.check(lambda vectors: losses.softmax_contrastive(self.other, vectors, 0.2))

    def test_supervised_contrastive_has_the_gradient_of_its_value(self) -> None:
        self.check(lambda vectors: losses.supervised_contrastive(vectors, self.positive, 0.2))

    def test_supervised_contrastive_with_unknown_pairs_has_the_gradient_of_its_value(self) -> None:
        known = torch.ones_like(self.positive)
        known[0, 5] = known[5, 0] = False
        self.check(lambda vectors: losses.supervised_contrastive(vectors, self.positive, 0.2, known))

    def test_distillation_has_the_gradient_of_its_value(self) -> None:
        same = torch.eye(6, dtype=torch.bool)
        self.check(lambda vectors: losses.similarity_distillation(vectors, self.other, 0.2, same))

    def test_regression_has_the_gradient_of_its_value(self) -> None:
        self.check(lambda vectors: losses.vector_regression(vectors, 3 * self.other))


class WorkedExampleTests(unittest.TestCase):
    def test_similarities_become_probabilities_and_a_cross_entropy(self) -> None:
        """The chapter's figure, with numbers that can be followed on paper.

        A query has similarity .6 to its positive, .8, 0 and −.6 to three negatives. At temperature 1: e^.6 =
        1.8221, e^.8 = 2.2255, e^0 = 1, e^−.6 = .5488, together 5.5965; probabilities .3256, .3977, .1787, .0981;
        the answer should have been (1, 0, 0, 0), so the cross-entropy is −ln .3256 = 1.1221.
        """
        query = torch.tensor([[1.0, 0.0]])
        others = torch.tensor([[0.6, 0.8], [0.8, 0.6], [0.0, 1.0], [-0.6, 0.8]])
        similarities = query @ others.T
        torch.testing.assert_close(similarities, torch.tensor([[0.6, 0.8, 0.0, -0.6]]))
        probabilities = similarities.softmax(dim=1)
        torch.testing.assert_close(probabilities, torch.tensor([[0.3256, 0.3977, 0.1787, 0.0981]]), atol=1e-4, rtol=0)
        loss = losses.supervised_contrastive(
            torch.cat([query, others]), torch.tensor([[False, True, False, False, False]] + [[False] * 5] * 4), 1.0)
        self.assertAlmostEqual(float(loss), 1.1221, places=4)

    def test_in_batch_negatives_give_the_mean_of_two_such_figures(self) -> None:
        """Two anchors, two positives, temperature .5: similarities (1, 0) and (.8, .6) doubled."""
        anchors = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
        positives = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        first = -math.log(math.exp(2.0) / (math.exp(2.0) + math.exp(0.0)))
        second = -math.log(math.exp(1.6) / (math.exp(1.6) + math.exp(1.2)))
        self.assertAlmostEqual(float(losses.softmax_contrastive(anchors, positives, 0.5)), (first + second) / 2, places=6)


class PreferenceTests(unittest.TestCase):
    def test_softmax_over_one_positive_each_equals_the_supervised_loss(self) -> None:
        torch.manual_seed(2)
        anchors, positives = (normalize(torch.randn(5, 8, dtype=torch.double), dim=1) for _ in range(2))
        positive = torch.zeros(10, 10, dtype=torch.bool)
        positive[torch.arange(5), torch.arange(5) + 5] = True
        known = torch.zeros_like(positive)
        known[:5, 5:] = True  # an anchor is compared with positives only
        supervised = losses.supervised_contrastive(torch.cat([anchors, positives]), positive, 0.1, known)
        torch.testing.assert_close(supervised, losses.softmax_contrastive(anchors, positives, 0.1))

    def test_a_lower_temperature_weighs_the_hardest_negative_more(self) -> None:
        vectors = normalize(torch.tensor([[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.8, 0.0, 0.6], [0.0, 0.0, 1.0]]), dim=1)
        positive = torch.zeros(4, 4, dtype=torch.bool)
        positive[0, 1] = True
        shares = []
        for temperature in (1.0, 0.1):
            moved = vectors.clone().requires_grad_()
            losses.supervised_contrastive(moved, positive, temperature).backward()
            shares.append(float(moved.grad[2].norm() / moved.grad[3].norm()))
        self.assertGreater(shares[1], shares[0])

    def test_a_batch_without_positives_costs_nothing(self) -> None:
        vectors = normalize(torch.randn(3, 4), dim=1).requires_grad_()
        loss = losses.supervised_contrastive(vectors, torch.eye(3, dtype=torch.bool), 0.1)
        loss.backward()
        self.assertEqual(loss.item(), 0)

    def test_the_teachers_own_similarities_cost_nothing(self) -> None:
        teacher = normalize(torch.randn(6, 9), dim=1)
        turn = torch.linalg.qr(torch.randn(9, 9)).Q  # a turned space has the same similarities
        loss = losses.similarity_distillation(teacher @ turn, teacher, 0.1, torch.eye(6, dtype=torch.bool))
        self.assertAlmostEqual(float(loss), 0, places=5)
