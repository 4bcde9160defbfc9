"""Follow an image through a network, layer by layer, without building the network.

`trace` walks through a configuration the way the image walks through the network and notes what
every layer does. `tests/test_arithmetic.py` compares each row with the built network. Torch is not
needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .checks import check_positive
from .configs import Config, DenseNetConfig, ResNetConfig
from .steps import compressed, conv_flops, conv_parameters, output_size


class Row(NamedTuple):
    """What one layer does to one image.

    `name` is the module's name in the built network, `stage` the part of the network it belongs to,
    `channels` and `size` are those of the output. `flops` counts convolutions and linear layers,
    two per multiply-accumulate. `kept_bytes` (per image) and `kept_bytes_per_batch` are what the
    layer keeps in memory for the backward pass and no earlier layer has kept already, in 32-bit
    floats.
    """

    stage: str
    name: str
    kind: str
    channels: int
    size: int
    parameters: int = 0
    flops: int = 0
    kept_bytes: int = 0
    kept_bytes_per_batch: int = 0


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
        config: a `DenseNetConfig` or a `ResNetConfig`.
        image_size: height and width in pixels; the default is the configuration's own.

    Returns:
        One row per layer, in order.

    Raises:
        ValueError: if the image is too small for the network's poolings.
    """
    size = config.image_size if image_size is None else image_size
    check_image_size(config, size)
    tape = _Tape()
    image = _Features(config.in_channels, size)
    if isinstance(config, DenseNetConfig):
        _trace_densenet(tape, config, image)
    else:
        _trace_resnet(tape, config, image)
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
    leave one.
    """
    if isinstance(config, ResNetConfig):
        return 1
    after_stem = 2 ** (len(config.block_config) - 1)  # each transition halves, rounding down
    if config.stem == "cifar":
        return after_stem
    return 4 * after_stem - 3  # the stem halves twice, rounding up


def check_image_size(config: Config, size: int) -> None:
    """Raise a ValueError unless an image of `size` × `size` pixels is large enough for `config`."""
    check_positive("image_size", size)
    if size < minimum_size(config):
        raise ValueError(
            f"image_size={size} is too small for {config.name}: after its poolings nothing would "
            f"be left; use at least {minimum_size(config)} pixels"
        )


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
    check_image_size(config, min(shape[2], shape[3]))


@dataclass
class _Features:
    """A tensor on its way through the network, and whether the backward pass keeps it already."""

    channels: int
    size: int
    kept: bool = False

    @property
    def bytes(self) -> int:
        return 4 * self.channels * self.size**2  # a 32-bit float has 4 bytes


class _Tape:
    """Notes a row for every layer; its methods take and return features, like the layers."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.stage = ""

    def _note(self, name: str, kind: str, out: _Features, **numbers: int) -> _Features:
        self.rows.append(Row(self.stage, name, kind, out.channels, out.size, **numbers))
        return out

    @staticmethod
    def _keep(x: _Features) -> int:
        """Bytes added to the memory when the backward pass needs `x`: none the second time."""
        added = 0 if x.kept else x.bytes
        x.kept = True
        return added

    def conv(
        self,
        name: str,
        x: _Features,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = False,
    ) -> _Features:
        size = output_size(x.size, kernel_size, stride, padding)
        return self._note(
            name,
            "conv",
            _Features(out_channels, size),
            parameters=conv_parameters(x.channels, out_channels, kernel_size, bias),
            flops=conv_flops(x.channels, out_channels, kernel_size, size),
            kept_bytes=self._keep(x),
        )

    def norm(self, name: str, x: _Features) -> _Features:
        return self._note(
            name,
            "norm",
            _Features(x.channels, x.size),
            parameters=2 * x.channels,  # a scale and a shift for each channel
            kept_bytes=self._keep(x),
            kept_bytes_per_batch=2 * 4 * x.channels,  # the batch's mean and 1 / standard deviation
        )

    def relu(self, name: str, x: _Features) -> _Features:
        out = _Features(x.channels, x.size)
        return self._note(
            name, "activation", out, kept_bytes=self._keep(out)
        )  # keeps what it returns

    def dropout(self, name: str, x: _Features) -> _Features:
        out = _Features(x.channels, x.size)
        return self._note(name, "dropout", out, kept_bytes=out.bytes)  # the mask

    def pool(
        self,
        name: str,
        kind: str,
        x: _Features,
        kernel_size: int = 2,
        stride: int = 2,
        padding: int = 0,
    ) -> _Features:
        out = _Features(x.channels, output_size(x.size, kernel_size, stride, padding))
        # max pooling also notes where each maximum was: a 64-bit integer for each output
        places = 2 * out.bytes if kind == "max" else 0
        return self._note(name, f"{kind}pool", out, kept_bytes=self._keep(x) + places)

    def concat(self, name: str, x: _Features, new: _Features) -> _Features:
        return self._note(name, "concat", _Features(x.channels + new.channels, x.size))

    def add(self, name: str, x: _Features, y: _Features) -> _Features:
        return self._note(name, "add", _Features(y.channels, y.size))

    def classifier(self, name: str, x: _Features, num_classes: int) -> None:
        pooled = self._note(f"{name}.pool", "avgpool", _Features(x.channels, 1))
        self._note(
            name,
            "linear",
            _Features(num_classes, 1),
            parameters=(x.channels + 1) * num_classes,
            flops=2 * x.channels * num_classes,
            kept_bytes=self._keep(pooled),
        )


