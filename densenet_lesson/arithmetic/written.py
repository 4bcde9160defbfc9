"""Chapters 3 to 6: one calculation at a time, channels, sizes, parameters, FLOPs, as on paper.

The functions `..._written` write a calculation the way you would on paper: `3 + 2 × 10 = 23`.
Images are square: `size` is both the height and the width, in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..configs import DenseNetConfig, check_compression, check_positive, positive_tuple


def block_channels(in_channels: int, num_layers: int, growth_rate: int) -> int:
    """Channels after a dense block: every layer adds `growth_rate` (arXiv:1608.06993, Section 3).

    Raises:
        ValueError: if an argument is not a positive integer.
    """
    in_channels = check_positive("in_channels", in_channels)
    num_layers = check_positive("num_layers", num_layers)
    growth_rate = check_positive("growth_rate", growth_rate)
    return in_channels + num_layers * growth_rate


def block_channels_written(in_channels: int, num_layers: int, growth_rate: int) -> str:
    """`block_channels` as you would write it: `3 + 2 × 10 = 23`."""
    total = block_channels(in_channels, num_layers, growth_rate)
    return f"{in_channels} + {num_layers} × {growth_rate} = {total}"


def compressed(channels: int, compression: float = DenseNetConfig.compression) -> int:
    """Channels that a transition keeps, ⌊θ · channels⌋ (arXiv:1608.06993, "Compression").

    Raises:
        ValueError: if an argument makes no sense, or no channel would be left.
    """
    channels = check_positive("channels", channels)
    compression = check_compression("compression", compression)
    kept = math.floor(round(compression * channels, 6))  # 0.29 * 100 is 28.999… in a computer
    if kept < 1:
        least = math.ceil(1 / compression)
        raise ValueError(
            f"compression={compression} of channels={channels} leaves no channel: "
            f"use at least {least} channels, or a compression of at least {1 / channels:.3g}"
        )
    return kept


def compressed_written(channels: int, compression: float = DenseNetConfig.compression) -> str:
    """`compressed` as you would write it: `256 → 128`."""
    return f"{channels} → {compressed(channels, compression)}"


def output_size(
    size: int, kernel_size: int, stride: int = 1, padding: int = 0, ceil: bool = False
) -> int:
    """Height and width after a convolution or a pooling.

    ⌊(size + 2 · padding − kernel_size) / stride⌋ + 1

    With `ceil` (poolings only) the division is rounded up, so a last window may hang over the edge;
    one that would begin beyond the image doesn't count.

    Raises:
        ValueError: if the kernel doesn't fit into the padded image.
    """
    size = check_positive("size", size)
    room = size + 2 * padding - kernel_size
    if room < (1 - stride if ceil else 0):
        least = kernel_size - 2 * padding - (stride - 1 if ceil else 0)
        raise ValueError(
            f"size={size} is too small for kernel_size={kernel_size} with padding={padding}: "
            f"it must be at least {least}"
        )
    if not ceil:
        return room // stride + 1
    windows = math.ceil(room / stride) + 1
    return windows - ((windows - 1) * stride >= size + padding)


def output_size_written(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> str:
    """`output_size` as you would write it: `⌊(96 + 2 × 3 − 7) / 2⌋ + 1 = 48`."""
    result = output_size(size, kernel_size, stride, padding)
    return f"⌊({size} + 2 × {padding} − {kernel_size}) / {stride}⌋ + 1 = {result}"


def conv_parameters(
    in_channels: int, out_channels: int, kernel_size: int | tuple[int, int], bias: bool = False
) -> int:
    """Parameters of a convolution: a kernel of weights for each pair of channels, and the biases.

    `kernel_size` is one number for a square kernel, or height and width.
    """
    height, width = _sides(kernel_size)
    return height * width * in_channels * out_channels + bias * out_channels


def conv_parameters_written(
    in_channels: int, out_channels: int, kernel_size: int | tuple[int, int], bias: bool = False
) -> str:
    """`conv_parameters` as you would write it: `3 × 3 × 64 × 32 + 32 = 18,464`."""
    total = conv_parameters(in_channels, out_channels, kernel_size, bias)
    biases = f" + {out_channels}" if bias else ""
    height, width = _sides(kernel_size)
    return f"{height} × {width} × {in_channels} × {out_channels}{biases} = {total:,}"


def conv_flops(
    in_channels: int, out_channels: int, kernel_size: int | tuple[int, int], size: int
) -> int:
    """FLOPs of a convolution with an output of `size` × `size`.

    For each weight and each output pixel: one multiplication and one addition.
    As in `torch.utils.flop_counter`, adding the bias is not counted.
    """
    return 2 * conv_parameters(in_channels, out_channels, kernel_size) * size**2


def conv_flops_written(
    in_channels: int, out_channels: int, kernel_size: int | tuple[int, int], size: int
) -> str:
    """`conv_flops` as you would write it: `2 × 3 × 3 × 64 × 32 × 24 × 24 = 21,233,664`."""
    total = conv_flops(in_channels, out_channels, kernel_size, size)
    height, width = _sides(kernel_size)
    kernel = f"{height} × {width}"
    return f"2 × {kernel} × {in_channels} × {out_channels} × {size} × {size} = {total:,}"


def total_written(numbers: Sequence[int]) -> str:
    """A sum as you would write it: `1 + 2 + 3 = 6`."""
    numbers = positive_tuple("numbers", numbers)
    return f"{' + '.join(f'{number:,}' for number in numbers)} = {sum(numbers):,}"


def linear_parameters(in_features: int, out_features: int) -> int:
    """Parameters of a fully connected layer: a weight for each pair, a bias for each output."""
    return (in_features + 1) * out_features


def linear_parameters_written(in_features: int, out_features: int) -> str:
    """`linear_parameters` as you would write it: `400 × 120 + 120 = 48,120`."""
    total = linear_parameters(in_features, out_features)
    return f"{in_features} × {out_features} + {out_features} = {total:,}"


def channel_path(config: DenseNetConfig) -> list[int]:
    """Channels after the stem, and after each dense block and transition: 64, 192, 96, 224, ..."""
    path = [config.num_init_features]
    for i, num_layers in enumerate(config.block_config):
        if i > 0:
            path.append(compressed(path[-1], config.compression))
        path.append(block_channels(path[-1], num_layers, config.growth_rate))
    return path


def channel_path_written(config: DenseNetConfig) -> str:
    """`channel_path` as you would write it: `64 → 192 → 96 → 224 → 112 → 240 → 120 → 248`."""
    return " → ".join(str(channels) for channels in channel_path(config))


def written(config: DenseNetConfig) -> list[str]:
    """The channels of a DenseNet, one line a part, as you would write them on paper."""
    path = channel_path(config)
    lines = [f"stem: {config.in_channels} → {path[0]}"]
    for i, num_layers in enumerate(config.block_config):
        block = block_channels_written(path[2 * i], num_layers, config.growth_rate)
        lines.append(f"dense block {i + 1}: {block}")
        if i + 1 < len(config.block_config):
            halved = compressed_written(path[2 * i + 1], config.compression)
            lines.append(f"transition {i + 1}: {halved}")
    return lines


def _sides(kernel_size: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width of a kernel."""
    return (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
