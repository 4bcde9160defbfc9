"""The averages of batch norms, estimated anew for chapter 8."""

import torch
from torch import nn

from densenet_lesson import build, data
from tools.refresh import refresh


def test_refreshing_changes_averages_and_no_weight():
    network = build("densenet_digits", block_config=(1, 1), drop_rate=0.2)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    refresh(network, data.load("digits")[0].subset(64), mean=[0.5], std=[0.5])
    assert all(part.p == 0 for part in network.modules() if isinstance(part, nn.Dropout))
    for name, tensor in network.state_dict().items():
        running = "running_" in name or "num_batches" in name
        assert torch.equal(tensor, before[name]) != running, name