def _trace_densenet(tape: _Tape, config: DenseNetConfig, image: _Features) -> None:
    x = _trace_stem(tape, config, image)
    for i, num_layers in enumerate(config.block_config, start=1):
        tape.stage = f"denseblock{i}"
        for j in range(1, num_layers + 1):
            name = f"features.denseblock{i}.denselayer{j}"
            x = tape.concat(name, x, _trace_dense_layer(tape, config, name, x))
        if i < len(config.block_config):
            tape.stage = f"transition{i}"
            name = f"features.transition{i}"
            kept = compressed(x.channels, config.compression)
            x = _trace_norm_relu_conv(tape, config, name, "", x, kept, kernel_size=1)
            x = tape.pool(f"{name}.pool", config.pool, x)
    tape.stage = "head"
    x = tape.relu("features.relu5", tape.norm("features.norm5", x))
    tape.classifier("classifier", x, config.num_classes)


def _trace_stem(tape: _Tape, config: DenseNetConfig, x: _Features) -> _Features:
    tape.stage = "stem"
    name, channels = "features.conv0", config.num_init_features
    if config.stem == "cifar":
        return tape.conv(name, x, channels, kernel_size=3, padding=1, bias=config.bias)
    x = tape.conv(name, x, channels, kernel_size=7, stride=2, padding=3, bias=config.bias)
    x = tape.relu("features.relu0", tape.norm("features.norm0", x))
    return tape.pool("features.pool0", "max", x, kernel_size=3, stride=2, padding=1)


def _trace_dense_layer(tape: _Tape, config: DenseNetConfig, name: str, x: _Features) -> _Features:
    if config.bn_size is None:
        return _trace_norm_relu_conv(tape, config, name, "1", x, config.growth_rate, 3)
    width = config.bn_size * config.growth_rate
    x = _trace_norm_relu_conv(tape, config, name, "1", x, width, kernel_size=1)
    return _trace_norm_relu_conv(tape, config, name, "2", x, config.growth_rate, kernel_size=3)


def _trace_norm_relu_conv(
    tape: _Tape,
    config: DenseNetConfig,
    name: str,
    suffix: str,
    x: _Features,
    out_channels: int,
    kernel_size: int,
) -> _Features:
    x = tape.norm(f"{name}.norm{suffix}", x)
    x = tape.relu(f"{name}.relu{suffix}", x)
    padding = kernel_size // 2
    conv = f"{name}.conv{suffix}"
    x = tape.conv(conv, x, out_channels, kernel_size, padding=padding, bias=config.bias)
    return tape.dropout(f"{name}.drop{suffix}", x) if config.drop_rate else x


def _trace_resnet(tape: _Tape, config: ResNetConfig, image: _Features) -> None:
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
    tape: _Tape, config: ResNetConfig, name: str, x: _Features, width: int, stride: int
) -> _Features:
    basic = config.block == "basic"
    out_channels = width * config.expansion
    # (channels, kernel size, stride) of the block's convolutions
    convs = [(width, 3, stride), (width, 3, 1)]
    if not basic:
        convs = [(width, 1, 1), (width, 3, stride), (out_channels, 1, 1)]
    y = x
    for i, (channels, kernel, step) in enumerate(convs, start=1):
        padding = kernel // 2
        y = tape.conv(f"{name}.conv{i}", y, channels, kernel, step, padding, config.bias)
        y = tape.norm(f"{name}.bn{i}", y)
        if i < len(convs):
            y = tape.relu(f"{name}.relu{i}", y)
    shortcut = _trace_shortcut(tape, config, f"{name}.downsample", x, out_channels, stride)
    return tape.relu(f"{name}.relu", tape.add(name, shortcut, y))


def _trace_shortcut(
    tape: _Tape, config: ResNetConfig, name: str, x: _Features, out_channels: int, stride: int
) -> _Features:
    same_shape = stride == 1 and x.channels == out_channels
    if config.shortcut == "A" or (same_shape and config.shortcut == "B"):
        return x  # no parameters, nothing kept
    x = tape.conv(f"{name}.0", x, out_channels, 1, stride, bias=config.bias)
    return tape.norm(f"{name}.1", x) if config.shortcut_norm else x
