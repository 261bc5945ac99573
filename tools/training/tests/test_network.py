"""The matrix form of the rear against ordinary convolutions, forward and backward, and the count of multiply-adds."""

import unittest

import numpy as np
import torch
import torch.nn.functional as F

import folded
from learning.network import BLOCKS, Front, Rear, Whole, multiply_adds, same_padding, side_before, taps

WIDTHS = [32, 16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320]


def random_tensors(seed: int = 0, dimension: int = 8) -> dict[str, torch.Tensor]:
    """Makes weights of the network's shapes, small enough that ReLU6 is seldom at its upper end."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        fan = int(np.prod(shape[1:])) or 1
        return torch.randn(*shape, generator=generator) * (2 / fan) ** 0.5

    found = {"stem.weight": normal(32, 3, 3, 3), "stem.bias": torch.zeros(32)}
    for number, (kernel, _) in enumerate(BLOCKS):
        inner = WIDTHS[number] * (6 if number else 1)
        if number:
            found[f"blocks.{number}.expand.weight"] = normal(inner, WIDTHS[number])
            found[f"blocks.{number}.expand.bias"] = 0.1 * torch.randn(inner, generator=generator)
        found[f"blocks.{number}.depthwise.weight"] = normal(inner, kernel, kernel)
        found[f"blocks.{number}.depthwise.bias"] = 0.1 * torch.randn(inner, generator=generator)
        found[f"blocks.{number}.project.weight"] = normal(WIDTHS[number + 1], inner)
        found[f"blocks.{number}.project.bias"] = torch.zeros(WIDTHS[number + 1])
    found |= {"head.weight": normal(1280, 320), "head.bias": torch.zeros(1280)}
    found |= {"projection.weight": normal(dimension, 1280)}
    return found


class NetworkTests(unittest.TestCase):
    def test_a_depthwise_convolution_is_a_product_with_its_taps(self) -> None:
        for side, kernel, stride in [(7, 5, 1), (7, 3, 1), (14, 5, 2), (13, 5, 2), (6, 3, 2), (3, 5, 1)]:
            x = torch.randn(4, 3, side, side, dtype=torch.double, requires_grad=True)  # channels, pictures
            weight = torch.randn(4, 1, kernel, kernel, dtype=torch.double, requires_grad=True)
            where, outputs = taps(side, kernel, stride, x.device, x.dtype)
            matrix = (weight.reshape(4, -1) @ where).reshape(4, side**2, outputs**2)
            found = torch.bmm(x.flatten(2), matrix)
            before, after = same_padding(side, kernel, stride)
            padded = F.pad(x.transpose(0, 1), (before, after, before, after))
            expected = F.conv2d(padded, weight, stride=stride, groups=4).transpose(0, 1).flatten(2)
            torch.testing.assert_close(found, expected)
            pull = torch.randn_like(found)
            for one, other in zip(torch.autograd.grad(found, (x, weight), pull),
                                  torch.autograd.grad(expected, (x, weight), pull)):
                torch.testing.assert_close(one, other)

    def test_taps_are_made_once_for_each_device_and_kind_of_number(self) -> None:
        """The device "meta" stands for a GPU here: it has shapes and no values."""
        rear = Rear(random_tensors(), 11, 64).to("meta", torch.bfloat16)
        taps.cache_clear()
        for _ in range(3):
            rear(torch.empty(112, 2, 16, device="meta", dtype=torch.bfloat16))
        made = taps.cache_info()
        self.assertEqual((made.misses, made.hits + made.misses), (3, 15))
        kept, _ = taps(4, 5, 2, torch.device("meta"), torch.bfloat16)
        self.assertEqual((kept.device.type, kept.dtype), ("meta", torch.bfloat16))
        self.assertIs(taps(4, 5, 2, torch.device("meta"), torch.bfloat16)[0], kept)

    def test_front_and_rear_are_the_network_wherever_it_is_cut(self) -> None:
        tensors = random_tensors()
        batch = torch.randn(2, 3, 64, 64)
        arrays = {name: value.numpy() for name, value in tensors.items()}
        expected = torch.from_numpy(folded.stages(arrays, batch)["embedding"])
        for cut in (3, 8, 11):
            with torch.no_grad():
                found = Rear(tensors, cut, 64)(Front(tensors, cut)(batch).permute(1, 0, 2))
            torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)
        with torch.no_grad():
            torch.testing.assert_close(Whole(tensors, 64)(batch)[1], expected, atol=2e-5, rtol=1e-4)

    def test_sides_are_rounded_up_at_every_stride(self) -> None:
        self.assertEqual([side_before(block, 224) for block in (0, 2, 4, 6, 9, 12)], [112, 56, 28, 14, 14, 7])
        self.assertEqual([side_before(block, 100) for block in (0, 2, 4, 6, 12)], [50, 25, 13, 7, 4])

    def test_multiply_adds_are_those_of_the_guide(self) -> None:
        count = multiply_adds(random_tensors(dimension=256), 224)
        self.assertEqual(count, 384_235_232)
        self.assertLess(multiply_adds(random_tensors(dimension=256), 96) / count, 0.25)
        self.assertGreater(multiply_adds(random_tensors(dimension=256), 97) / count, 0.25)
