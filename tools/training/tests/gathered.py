"""Run by a test in several processes at once, each told its RANK of WORLD_SIZE: each has to end up with the vectors
of the whole batch, in its order. They meet in a file, which no busy machine makes them miss."""

import os
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from learning.batches import Drawer
from learning.cache import Cache
from learning.configuration import read
from learning.dataset import read as read_dataset
from learning.trainer import Trainer

configuration, dataset, cache, origin, meeting = map(Path, sys.argv[1:])
torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=int(os.environ["RANK"]),
                                     world_size=int(os.environ["WORLD_SIZE"]))
configuration, cache = read(configuration), Cache(cache, "cpu")
drawer = Drawer(read_dataset(dataset).of("train"), cache.view_count, configuration.batches)
trainer = Trainer(configuration, load_file(origin / "weights.safetensors"), cache, drawer, torch.float32)
sizes = set()
for trainer.step in range(8):
    batch = trainer.draw()
    with torch.no_grad():
        expected = trainer.rear(cache.batch(batch.pictures, batch.views).float())
    torch.testing.assert_close(trainer.vectors(batch), expected)
    sizes.add(len(drawer.draw(configuration.schedule.seed, trainer.step).pictures))
assert any(size % trainer.world for size in sizes), sizes
torch.distributed.destroy_process_group()
