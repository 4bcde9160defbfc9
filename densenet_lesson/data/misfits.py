"""Why images don't fit a network, in words: what `blocks.explain_images` says after an error.

It reads the network's modules as they are now, not the configuration that they were built from.
"""

from __future__ import annotations

from torch import Tensor, nn


def misfit(network: nn.Module, x: Tensor) -> str:
    """Why these images don't fit a network, in a sentence; "" if they are not at fault."""
    name = getattr(network.config, "name", type(network).__name__)
    first = next((m for m in network.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and (x.dim() != 4 or x.shape[1] != first.in_channels):
        return (
            f"x of shape {tuple(x.shape)} does not fit {name}: it takes images "
            f"[N, {first.in_channels}, H, W] (in_channels={first.in_channels})"
        )
    size, smallest = min(x.shape[2:], default=0), smallest_size(network)
    if size < smallest:
        return (
            f"image_size={size} is too small for {name}: after its poolings nothing would be left; "
            f"use at least {smallest} pixels"
        )
    if network.training and len(x) == 1 and size == smallest:
        return (
            f"a batch of 1 image of {size} pixels leaves batch norms of {name} one number for each "
            "channel, of which there is no deviation: use a larger batch_size, or larger images"
        )
    return network.wrong_size(x) if hasattr(network, "wrong_size") else ""


def smallest_size(network: nn.Module) -> int:
    """The fewest pixels, each way, of which one is left at the end; from the last module back."""
    size = 1
    for module in reversed(list(network.modules())):
        if isinstance(module, nn.AdaptiveAvgPool2d):
            size = 1  # which makes as many as are wanted, of one
        elif isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            window = (module.kernel_size, module.stride, module.padding)
            kernel, stride, padding = (n[0] if isinstance(n, tuple) else n for n in window)
            if padding != "same":
                padding = 0 if padding == "valid" else padding
                ceil = stride - 1 if getattr(module, "ceil_mode", False) else 0
                size = max(1, (size - 1) * stride + kernel - 2 * padding - ceil)
    return size
