"""What the machine can do at best, and what the operations of one dense layer get out of it.

Both are for a roofline drawing (Williams et al., Communications of the ACM 52(4), 2009): some
operations wait for arithmetic, others for the bytes that they read and write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from densenet_lesson.training.devices import autocast

from .clock import interleave

SIDE = 2048  # of the square matrices that are multiplied
COPIED = 2**26  # numbers of 4 bytes that are copied: far more than any cache holds
LAYER = {"batch_size": 8, "channels": 288, "growth_rate": 32, "size": 28}  # DenseNet-121, block 2


class Operation(NamedTuple):
    """Something to time: what to do, its arithmetic operations, the bytes it must move."""

    action: Callable[[], object]
    flops: int
    bytes: int


def peaks(repeats: int, device: torch.device) -> dict[str, dict[str, float]]:
    """Measure the highest rates: products of matrices in fp32 and bf16, and a copy.

    Returns:
        For each, "flops_per_second" and "bytes_per_second", of the fastest round.
    """
    a, b = torch.rand(2, SIDE, SIDE, device=device).unbind()
    source, target = torch.rand(2, COPIED, device=device).unbind()

    def product(precision: str) -> Callable[[], object]:
        def multiply() -> Tensor:
            with autocast(device, precision):
                return a @ b

        return multiply

    return rates(
        {
            "product, fp32": Operation(product("fp32"), 2 * SIDE**3, 3 * a.nbytes),
            "product, bf16": Operation(product("bf16"), 2 * SIDE**3, 3 * a.nbytes // 2),
            "copy": Operation(lambda: target.copy_(source), 0, 2 * source.nbytes),
        },
        repeats,
    )


def operations(repeats: int, device: torch.device) -> dict[str, dict[str, float]]:
    """Measure the forward pass of each operation in one bottleneck layer of DenseNet-121.

    Returns:
        For each, "flops_per_second", "bytes_per_second" and "intensity", FLOPs a byte. The bytes
        are the least that can be moved: inputs and weights once, the output once.
    """
    n, c, k, size = LAYER.values()
    old, new = (
        torch.rand(n, channels, size, size, device=device).to(memory_format=torch.channels_last)
        for channels in (c - k, k)
    )
    x, narrow = (
        torch.cat([old, new], dim=1),
        torch.cat([new] * 4, dim=1),
    )  # [N, c, ...], [N, 4k, ...]
    norm, relu = nn.BatchNorm2d(c).to(device), nn.ReLU()
    conv1 = nn.Conv2d(c, 4 * k, kernel_size=1, bias=False).to(device)
    conv3 = nn.Conv2d(4 * k, k, kernel_size=3, padding=1, bias=False).to(device)
    for conv in (conv1, conv3):
        conv.to(memory_format=torch.channels_last)
    pixels = n * size * size
    return rates(
        {
            "concatenation": Operation(lambda: torch.cat([old, new], dim=1), 0, 2 * x.nbytes),
            "batch norm": Operation(lambda: norm(x), 4 * x.numel(), 3 * x.nbytes),
            "ReLU": Operation(lambda: relu(x), x.numel(), 2 * x.nbytes),
            "1×1 convolution": of_convolution(conv1, x, pixels),
            "3×3 convolution": of_convolution(conv3, narrow, pixels),
        },
        repeats,
    )


def of_convolution(conv: nn.Conv2d, x: Tensor, pixels: int) -> Operation:
    """Return the operation of a convolution that keeps the number of pixels [N · H · W]."""
    flops = 2 * conv.weight.numel() * pixels
    moved = x.nbytes + conv.weight.nbytes + 4 * pixels * conv.out_channels
    return Operation(lambda: conv(x), flops, moved)


def rates(todo: dict[str, Operation], repeats: int) -> dict[str, dict[str, float]]:
    """Time operations without gradients, in turn; return the rates of each one's fastest round."""
    with torch.no_grad():
        times = interleave({name: op.action for name, op in todo.items()}, repeats, "operations")
    return {
        name: {
            "flops_per_second": op.flops / min(times[name]),
            "bytes_per_second": op.bytes / min(times[name]),
            "intensity": op.flops / op.bytes,
        }
        for name, op in todo.items()
    }
