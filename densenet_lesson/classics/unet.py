"""U-Net, a U-Net of dense blocks, and FC-DenseNet: a class for each pixel. Chapter 13.

All three go down an arm of blocks and poolings and up another one, and carry what each level had
found over to the level's way up. Shapes are written [N, C, H, W].
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..blocks import DenseBlock, Transition, explain_images, init_weights
from ..configs import check_fields


@dataclass(frozen=True)
class UNetConfig:
    """A U-Net. The defaults are the original's widths (arXiv:1505.04597, Figure 1).

    Args:
        name: how the network is called.
        widths: channels of each level, the highest first; each is twice the one before.
        dense_layers: None for two convolutions a level; a number for a dense block of so many.
        in_channels: channels of the image.
        num_classes: classes of a pixel, the background among them.
        image_size: height and width, in pixels, that a trace is made with.

    Raises:
        ValueError: for widths that don't double, or can't be made of `dense_layers` equal layers.
    """

    name: str = "U-Net"
    widths: tuple[int, ...] = (64, 128, 256, 512, 1024)
    dense_layers: int | None = None
    in_channels: int = 3
    num_classes: int = 6
    image_size: int = 48

    def __post_init__(self) -> None:
        check_fields(self)
        doubled = [self.widths[0] * 2**level for level in range(len(self.widths))]
        if list(self.widths) != doubled:
            raise ValueError(f"widths={self.widths} must double from level to level: {doubled}")
        if self.dense_layers is not None and self.widths[0] % (2 * self.dense_layers):
            raise ValueError(
                f"widths={self.widths} must begin with a multiple of {2 * self.dense_layers}, "
                f"of which each of dense_layers={self.dense_layers} can add an equal share"
            )


@dataclass(frozen=True)
class FCDenseNetConfig:
    """An FC-DenseNet, as in Jégou et al., arXiv:1611.09326, Section 3 and Tables 1 and 2.

    Args:
        name: how the network is called.
        block_config: dense layers of each block: the way down, the bottom, the way up.
        growth_rate: channels that each dense layer adds.
        num_init_features: channels after the first convolution.
        drop_rate: probability of dropout after each convolution but the first and the last.
        in_channels, num_classes, image_size: see `UNetConfig`; CamVid has 11 classes.

    Raises:
        ValueError: for an even number of blocks, or a value that makes no sense.
    """

    name: str
    block_config: tuple[int, ...]
    growth_rate: int
    num_init_features: int = 48
    drop_rate: float = 0.2
    in_channels: int = 3
    num_classes: int = 11
    image_size: int = 224

    def __post_init__(self) -> None:
        check_fields(self)
        if len(self.block_config) % 2 == 0:
            raise ValueError(
                f"block_config={self.block_config} must hold an odd number of blocks: as many up "
                "as down, and one between them"
            )


FC_DENSENETS: dict[str, FCDenseNetConfig] = {
    "fc_densenet56": FCDenseNetConfig("FC-DenseNet56", (4,) * 11, 12),
    "fc_densenet67": FCDenseNetConfig("FC-DenseNet67", (5,) * 11, 16),
    "fc_densenet103": FCDenseNetConfig(
        "FC-DenseNet103", (4, 5, 7, 10, 12, 15, 12, 10, 7, 5, 4), 16
    ),
}


def conv_pair(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two 3×3 convolutions, each with batch norm and ReLU. Chapter 13.

    [N, in_channels, H, W] → [N, out_channels, H, W]. (The original has no padding and no norm.)
    """
    layers = OrderedDict()
    for number, channels in ((1, in_channels), (2, out_channels)):
        layers[f"conv{number}"] = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
        layers[f"norm{number}"] = nn.BatchNorm2d(out_channels)
        layers[f"relu{number}"] = nn.ReLU()
    return nn.Sequential(layers)


class NewChannels(DenseBlock):
    """A dense block that hands on what its layers have added, without its input. Chapter 13.

    [N, in_channels, H, W] → [N, num_layers * growth_rate, H, W]
    """

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, num_layers * growth_rate, H, W]."""
        return super().forward(x)[:, x.shape[1] :]


class Up(nn.Module):
    """A step of the way up: twice the size, the level's own features beside it, a block.

    [N, in_channels, h, w] and [N, skip, H, W] → whatever `block` makes of [N, kept + skip, H, W]

    Args:
        in_channels: channels from below.
        kept: channels after the transposed convolution.
        block: what reads both.
        kernel_size: 2 makes h exactly twice as large; 3 makes 2h + 1, of which the first H are
            taken, so that a level of an odd height fits as well.
    """

    def __init__(self, in_channels: int, kept: int, block: nn.Module, kernel_size: int = 2) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(in_channels, kept, kernel_size, stride=2)
        self.block = block

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """[N, in_channels, h, w], [N, skip, H, W] → [N, C, H, W]."""
        height, width = skip.shape[2:]
        x = self.upsample(x)[:, :, :height, :width]
        return self.block(torch.cat([skip, x], dim=1))


class TwoArms(nn.Module):
    """What a U-Net and an FC-DenseNet have in common: down one arm, up the other. Chapter 13.

    [N, in_channels, H, W] → class scores [N, num_classes, H, W]
    """

    stem: nn.Module
    down: nn.ModuleList
    pool: nn.ModuleList
    bottom: nn.Module
    up: nn.ModuleList
    classifier: nn.Module

    @explain_images
    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → class scores [N, num_classes, H, W]."""
        skips, x = [], self.stem(x)
        for block, pool in zip(self.down, self.pool, strict=True):
            skips.append(block(x))  # for the way up
            x = pool(skips[-1])  # half the height, half the width
        x = self.bottom(x)
        for step in self.up:
            x = step(x, skips.pop())
        return self.classifier(x)


