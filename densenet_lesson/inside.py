"""A trained dense block taken apart: whose channels are whose, and what if some are hidden?

Chapter 10. The lesions are hooks: the network stays as it is, and answers as before afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .blocks import DenseBlock


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
