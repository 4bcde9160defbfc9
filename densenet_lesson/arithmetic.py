"""Channels, shapes, parameters, FLOPs and activation memory, from a configuration alone.

No network is built, and torch is not needed: `steps` has the single calculations, `trace` follows
an image through a network, and here are the totals. `from densenet_lesson import arithmetic`
brings all.
"""

from __future__ import annotations

from .arguments import check_positive
from .configs import Config, DenseNetConfig
from .steps import (
    block_channels,
    block_channels_written,
    compressed,
    compressed_written,
    conv_flops,
    conv_flops_written,
    conv_parameters,
    conv_parameters_written,
    linear_parameters,
    linear_parameters_written,
    output_size,
    output_size_written,
    total_written,
)
from .tape import Row
from .trace import Stage, check_image_size, check_input, minimum_size, stages, trace

__all__ = [
    "Row",
    "Stage",
    "activation_bytes",
    "block_channels",
    "block_channels_written",
    "channel_path",
    "channel_path_written",
    "check_image_size",
    "check_input",
    "compressed",
    "compressed_written",
    "conv_flops",
    "conv_flops_written",
    "conv_parameters",
    "conv_parameters_written",
    "flops",
    "linear_parameters",
    "linear_parameters_written",
    "minimum_size",
    "output_size",
    "output_size_written",
    "parameters",
    "running_statistics",
    "stages",
    "total_written",
    "trace",
    "written",
]


def parameters(config: Config) -> int:
    """Number of parameters of a network, those of auxiliary classifiers included.

    They don't depend on the image's size, but for a classic network that takes only one.
    """
    return sum(
        row.parameters for row in trace(config, max(config.image_size, minimum_size(config)))
    )


def flops(config: Config, image_size: int | None = None) -> int:
    """FLOPs of one forward pass of one image: convolutions and linear layers, multiply-add = 2.

    In evaluation mode, so without auxiliary classifiers.

    Raises:
        ValueError: if the image is too small for the network's poolings.
    """
    return sum(row.flops for row in trace(config, image_size) if not row.training_only)


def running_statistics(config: Config) -> int:
    """Means and variances that the batch norms remember: two numbers for each channel.

    They are not learned, so PyTorch doesn't count them as parameters. Keras does: its
    `count_params()` is `parameters(config) + running_statistics(config)`.
    """
    size = max(config.image_size, minimum_size(config))
    # a batch norm has as many parameters as statistics: a scale and a shift, a mean and a variance
    return sum(row.parameters for row in trace(config, size) if row.kind == "norm")


def activation_bytes(config: Config, batch_size: int = 1, image_size: int | None = None) -> int:
    """Bytes kept for the backward pass after a forward pass in training, in 32-bit floats.

    Counted for the networks of this package on a CPU, a DenseNet's by its `config.memory`: each
    tensor that the backward pass reads, once; parameters and running statistics not included.

    Raises:
        ValueError: if `batch_size` is not positive, or the image too small for the network.
    """
    batch_size = check_positive("batch_size", batch_size)
    rows = trace(config, image_size)
    per_image = sum(row.kept_bytes for row in rows)
    return batch_size * per_image + sum(row.kept_bytes_per_batch for row in rows)


def channel_path(config: DenseNetConfig) -> list[int]:
    """Channels after the stem, and after each dense block and transition: 64, 192, 96, 224, ..."""
    parts = ("stem", "denseblock", "transition")
    size = max(config.image_size, minimum_size(config))
    return [stage.channels for stage in stages(config, size) if stage.name.startswith(parts)]


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
