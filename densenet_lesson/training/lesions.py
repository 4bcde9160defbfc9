"""A trained dense block taken apart: whose channels are whose, and what if some are hidden?

Chapter 10. The lesions are hooks: the network stays as it is, and answers as before afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..blocks import DenseBlock
from . import records

BLOCKS, LAYERS = 3, 6  # of the garments' network


def sources(block: DenseBlock) -> list[slice]:
    """Return where each source's channels lie in what a dense block concatenates. Chapter 10.

    Returns:
        First the block's input, then each of its layers, in order: layer s reads the first s.
    """
    reads = [layer.norm1.num_features for layer in block.children()]
    written = [layer[-1].out_channels for layer in block.children()]
    ends = [reads[0], *(start + new for start, new in zip(reads, written, strict=True))]
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


@contextmanager
def silenced(layer: nn.Module) -> Iterator[None]:
    """Let a layer write zeros for a while: a lesion for all who read it. Chapters 0 and 10."""
    hook = layer.register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def hidden(channels: slice, reader: nn.Module) -> Iterator[None]:
    """Let a layer read zeros in some channels for a while; all others read on. Chapter 10."""

    def hide(module: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        x = inputs[0].clone()  # [N, C, H, W]; the others' tensor stays as it is
        x[:, channels] = 0
        return x

    hook = reader.register_forward_pre_hook(hide)
    try:
        yield
    finally:
        hook.remove()


def silencing(block: int, layer: int) -> str:
    """The name in the record of a lesion that silences a layer, counted from 1. Chapter 10."""
    return f"block {block}, layer {layer}"


def silencing_all(block: int) -> str:
    """The name in the record of the lesion that silences all layers of a block. Chapter 10."""
    return f"block {block}, all layers"


def hiding(block: int, source: int, reader: int) -> str:
    """The name in the record of a lesion that hides a source from one reader. Chapter 10."""
    return f"block {block}, source {source}, reader {reader}"


@dataclass(frozen=True)
class Lesions:
    """What `python -m tools.lesions` has recorded: right answers after each lesion. Chapter 10.

    Args:
        images: how many images were asked.
        dense: right answers of the garments' DenseNet, by the names of its lesions.
        residual: those of its residual twin.
    """

    images: int
    dense: dict[str, int]
    residual: dict[str, int]

    def right(self, block: int, source: int, reader: int) -> int:
        """Right answers with one source hidden from one reader of a block.

        Args:
            block: 1 to 3.
            source: 0 for the block's input, 1 to 6 for its layers.
            reader: 1 to 6 for its layers, 7 for the transition or the classifier.
        """
        return self.dense[hiding(block, source, reader)]

    def lost(self, block: int) -> Tensor:
        """Right answers lost by each such lesion, [sources, readers]; NaN where nothing is read."""
        grid = torch.full((LAYERS + 1, LAYERS + 1), torch.nan)
        for reader in range(1, LAYERS + 2):
            for source in range(reader):
                right = self.right(block, source, reader)
                grid[source, reader - 1] = self.dense["unharmed"] - right
        return grid

    def share(self, lesion: str) -> float:
        """The share of right answers of the DenseNet after a lesion, by its name."""
        return self.dense[lesion] / self.images

    @property
    def layers(self) -> list[float]:
        """The shares with one of the 18 dense layers silenced, in order."""
        places = [(b, s) for b in range(1, BLOCKS + 1) for s in range(1, LAYERS + 1)]
        return [self.share(silencing(b, s)) for b, s in places]

    @property
    def blocks(self) -> list[float]:
        """The shares with all layers of one block silenced, in order."""
        return [self.share(silencing_all(b)) for b in range(1, BLOCKS + 1)]

    @property
    def residual_blocks(self) -> list[float]:
        """The twin's shares with what one of its blocks adds silenced, in order."""
        return [n / self.images for name, n in self.residual.items() if name != "unharmed"]


def load_lesions() -> Lesions:
    """Read the recorded lesions of the garments' network and its twin. Chapter 10."""
    found = json.loads(records.stored("inside/lesions.json").read_text(encoding="utf-8"))
    dense, residual = found["microscope_garments"], found["microscope_twin_garments"]
    return Lesions(found["images"], dense, residual)
