"""What the cheat sheet says of each DenseNet, counted as on paper: nothing here needs torch."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from densenet_lesson.arithmetic import channel_path, conv_parameters, linear_parameters
from densenet_lesson.configs import DENSENETS, DenseNetConfig

HEAD = ("Network", "Layers per block", "k", "θ", "Channels after each part", "Parameters")
STEMS = {"imagenet": 7, "cifar": 3}


def step_parameters(reads: int, writes: int, kernel_size: int, bias: bool) -> int:
    """A batch norm, with its scale and shift for each channel, and a convolution."""
    return 2 * reads + conv_parameters(reads, writes, kernel_size, bias)


def layer_parameters(config: DenseNetConfig, reads: int) -> int:
    """A dense layer that reads so many channels: a 3×3 step, in a bottleneck a 1×1 step first."""
    k, bias = config.growth_rate, config.bias
    if config.bn_size is None:
        return step_parameters(reads, k, 3, bias)
    narrow = config.bn_size * k
    return step_parameters(reads, narrow, 1, bias) + step_parameters(narrow, k, 3, bias)


def count(config: DenseNetConfig) -> int:
    """All parameters of a DenseNet, part by part: stem, dense layers, transitions, head."""
    path = channel_path(config)  # stem, block, transition, block, ..., block
    total = conv_parameters(config.in_channels, path[0], STEMS[config.stem], config.bias)
    total += 2 * path[0] if config.stem == "imagenet" else 0  # its batch norm
    for start, layers in zip(path[::2], config.block_config, strict=True):
        reads = [start + i * config.growth_rate for i in range(layers)]
        total += sum(layer_parameters(config, channels) for channels in reads)
    for channels, writes in zip(path[1::2], path[2::2], strict=False):
        total += step_parameters(channels, writes, 1, config.bias)
    return total + 2 * path[-1] + linear_parameters(path[-1], config.num_classes)


def family() -> list[tuple[str, ...]]:
    """The texts of the rows, from the package's configurations."""
    return [
        (
            config.name,
            ", ".join(map(str, config.block_config)),
            str(config.growth_rate),
            f"{config.compression:g}",
            " → ".join(map(str, channel_path(config))),
            f"{count(config):,}",
        )
        for config in DENSENETS.values()
    ]
