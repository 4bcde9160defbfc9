"""What `stage_map` writes into its boxes for a network of the time before ResNet."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from .. import arithmetic
from ..classic_configs import ClassicConfig
from ..layers import Conv, Layer, Linear, Pool
from ..trace_classic import stage_of
from .drawing import INK, NEW, PLAIN

POOLINGS = {"max": "max", "avg": "average"}


class Line(NamedTuple):
    """A box of the drawing: its words, its colour, and the shape that comes out of it."""

    text: str
    color: str
    shape: str


def classic_lines(config: ClassicConfig, image_size: int) -> list[Line]:
    """Describe the stages of a classic network in order, without its auxiliary classifiers.

    Neighbours that do the same, with the same shape, share a line: "3×3 conv, 2 times".
    """
    layers, lines, x = stage_layers(config), [], (config.in_channels, image_size)
    for stage in arithmetic.stages(config, image_size):
        if stage.name == "avgpool" and x[1] != config.pool:
            x = x[0], config.pool  # where it changes something, the pooling has a line of its own
            lines.append(Line("average pooling", PLAIN, shape_of(*x)))
        elif stage.name in layers:
            x = stage.channels, stage.size
            lines.append(Line(*describe(layers[stage.name], stage.name), shape_of(*x)))
    merged = []
    for line, same in groupby(lines):
        times = len(list(same))
        merged.append(line._replace(text=f"{line.text}, {times} times") if times > 1 else line)
    return merged


def stage_layers(config: ClassicConfig) -> dict[str, Layer]:
    """Return the layer that gave each stage its name."""
    stage, numbers, found = "", {}, {}
    for layer in (*config.features, *config.classifier):
        before, stage = stage, stage_of(layer, stage, numbers)
        if stage != before:
            found[stage] = layer
    return found


def shape_of(channels: int, size: int) -> str:
    """Write a shape: "64 × 55 × 55", or "4,096" for one pixel, as after a fully connected layer."""
    return f"{channels:,}" if size == 1 else f"{channels:,} × {size} × {size}"


def describe(layer: Layer, stage: str) -> tuple[str, str]:
    """Say in words what a layer is, and give it its colour."""
    match layer:
        case Conv():
            return conv_words(layer), PLAIN
        case Pool():
            return f"{layer.kernel_size}×{layer.kernel_size} {POOLINGS[layer.kind]} pooling", PLAIN
        case Linear():
            return "fully connected", INK
    return stage.replace("inception", "Inception "), NEW


def conv_words(layer: Conv) -> str:
    """Say what a convolution is: "11×11 conv, stride 4"."""
    height, width = layer.kernel
    text = f"{height}×{width} conv"
    return f"{text}, stride {layer.stride}" if layer.stride > 1 else text
