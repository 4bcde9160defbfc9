"""Follow an image through a network, layer by layer, without building the network.

`trace` walks through a configuration the way the image walks through the network and notes what
every layer does. `tests/package/test_arithmetic.py` compares each row with the built network. Torch
is not needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from .arguments import check_positive
from .classic_configs import ClassicConfig
from .configs import Config, DenseNetConfig, ResNetConfig
from .layers import smallest_size
from .tape import Features, Row, Tape
from .trace_classic import trace_classic


class Stage(NamedTuple):
    """A part of the network (the stem, a block, a transition, ...): its output and its totals."""

    name: str
    channels: int
    size: int
    parameters: int
    flops: int
    kept_bytes: int


def trace(config: Config, image_size: int | None = None) -> list[Row]:
    """Follow one image through a network, layer by layer, without building the network.

    Args:
        config: a `DenseNetConfig`, a `ResNetConfig` or a `ClassicConfig`.
        image_size: height and width in pixels; the default is the configuration's own.

    Returns:
        One row per layer, in order.

    Raises:
        ValueError: if the image is too small for the network's poolings.
    """
    size = config.image_size if image_size is None else check_positive("image_size", image_size)
    check_image_size(config, size)
    return _walk(config, size)


def _walk(config: Config, size: int) -> list[Row]:
    tape = Tape()
    image = Features(config.in_channels, size)
    if isinstance(config, DenseNetConfig):
        _trace_densenet(tape, config, image)
    elif isinstance(config, ResNetConfig):
        _trace_resnet(tape, config, image)
    else:
        trace_classic(tape, config, image)
    return tape.rows


def stages(config: Config, image_size: int | None = None) -> list[Stage]:
    """`trace`, summed up by part of the network; arguments and errors are the same."""
    grouped: dict[str, list[Row]] = {}
    for row in trace(config, image_size):
        grouped.setdefault(row.stage, []).append(row)
    return [
        Stage(
            name,
            rows[-1].channels,
            rows[-1].size,
            sum(row.parameters for row in rows),
            sum(row.flops for row in rows),
            sum(row.kept_bytes for row in rows),
        )
        for name, rows in grouped.items()
    ]


def minimum_size(config: Config) -> int:
    """The smallest image, in pixels, that leaves something to look at after all the poolings.

    A DenseNet's transitions need an even pixel to halve; a ResNet's padded convolutions always
    leave one. A classic network without a pooling to a fixed size takes only its own size.
    """
    if isinstance(config, ResNetConfig):
        return 1
    if isinstance(config, ClassicConfig):
        return config.image_size if config.pool is None else _smallest_that_passes(config)
    after_stem = 2 ** (len(config.block_config) - 1)  # each transition halves, rounding down
    if config.stem == "cifar":
        return after_stem
    return 4 * after_stem - 3  # the stem halves twice, rounding up


@cache
def _smallest_that_passes(config: ClassicConfig) -> int:
    return smallest_size(config.features, config.in_channels)


def check_image_size(config: Config, height: int, width: int | None = None) -> None:
    """Raise a ValueError unless images of this many pixels fit the network.

    Args:
        config: of the network.
        height: of the images, in pixels.
        width: of the images; None is the same as the height.
    """
    width = height if width is None else width
    shortest = min(height, width)
    check_positive("image_size", shortest)
    if _takes_one_size(config) and (height, width) != (config.image_size,) * 2:
        raise ValueError(
            f"image_size={height if height != config.image_size else width} does not fit "
            f"{config.name}: its first linear layer needs images of exactly {config.image_size} "
            f"pixels each way; resize them, or build the network with image_size={shortest}"
        )
    classic = isinstance(config, ClassicConfig)
    smallest = _smallest_that_passes(config) if classic else minimum_size(config)
    if shortest < smallest:
        raise ValueError(
            f"image_size={shortest} is too small for {config.name}: after its poolings nothing "
            f"would be left; use at least {smallest} pixels"
        )


def _takes_one_size(config: Config) -> bool:
    return isinstance(config, ClassicConfig) and config.pool is None


def check_input(config: Config, shape: Sequence[int]) -> None:
    """Raise a ValueError unless a batch of this shape fits the network.

    Args:
        config: of the network.
        shape: of the batch; right is [N, config.in_channels, H, W] with H and W large enough.
    """
    if len(shape) != 4 or shape[1] != config.in_channels:
        raise ValueError(
            f"x of shape {tuple(shape)} does not fit {config.name}: it takes images "
            f"[N, {config.in_channels}, H, W] (in_channels={config.in_channels})"
        )
    check_image_size(config, shape[2], shape[3])


def _trace_densenet(tape: Tape, config: DenseNetConfig, image: Features) -> None:
    x = _trace_stem(tape, config, image)
    for i, num_layers in enumerate(config.block_config, start=1):
        tape.stage = f"denseblock{i}"
        x = _trace_dense_block(tape, config, f"features.denseblock{i}", x, num_layers)
        if i < len(config.block_config):
            if config.deep_supervision:
                _trace_auxiliary(tape, config, x)
            tape.stage = f"transition{i}"
            x = _trace_transition(tape, config, f"features.transition{i}", x)
    tape.stage = "head"
    x = tape.relu("relu5", tape.norm("features.norm5", x))
    tape.classifier("classifier", x, config.num_classes)


def block_outputs(config: DenseNetConfig) -> list[int]:
    """Channels after each dense block."""
    return config.block_outputs()


def _trace_dense_block(
    tape: Tape, config: DenseNetConfig, name: str, x: Features, num_layers: int
) -> Features:
    tape.memory = "linear" if config.memory == "one_buffer" else config.memory
    linear = config.memory in ("linear", "one_buffer")
    if linear:
        x = tape.put(f"{name}.input", x)
    for j in range(1, num_layers + 1):
        layer = f"{name}.denselayer{j}"
        new = _trace_dense_layer(tape, config, layer, x)
        x = tape.put(layer, new, x.channels) if linear else tape.concat(layer, x, new)
    tape.memory = "plain"
    return Features(x.channels, x.size, x.kept)  # one tensor now, whatever it was made of


def _trace_transition(tape: Tape, config: DenseNetConfig, name: str, x: Features) -> Features:
    out_channels = config.compressed(x.channels)
    if config.memory != "plain":
        tape.memory = "recompute"
    x = _trace_norm_relu_conv(tape, config, name, "", x, out_channels, kernel_size=1)
    if tape.memory == "recompute" and config.pool == "avg" and not config.drop_rate:
        x.kept = True  # not needed: pooled before the convolution (`memory.recompute_transition`)
    tape.memory = "plain"
    return tape.pool(f"{name}.pool", config.pool, x)


def _trace_auxiliary(tape: Tape, config: DenseNetConfig, x: Features) -> None:
    """Note the classifier of a dense block, which is there in training only."""
    block = tape.stage
    name = f"auxiliary.{block}"
    tape.stage, tape.training_only = block.replace("denseblock", "auxiliary"), True
    x = tape.relu(f"{name}.relu", tape.norm(f"{name}.norm", x))
    tape.linear(f"{name}.linear", tape.adaptive_pool(f"{name}.pool", x, 1), config.num_classes)
    tape.stage, tape.training_only = block, False


def _trace_stem(tape: Tape, config: DenseNetConfig, x: Features) -> Features:
    tape.stage = "stem"
    name, channels = "features.conv0", config.num_init_features
    if config.stem == "cifar":
        return tape.conv(name, x, channels, kernel_size=3, padding=1, bias=config.bias)
    x = tape.conv(name, x, channels, kernel_size=7, stride=2, padding=3, bias=config.bias)
    x = tape.relu("features.relu0", tape.norm("features.norm0", x))
    return tape.pool("features.pool0", "max", x, kernel_size=3, stride=2, padding=1)


def _trace_dense_layer(tape: Tape, config: DenseNetConfig, name: str, x: Features) -> Features:
    if config.bn_size is None:
        return _trace_norm_relu_conv(tape, config, name, "1", x, config.growth_rate, 3)
    width = config.bn_size * config.growth_rate
    x = _trace_norm_relu_conv(tape, config, name, "1", x, width, kernel_size=1)
    return _trace_norm_relu_conv(tape, config, name, "2", x, config.growth_rate, kernel_size=3)


def _trace_norm_relu_conv(
    tape: Tape,
    config: DenseNetConfig,
    name: str,
    suffix: str,
    x: Features,
    out_channels: int,
    kernel_size: int,
) -> Features:
    x = tape.norm(f"{name}.norm{suffix}", x)
    x = tape.relu(f"{name}.relu{suffix}", x)
    padding = kernel_size // 2
    conv = f"{name}.conv{suffix}"
    x = tape.conv(conv, x, out_channels, kernel_size, padding=padding, bias=config.bias)
    return tape.dropout(f"{name}.drop{suffix}", x) if config.drop_rate else x


def _trace_resnet(tape: Tape, config: ResNetConfig, image: Features) -> None:
    tape.stage = "stem"
    if config.stem == "cifar":
        x = tape.conv("conv1", image, config.widths[0], 3, padding=1, bias=config.bias)
    else:
        x = tape.conv("conv1", image, config.widths[0], 7, stride=2, padding=3, bias=config.bias)
    x = tape.relu("relu", tape.norm("bn1", x))
    if config.stem == "imagenet":
        x = tape.pool("maxpool", "max", x, kernel_size=3, stride=2, padding=1)
    for i, (num_blocks, width) in enumerate(zip(config.layers, config.widths, strict=True), 1):
        tape.stage = f"layer{i}"
        for j in range(num_blocks):
            stride = 2 if i > 1 and j == 0 else 1
            x = _trace_residual(tape, config, f"layer{i}.{j}", x, width, stride)
    tape.stage = "head"
    tape.classifier("fc", x, config.num_classes)


def _trace_residual(
    tape: Tape, config: ResNetConfig, name: str, x: Features, width: int, stride: int
) -> Features:
    out_channels = width * config.expansion
    # (channels, kernel size, stride) of the block's convolutions
    convs = [(width, 3, stride), (width, 3, 1)]
    if config.block == "bottleneck":
        convs = [(width, 1, 1), (width, 3, stride), (out_channels, 1, 1)]
    y = x
    for i, (channels, kernel, step) in enumerate(convs, start=1):
        padding = kernel // 2
        y = tape.conv(f"{name}.conv{i}", y, channels, kernel, step, padding, config.bias)
        y = tape.norm(f"{name}.bn{i}", y)
        if i < len(convs):
            y = tape.relu(f"{name}.relu{i}", y)
    if config.block == "plain":
        return tape.relu(f"{name}.relu", y)
    shortcut = _trace_shortcut(tape, config, f"{name}.downsample", x, out_channels, stride)
    return tape.relu(f"{name}.relu", tape.add(name, shortcut, y))


def _trace_shortcut(
    tape: Tape, config: ResNetConfig, name: str, x: Features, out_channels: int, stride: int
) -> Features:
    same_shape = stride == 1 and x.channels == out_channels
    if config.shortcut == "A" or (same_shape and config.shortcut == "B"):
        return x  # no parameters, nothing kept
    x = tape.conv(f"{name}.0", x, out_channels, 1, stride, bias=config.bias)
    return tape.norm(f"{name}.1", x) if config.shortcut_norm else x
