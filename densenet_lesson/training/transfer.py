"""A network that is trained already learns another task from few labels. Chapter 11."""

from __future__ import annotations

import json

import torch
from torch import Tensor, nn
from torchvision.transforms import Normalize

from ..configs import check_choice
from ..densenet import DenseNet
from . import records
from .recipe import Recipe
from .trained import load_trained

SOURCE = "microscope_garments"  # what it is trained on
SIZE = 12  # pixels that the digits are enlarged to, from 8: two poolings leave 3
WAYS = ("from scratch", "fine-tuned", "norms held")
SEEDS = range(5)


def recipe(labels: int, seed: int = 0) -> Recipe:
    """How all three ways learn from 10, 100 or 1,000 labelled digits: the same for each."""
    epochs, batch_size = {10: (60, 10), 100: (15, 20), 1000: (8, 50)}[labels]
    return Recipe(
        epochs=epochs,
        batch_size=batch_size,
        lr=0.003,
        optimizer="adamw",
        weight_decay=5e-4,
        schedule="cosine",
        warmup_epochs=epochs / 10,
        size=SIZE,
        seed=seed,
    )


def hold_norms(network: nn.Module) -> nn.Module:
    """Let every batch norm keep its running mean and variance, in training too. Chapter 11.

    Their scales and shifts still learn. Returns the same network.
    """

    def hold(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()

    network.register_forward_pre_hook(hold)  # train() comes before the forward pass, and is undone
    return network


def start(way: str, seed: int = 0) -> nn.Module:
    """Build what learns the digits: "from scratch", "fine-tuned" or "norms held".

    The garments' mean and deviation are a part of it, so its images are numbers from 0 to 1.

    Raises:
        ValueError: for another way.
    """
    check_choice("way", way, WAYS)
    torch.manual_seed(seed)
    network = load_trained(SOURCE)
    if way == "from scratch":
        network = DenseNet(network.config)
    else:
        network.classifier = nn.Linear(network.classifier.in_features, 10)
    inputs = records.load_record(SOURCE).inputs
    model = nn.Sequential(Normalize(inputs["mean"], inputs["std"]), network)
    return hold_norms(model) if way == "norms held" else model


def load_transfer() -> dict[str, dict[int, list[int]]]:
    """Read what `python -m tools.transfer` has recorded. Chapter 11.

    Returns:
        For each way and each number of labels: how many of the 360 test digits each recorded seed
        reads rightly.
    """
    found = json.loads(records.stored("transfer/digits.json").read_text(encoding="utf-8"))
    return {
        way: {
            int(labels): [runs[f"seed {seed}"] for seed in SEEDS if f"seed {seed}" in runs]
            for labels, runs in found[way].items()
        }
        for way in WAYS
    }
