"""Follow an image through a classic network, layer by layer, without building it."""

from __future__ import annotations

from .classic_configs import AUXILIARY, ClassicConfig, auxiliary_name
from .layers import (
    Activation,
    AdaptivePool,
    Branches,
    Conv,
    ConvUnit,
    Dropout,
    Flatten,
    Layer,
    Linear,
    Pool,
)
from .tape import Features, Tape

STAGES = {Conv: "conv", Pool: "pool", Linear: "fc"}


def trace_classic(tape: Tape, config: ClassicConfig, image: Features) -> None:
    """Note every layer of a classic network on the tape.

    A stage is a layer with weights and what belongs to it, a pooling, or an Inception module.
    """
    x, numbers = image, {}
    for i, layer in enumerate(config.features):
        tape.stage = stage_of(layer, tape.stage, numbers)
        x = trace_layer(tape, f"features.{layer.name or i}", layer, x)
        if layer.name in config.auxiliary:
            _trace_auxiliary(tape, config, auxiliary_name(config, layer.name), x)
    if config.pool is not None:
        tape.stage = "avgpool"
        x = tape.adaptive_pool("avgpool", x, config.pool)
    x = tape.flatten(x)
    # a dropout before the first linear layer belongs to that layer
    first = next((layer for layer in config.classifier if isinstance(layer, Linear)), None)
    tape.stage = tape.stage if first is None else first.name or "fc1"
    for i, layer in enumerate(config.fitted(config.classifier)):
        tape.stage = stage_of(layer, tape.stage, numbers)
        x = trace_layer(tape, f"classifier.{layer.name or i}", layer, x)


def stage_of(layer: Layer, current: str, numbers: dict[str, int]) -> str:
    """The stage that a layer belongs to: its own ("conv3"), or the one before it.

    `numbers` counts the stages of each kind, and is brought up to date.
    """
    kind = STAGES.get(type(layer))
    if kind is not None:
        numbers[kind] = numbers.get(kind, 0) + 1
        return layer.name or f"{kind}{numbers[kind]}"
    return layer.name if isinstance(layer, (ConvUnit, Branches)) else current


def _trace_auxiliary(tape: Tape, config: ClassicConfig, name: str, x: Features) -> None:
    """Note an auxiliary classifier; the stage before it goes on afterwards."""
    before = tape.stage
    tape.stage, tape.training_only = name, True
    for layer in config.fitted(AUXILIARY):
        x = trace_layer(tape, f"{name}.{layer.name}", layer, x)
    tape.stage, tape.training_only = before, False


def trace_layer(tape: Tape, name: str, layer: Layer, x: Features) -> Features:
    """Note one layer on the tape and return what comes out of it."""
    match layer:
        case ConvUnit():
            return _trace_unit(tape, name, layer, x)
        case Conv():
            return _trace_conv(tape, name, layer, x, bias=True)
        case Activation():
            return tape.relu(name, x)
        case Pool():
            window = (layer.kernel_size, layer.stride, layer.padding, layer.ceil)
            return tape.pool(name, layer.kind, x, *window)
        case AdaptivePool():
            return tape.adaptive_pool(name, x, layer.size)
        case Flatten():
            return tape.flatten(x)
        case Dropout():
            return tape.dropout(name, x)
        case Linear():
            return tape.linear(name, x, layer.out_features)
        case Branches():
            return _trace_branches(tape, name, layer, x)
    raise ValueError(f"layer={layer!r} is not one of the layers in densenet_lesson.layers")


def _trace_conv(tape: Tape, name: str, layer: Conv, x: Features, bias: bool) -> Features:
    square = layer.kernel[0] == layer.kernel[1]
    kernel = layer.kernel[0] if square else layer.kernel
    return tape.conv(name, x, layer.out_channels, kernel, layer.stride, layer.padded[0], bias)


def _trace_unit(tape: Tape, name: str, layer: ConvUnit, x: Features) -> Features:
    x = _trace_conv(tape, f"{name}.conv", layer, x, bias=not layer.norm)
    x = tape.norm(f"{name}.bn", x) if layer.norm else x
    return tape.relu(f"{name}.relu", x)


def _trace_branches(tape: Tape, name: str, layer: Branches, x: Features) -> Features:
    layer.after(x.channels, x.size)  # the branches must end with the same size
    ends = []
    for i, branch in enumerate(layer.branches, start=1):
        y, way = x, f"{name}.branch{i}"
        for j, inner in enumerate(branch):
            y = trace_layer(tape, way if len(branch) == 1 else f"{way}.{j}", inner, y)
        ends.append(y)
    joined = tape.concat(name, *ends)
    if layer.residual is None:
        return joined
    y = tape.conv(f"{name}.project", joined, x.channels, 1, bias=True)
    return tape.relu(f"{name}.relu", tape.add(name, x, y))
