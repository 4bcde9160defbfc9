"""Chapters 4 to 6, 13: which part of a network a module belongs to, read from the network."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from torch import nn

from ..blocks import DenseBlock, Transition
from ..classics.nets import ClassicNet, ConvBlock, Inception
from ..classics.preactivation import AddingStage
from ..classics.unet import TwoArms

NUMBERED = {nn.Conv2d: "conv", nn.MaxPool2d: "pool", nn.AvgPool2d: "pool", nn.Linear: "fc"}


class Place(NamedTuple):
    """Where a module stands.

    Args:
        stage: the stem, a dense block, a transition, ..., the head.
        layer: within a dense block or a ResNet's stage its dense layer or residual block, such as
            "denseblock1.denselayer2"; elsewhere the stage again.
        training_only: whether it belongs to an auxiliary classifier.
    """

    stage: str
    layer: str
    training_only: bool = False


def places(net: nn.Module) -> dict[nn.Module, Place]:
    """The place of every module of a network."""
    if isinstance(net, TwoArms):
        found = arms_places(net)
    else:
        found = classic_places(net) if isinstance(net, ClassicNet) else layered_places(net)
    return {module: found.get(module, Place("head", "head")) for module in net.modules()}


def layered_places(net: nn.Module) -> dict[nn.Module, Place]:
    """In a DenseNet, a ResNet or a twin: stem, blocks or stages with their layers, transitions."""
    found: dict[nn.Module, Place] = {}
    around = "stem"
    for name, part in getattr(net, "features", net).named_children():
        layered = isinstance(part, (DenseBlock, AddingStage)) or type(part) is nn.Sequential
        if layered or isinstance(part, Transition):
            around = "head"  # what comes after the blocks
            fill(found, part, Place(name, name))
            for number, layer in part.named_children() if layered else ():
                fill(found, layer, Place(name, f"{name}.{number}"))
        else:
            fill(found, part, Place(around, around))
    for number, head in enumerate(getattr(net, "auxiliary", nn.ModuleDict()).values(), start=1):
        fill(found, head, Place(f"auxiliary{number}", f"auxiliary{number}", training_only=True))
    return found


def arms_places(net: TwoArms) -> dict[nn.Module, Place]:
    """In a U-Net or an FC-DenseNet: stem, down1, pool1, ..., bottom, up1, ..., classifier."""
    found: dict[nn.Module, Place] = {}
    for name, part in net.named_children():
        several = isinstance(part, nn.ModuleList)
        for number, one in enumerate(part if several else [part], start=1):
            stage = f"{name}{number}" if several else name
            fill(found, one, Place(stage, stage))
    return found


def classic_places(net: ClassicNet) -> dict[nn.Module, Place]:
    """In a network of the time before ResNet: conv1, pool1, ..., fc1, ...

    A stage is a layer with weights and what follows it, a pooling, or an Inception module.
    """
    found: dict[nn.Module, Place] = {}
    numbers: Counter[str] = Counter()
    for name, part in net.named_children():
        fill(found, part, Place(name, name, training_only=name.startswith("aux")))
    for part in (net.features, net.classifier):
        stage = ""
        for name, layer in part.named_children():
            stage = stage_of(name, layer, stage, numbers)
            fill(found, layer, Place(stage, stage))
    head = (found[layer] for layer in net.classifier if found[layer].stage)
    first = next(head, Place("fc1", "fc1"))
    for layer in net.classifier:
        if not found[layer].stage:  # a dropout before the first linear layer belongs to it
            fill(found, layer, first)
    return found


def stage_of(name: str, layer: nn.Module, current: str, numbers: Counter[str]) -> str:
    """The stage that a layer begins, or the current one; `numbers` counts those of each kind."""
    kind = NUMBERED.get(type(layer))
    if kind is None:
        return name if isinstance(layer, (ConvBlock, Inception)) else current
    numbers[kind] += 1
    return f"{kind}{numbers[kind]}" if name.isdecimal() else name


def fill(found: dict[nn.Module, Place], part: nn.Module, place: Place) -> None:
    """Give a part, and all that is in it, a place."""
    found.update(dict.fromkeys(part.modules(), place))
