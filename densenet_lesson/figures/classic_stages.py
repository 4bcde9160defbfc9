"""What `stage_map` writes into its boxes for a network of the time before ResNet."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from torch import nn

from .. import arithmetic
from ..arithmetic.measure import weightless
from ..arithmetic.parts import places
from ..classics.catalogue import ClassicConfig
from ..classics.nets import ConvBlock, Inception
from .branches import POOLINGS
from .drawing import INK, NEW, PLAIN

DESCRIBED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.Linear, ConvBlock, Inception)


class Line(NamedTuple):
    """A box of the drawing: its words, its colour, and the shape that comes out of it."""

    text: str
    color: str
    shape: str


def classic_lines(config: ClassicConfig, image_size: int) -> list[Line]:
    """Describe the stages of a classic network in order, without its auxiliary classifiers.

    Neighbours that do the same, with the same shape, share a line: "3×3 conv, 2 times".
    """
    modules, lines, x = stage_modules(config), [], (config.in_channels, image_size)
    for stage in arithmetic.stages(config, image_size):
        if stage.name == "avgpool" and x[1] != config.pool:
            x = x[0], config.pool  # where it changes something, the pooling has a line of its own
            lines.append(Line("average pooling", PLAIN, shape_of(*x)))
        elif stage.name in modules:
            x = stage.channels, stage.size
            lines.append(Line(*describe(modules[stage.name], stage.name), shape_of(*x)))
    merged = []
    for line, same in groupby(lines):
        times = len(list(same))
        merged.append(line._replace(text=f"{line.text}, {times} times") if times > 1 else line)
    return merged


def stage_modules(config: ClassicConfig) -> dict[str, nn.Module]:
    """Return the module that gave each stage its name; none of those of auxiliary classifiers."""
    found: dict[str, nn.Module] = {}
    for module, place in places(weightless(config)).items():
        if isinstance(module, DESCRIBED) and not place.training_only:
            found.setdefault(place.stage, module)
    return found


def shape_of(channels: int, size: int) -> str:
    """Write a shape: "64 × 55 × 55", or "4,096" for one pixel, as after a fully connected layer."""
    return f"{channels:,}" if size == 1 else f"{channels:,} × {size} × {size}"


def describe(module: nn.Module, stage: str) -> tuple[str, str]:
    """Say in words what a module is, and give it its colour."""
    match module:
        case ConvBlock():
            return conv_words(module.conv), PLAIN
        case nn.Conv2d():
            return conv_words(module), PLAIN
        case nn.MaxPool2d() | nn.AvgPool2d():
            kind = POOLINGS["max" if isinstance(module, nn.MaxPool2d) else "avg"]
            return f"{module.kernel_size}×{module.kernel_size} {kind} pooling", PLAIN
        case nn.Linear():
            return "fully connected", INK
    return stage.replace("inception", "Inception "), NEW


def conv_words(conv: nn.Conv2d) -> str:
    """Say what a convolution is: "11×11 conv, stride 4"."""
    height, width = conv.kernel_size
    text = f"{height}×{width} conv"
    return f"{text}, stride {conv.stride[0]}" if conv.stride[0] > 1 else text
