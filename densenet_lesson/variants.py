"""Dense blocks whose layers don't read everything, and links around whole blocks. Chapter 12.

A pattern is a function of a layer's number: layer 1 is the first, source 0 is the block's input.
It returns the sources that the layer reads. `LINKS` knows the patterns by their names; to try one
of your own, add it there. All else is a DenseNet's, so counting and training need nothing new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import DenseBlock, DenseLayer, Transition, explain_images, init_weights
from .configs import CHECKS, DenseNetConfig, check_choice, check_switch
from .densenet import DenseNet


def every_one(layer: int) -> list[int]:
    """All sources before the layer: a dense block."""
    return list(range(layer))


def powers_of_two(layer: int) -> list[int]:
    """The sources 1, 2, 4, 8, ... back (Hu et al., arXiv:1711.00002; Zhu et al., 1801.05895)."""
    return [layer - 2**e for e in reversed(range(layer.bit_length()))]


def last_three(layer: int) -> list[int]:
    """The three nearest sources."""
    return list(range(max(0, layer - 3), layer))


def every_second(layer: int) -> list[int]:
    """The sources 1, 3, 5, ... back."""
    return list(range((layer - 1) % 2, layer, 2))


LINKS: dict[str, Callable[[int], list[int]]] = {
    "all": every_one,
    "powers": powers_of_two,
    "last": last_three,
    "second": every_second,
}
CHECKS["links"] = lambda name, value: check_choice(name, value, tuple(LINKS))
CHECKS["cross_links"] = check_switch


@dataclass(frozen=True)
class LinkedConfig(DenseNetConfig):
    """A DenseNet with other links; see `DenseNetConfig` for what else it takes. Chapter 12.

    Args:
        links: what a layer reads in its block, one of `LINKS`. A transition reads the whole block.
        cross_links: whether a block also reads what was handed to the blocks before it, averaged
            down to its size.

    Raises:
        ValueError: for an argument that makes no sense, or a `memory` or `deep_supervision` that
            only a DenseNet has.
    """

    links: str = "all"
    cross_links: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, only in (("memory", "plain"), ("deep_supervision", False)):
            if getattr(self, name) != only:
                raise ValueError(f"{name}={getattr(self, name)!r} must be {only!r} with links")

    def block_inputs(self) -> list[int]:
        """Channels that each block reads."""
        handed, inputs = [self.num_init_features], []  # by the stem, and then by the transitions
        for num_layers in self.block_config:
            inputs.append(sum(handed) if self.cross_links else handed[-1])
            handed.append(self.compressed(inputs[-1] + num_layers * self.growth_rate))
        return inputs

    def block_outputs(self) -> list[int]:
        """Channels after each block."""
        pairs = zip(self.block_inputs(), self.block_config, strict=True)
        return [channels + num_layers * self.growth_rate for channels, num_layers in pairs]


class LinkedBlock(DenseBlock):
    """A dense block whose layers read the sources of a pattern only. Chapter 12.

    [N, in_channels, H, W], perhaps in parts → [N, in_channels + num_layers * growth_rate, H, W]

    Args:
        links: a pattern, such as `powers_of_two`.
        num_layers, in_channels, growth_rate, bn_size, options: as in `DenseBlock`.
    """

    def __init__(
        self,
        links: Callable[[int], list[int]],
        num_layers: int,
        in_channels: int,
        growth_rate: int,
        bn_size: int | None = None,
        **options: float,
    ) -> None:
        super().__init__(num_layers, in_channels, growth_rate, bn_size, **options)
        self.links = [links(number) for number in range(1, num_layers + 1)]
        sizes = [in_channels] + num_layers * [growth_rate]  # of the sources
        for number, sources in enumerate(self.links, start=1):
            channels = sum(sizes[source] for source in sources)
            layer = DenseLayer(channels, growth_rate, bn_size, **options)
            self.add_module(f"denselayer{number}", layer)  # in the place of the one that reads all

    def forward(self, x: Tensor, *earlier: Tensor) -> Tensor:
        """[N, C, H, W] → [N, in_channels + num_layers * growth_rate, H, W].

        With `earlier` ones, [N, c, 2H, 2W] or larger, which are averaged down and put before x;
        `in_channels` are those of all of them together.
        """
        if earlier:
            small = [F.adaptive_avg_pool2d(other, x.shape[-2:]) for other in earlier]
            x = torch.cat([*small, x], dim=1)
        parts = [x]  # source 0
        for layer, sources in zip(self, self.links, strict=True):
            parts.append(layer(torch.cat([parts[source] for source in sources], dim=1)))
        return torch.cat(parts, dim=1)


class LinkedDenseNet(DenseNet):
    """A DenseNet with other links, from its configuration. Chapter 12.

    [N, config.in_channels, H, W] → [N, config.num_classes]
    """

    def __init__(self, config: LinkedConfig) -> None:
        super().__init__(config)
        options = {name: getattr(config, name) for name in ("drop_rate", "bias", "negative_slope")}
        sizes = zip(config.block_config, config.block_inputs(), config.block_outputs(), strict=True)
        for i, (num_layers, read, channels) in enumerate(sizes, start=1):
            layers = (num_layers, read, config.growth_rate, config.bn_size)
            block = LinkedBlock(LINKS[config.links], *layers, **options)
            self.features.add_module(f"denseblock{i}", block)
            if i < len(config.block_config):
                kept = config.compressed(channels)
                transition = Transition(channels, kept, config.pool, **options)
                self.features.add_module(f"transition{i}", transition)
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, config.num_classes)
        init_weights(self)

    @explain_images
    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → class scores [N, num_classes]."""
        handed: list[Tensor] = []  # to the blocks so far
        for part in self.features:
            if self.config.cross_links and isinstance(part, DenseBlock):
                handed.append(x)
                x = part(x, *handed[:-1])
            else:
                x = part(x)
        return self.scores(x)

    def optimize_for_inference(self) -> NoReturn:
        """Raise a ValueError: the faster way knows blocks that read everything only."""
        raise ValueError(f"{self.config.name} has links of its own: use it as it is")