class UNet(TwoArms):
    """A U-Net, of pairs of convolutions or of dense blocks. Chapter 13.

    [N, in_channels, H, W] → class scores [N, num_classes, H, W]

    Args:
        config: what to build; the default has the original's widths.

    Raises:
        ValueError: when it is called, for a height or a width that its poolings can't all halve.

    Source: Ronneberger et al., arXiv:1505.04597, Figure 1; with padding and batch norm.
    """

    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        config = self.config = config or UNetConfig()
        *widths, lowest = config.widths
        channels, layers = config.in_channels, config.dense_layers
        self.stem = nn.Identity()
        if layers:  # a dense block adds to what is there: half of the width
            channels = widths[0] // 2
            self.stem = nn.Conv2d(config.in_channels, channels, 3, padding=1)
        reads = [channels, *widths[:-1]]
        self.down = nn.ModuleList(map(way_down, reads, widths, [layers] * len(widths)))
        self.pool = nn.ModuleList(nn.MaxPool2d(2) for _ in widths)
        self.bottom = way_down(widths[-1], lowest, layers)
        self.up = nn.ModuleList(Up(2 * w, w, way_up(w, layers)) for w in reversed(widths))
        self.classifier = nn.Conv2d(widths[0], config.num_classes, 1)
        init_weights(self)

    def wrong_size(self, x: Tensor) -> str:
        """Why images of this size don't fit, in a sentence; "" if they do."""
        step = 2 ** len(self.pool)
        (high, wide), (higher, wider) = x.shape[2:], (-(-n // step) * step for n in x.shape[2:])
        if (high, wide) == (higher, wider):
            return ""
        return (
            f"x of {high}×{wide} pixels does not fit {self.config.name}: its {len(self.pool)} "
            f"poolings halve the height and the width, so both must be multiples of {step}. Pad "
            f"the images to {higher}×{wider}, and cut the answer back"
        )


def way_down(in_channels: int, width: int, dense_layers: int | None) -> nn.Module:
    """A level's block on the way down: [N, in_channels, H, W] → [N, width, H, W]. Chapter 13."""
    if dense_layers is None:
        return conv_pair(in_channels, width)
    return DenseBlock(dense_layers, in_channels, (width - in_channels) // dense_layers)


def way_up(width: int, dense_layers: int | None) -> nn.Module:
    """A level's block on the way up: [N, 2 * width, H, W] → [N, width, H, W]. Chapter 13."""
    if dense_layers is None:
        return conv_pair(2 * width, width)
    return NewChannels(dense_layers, 2 * width, width // dense_layers)


class FCDenseNet(TwoArms):
    """An FC-DenseNet, "the one hundred layers Tiramisu". Chapter 13.

    [N, in_channels, H, W] → class scores [N, num_classes, H, W], for any H and W that leave a
    pixel after the poolings

    Args:
        config: what to build, such as `FC_DENSENETS["fc_densenet103"]`.

    Source: Jégou et al., arXiv:1611.09326, Section 3; the authors' code, SimJeg/FC-DenseNet.
    """

    def __init__(self, config: FCDenseNetConfig) -> None:
        super().__init__()
        self.config = config
        growth, half = config.growth_rate, len(config.block_config) // 2
        options = {"drop_rate": config.drop_rate, "bias": True}
        channels, skips = config.num_init_features, []
        self.stem = nn.Conv2d(config.in_channels, channels, 3, padding=1)
        self.down, self.pool, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for layers in config.block_config[:half]:
            self.down.append(DenseBlock(layers, channels, growth, **options))
            channels += layers * growth
            skips.append(channels)
            self.pool.append(Transition(channels, channels, "max", **options))
        new = config.block_config[half] * growth  # only these channels go up
        self.bottom = NewChannels(config.block_config[half], channels, growth, **options)
        for layers in config.block_config[half + 1 :]:
            channels = skips.pop() + new
            kind = NewChannels if skips else DenseBlock  # the last hands on all it has
            block = kind(layers, channels, growth, **options)
            self.up.append(Up(new, new, block, kernel_size=3))
            new = layers * growth
        self.classifier = nn.Conv2d(channels + new, config.num_classes, 1)
        init_weights(self)
