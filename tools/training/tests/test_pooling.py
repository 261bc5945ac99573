"""How the last map becomes a vector, and models made to see otherwise."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

import folded
import reframe
from learning import model_folder, pooling
from learning.network import Front, Rear, Whole
from tests.test_network import random_tensors

ROOT = Path(__file__).resolve().parents[3]


class PoolingTests(unittest.TestCase):
    def test_weights_sum_to_1_and_the_middle_counts_for_its_share_more(self) -> None:
        for name in pooling.POOLINGS:
            for side in (1, 2, 3, 7):
                self.assertAlmostEqual(float(pooling.weights(name, side).sum()), 1, places=5)
        found = pooling.weights(pooling.CENTER_WEIGHTED, 7).reshape(7, 7)
        self.assertAlmostEqual(float(found[0, 3]), 0.6 / 49, places=6)
        self.assertAlmostEqual(float(found[1, 5]), 0.6 / 49 + 0.4 / 25, places=6)

    def test_all_ways_through_the_network_pool_alike(self) -> None:
        tensors, batch = random_tensors(), torch.randn(2, 3, 96, 96)
        arrays = {name: value.numpy() for name, value in tensors.items()}
        expected = torch.from_numpy(folded.stages(arrays, batch, pooling.CENTER_WEIGHTED)["embedding"])
        with torch.no_grad():
            whole = Whole(tensors, 96, pooling.CENTER_WEIGHTED)(batch)[1]
            rear = Rear(tensors, 8, 96, pooling.CENTER_WEIGHTED)(Front(tensors, 8)(batch).permute(1, 0, 2))
        torch.testing.assert_close(whole, expected, atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(rear, expected, atol=2e-5, rtol=1e-4)


class ReframeTests(unittest.TestCase):
    def test_the_weights_stay_and_the_manifest_says_what_is_seen(self) -> None:
        base = model_folder.read(ROOT / "Models" / "efficientnet-lite0")
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "whole"
            reframe.reframed(base, output, "whole", True, pooling.CENTER_WEIGHTED)
            found = model_folder.read(output)
        self.assertEqual((found.input.side, found.input.shorter_side, found.pooling), (224, 224, "center-weighted"))
        self.assertEqual(found.manifest["lineage"][:-1], base.manifest["lineage"])
        for name, value in base.tensors.items():
            np.testing.assert_array_equal(found.tensors[name], value)


if __name__ == "__main__":
    unittest.main()
