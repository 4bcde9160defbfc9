"""The networks before ResNet: LeNet-5, AlexNet, ZFNet, VGG and GoogLeNet. Chapter 1."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..blocks import Scores, explain_images, named
from ..configs import change, check_positive
from ..training.supervision import Features
from .inception import AUXILIARY
from .layers import (
    KINDS,
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
    after,
    smallest_size,
)

if TYPE_CHECKING:
    from .catalogue import ClassicConfig


class ClassicNet(nn.Module):
    """A network of the time before ResNet, from its configuration. Chapter 1.

    [N, config.in_channels, H, W] → [N, config.num_classes]

    In training, a network with auxiliary classifiers returns `Scores` instead. The parameters of
    AlexNet and VGG carry torchvision's names (`features.0.weight`).

    Args:
        config: what to build.
        **changes: fields of the configuration to replace: `ClassicNet(config, num_classes=10)`.

    Raises:
        ValueError: for a field that the configuration doesn't have, or an image that is too small.
    """

    def __init__(self, config: ClassicConfig, **changes: Any) -> None:
        super().__init__()
        config = self.config = change(config, changes)
        check_size(config)
        shape = config.in_channels, config.image_size
        self.features = make_layers(config.features, *shape)
        if config.auxiliary:
            self.features = Features(OrderedDict(self.features.named_children()))
        for i, layer in enumerate(config.features, start=1):
            if layer.name in config.auxiliary:
                head = make_layers(config.fitted(AUXILIARY), *after(config.features[:i], *shape))
                self.add_module(config.auxiliary_name(layer.name), head)
        channels, size = after(config.features, *shape)
        self.avgpool = nn.Identity() if config.pool is None else nn.AdaptiveAvgPool2d(config.pool)
        inputs = channels * (config.pool or size) ** 2
        self.classifier = make_layers(config.fitted(config.classifier), inputs, 1)

    @explain_images
    def forward(self, x: Tensor) -> Tensor | Scores:
        """[N, in_channels, H, W] → class scores [N, num_classes]."""
        if self.training and self.config.auxiliary:
            return self.all_scores(x)
        return self.scores(self.features(x))

    def scores(self, features: Tensor) -> Tensor:
        """[N, C, h, w] → class scores [N, num_classes]."""
        return self.classifier(self.avgpool(features).flatten(1))  # [N, C · h · w] in between

    def all_scores(self, x: Tensor) -> Scores:
        """[N, in_channels, H, W] → the scores, and those of the auxiliary classifiers."""
        outputs = dict.fromkeys(self.config.auxiliary)  # of layers, to be filled
        features = self.features(x, outputs)
        heads = [self.get_submodule(self.config.auxiliary_name(name)) for name in outputs]
        auxiliary = tuple(head(x) for head, x in zip(heads, outputs.values(), strict=True))
        return Scores(self.scores(features), auxiliary)

    def wrong_size(self, x: Tensor) -> str:
        """Why images [N, C, H, W] have the wrong size for the first linear layer; "" if not."""
        config, (height, width) = self.config, x.shape[2:]
        size, linear = config.image_size, next(iter(self.classifier), None)
        channels, left = after(config.features, config.in_channels, size)
        built = isinstance(linear, nn.Linear) and linear.in_features == channels * left**2
        if config.pool is not None or not built or height == width == size:
            return ""
        square = f"with image_size={height}, or " if height == width else "with "
        return (
            f"image_size={width if height == size else height} does not fit {config.name}: its "
            f"first linear layer needs images of exactly {size} pixels each way; resize them, or "
            f"build the network {square}pool={left}, which takes images of any size"
        )


def check_size(config: ClassicConfig) -> None:
    """Raise a ValueError if images of the configuration's size are too small for its layers."""
    smallest = smallest_size(config.features, config.in_channels)
    if config.image_size < smallest:
        raise ValueError(
            f"image_size={config.image_size} is too small for {config.name}: after its poolings "
            f"nothing would be left; use at least {smallest} pixels"
        )


class ConvBlock(nn.Module):
    """Convolution, batch norm (or not), ReLU, named as in torchvision's GoogLeNet. Chapter 1.

    [N, in_channels, H, W] → [N, layer.out_channels, H', W']

    Source: Ioffe and Szegedy, arXiv:1502.03167, Section 3.2.
    """

    def __init__(self, layer: ConvUnit, in_channels: int) -> None:
        super().__init__()
        self.conv = make_conv(layer, in_channels, bias=not layer.norm)
        # Inception's authors add 0.001 to the variance
        self.bn = nn.BatchNorm2d(layer.out_channels, eps=0.001) if layer.norm else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] → [N, out_channels, H', W']."""
        return self.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """Branches side by side, their outputs concatenated (or added to the input). Chapter 1.

    [N, C, H, W] → [N, sum of the branches' channels, H', W'], or the input's shape if residual

    Args:
        layer: the branches (see `densenet_lesson.classics.inception`).
        in_channels: channels of the input.
        size: height and width of the input. Any will do, unless a branch has a linear layer; at
            this one it is checked that the branches fit together.

    Raises:
        ValueError: if the branches end with different sizes, or `in_channels` is not positive.
    """

    def __init__(self, layer: Branches, in_channels: int, size: int = 28) -> None:
        super().__init__()
        in_channels = check_positive("in_channels", in_channels)
        self.residual = layer.residual
        joined, _ = layer.concatenated(in_channels, size)
        self.num_branches = len(layer.branches)
        for i, branch in enumerate(layer.branches, start=1):
            way = make_layers(branch, in_channels, size)
            self.add_module(f"branch{i}", way[0] if len(way) == 1 else way)
        if self.residual is not None:
            self.project = nn.Conv2d(joined, in_channels, 1)
            self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] → [N, sum of the branches' channels, H', W']."""
        ways = [self.get_submodule(f"branch{i + 1}") for i in range(self.num_branches)]
        joined = torch.cat([way(x) for way in ways], dim=1)
        if self.residual is None:
            return joined
        return self.relu(x + self.residual * self.project(joined))


def make_layers(layers: tuple[Layer, ...], channels: int, size: int) -> nn.Sequential:
    """Build layers, one after the other. Chapter 1.

    Args:
        layers: descriptions.
        channels: channels of the first one's input.
        size: height and width of the first one's input, in pixels.

    Returns:
        Them all in a row; a child's name is its description's, or its number.

    Raises:
        ValueError: if something doesn't fit.
    """
    channels = check_positive("channels", channels)
    size = check_positive("size", size)
    modules = OrderedDict()
    for i, layer in enumerate(layers):
        modules[layer.name or str(i)] = make_layer(layer, channels, size)
        channels, size = layer.after(channels, size)
    return nn.Sequential(modules)


def make_layer(layer: Layer, channels: int, size: int = 28) -> nn.Module:
    """Build one layer from its description. Chapter 1.

    Args:
        layer: a description from `layers` or `inception`.
        channels: channels of its input.
        size: height and width of its input, in pixels; only branches want to know it.

    Returns:
        The module, newly initialised by PyTorch's own rules.

    Raises:
        ValueError: for something that is no layer, or doesn't fit.
    """
    channels = check_positive("channels", channels)
    match layer:
        case ConvUnit():
            return ConvBlock(layer, channels)
        case Conv():
            return make_conv(layer, channels)
        case Activation():
            return getattr(nn, KINDS[layer.kind])()
        case Pool():
            return make_pool(layer)
        case AdaptivePool():
            return nn.AdaptiveAvgPool2d(layer.size)
        case Flatten():
            return nn.Flatten()
        case Dropout():
            return nn.Dropout(layer.p)
        case Linear(out_features=None):
            raise ValueError("out_features=None must be a number here: see ClassicConfig.fitted")
        case Linear():
            return nn.Linear(channels, layer.out_features)
        case Branches():
            return Inception(layer, channels, size)
    raise ValueError(f"layer={layer!r} is not one of the layers in densenet_lesson.classics.layers")


def make_conv(layer: Conv, in_channels: int, bias: bool = True) -> nn.Conv2d:
    """Build a convolution: [N, in_channels, H, W] → [N, layer.out_channels, H', W']."""
    window = (layer.kernel, layer.stride, layer.padded)
    return nn.Conv2d(in_channels, layer.out_channels, *window, bias=bias)


def make_pool(layer: Pool) -> nn.Module:
    """Build a pooling: [N, C, H, W] → [N, C, H', W']."""
    window = (layer.kernel_size, layer.stride, layer.padding)
    if layer.kind == "max":
        return nn.MaxPool2d(*window, ceil_mode=layer.ceil)
    return nn.AvgPool2d(*window, ceil_mode=layer.ceil, count_include_pad=False)


def lenet5(weights: str | None = None, **changes: Any) -> ClassicNet:
    """LeNet-5 for 28×28 digits; see `alexnet`. Nobody has published weights for it."""
    return named("lenet5", weights, changes)


def alexnet(weights: str | None = None, **changes: Any) -> ClassicNet:
    """AlexNet for 224×224 images.

    Args:
        weights: None for new ones, "imagenet" for torchvision's (see `models.load_weights`).
        **changes: fields of the configuration to replace, such as `num_classes=10`.

    Raises:
        ValueError: for an unknown field, a value that makes no sense, or weights that don't fit.
        WeightsError: if the weights can't be had.
    """
    return named("alexnet", weights, changes)


def zfnet(weights: str | None = None, **changes: Any) -> ClassicNet:
    """ZFNet for 224×224 images; see `alexnet`. Nobody has published weights for it."""
    return named("zfnet", weights, changes)


def vgg16(weights: str | None = None, **changes: Any) -> ClassicNet:
    """VGG-16 for 224×224 images; see `alexnet`."""
    return named("vgg16", weights, changes)


def vgg19(weights: str | None = None, **changes: Any) -> ClassicNet:
    """VGG-19 for 224×224 images; see `alexnet`."""
    return named("vgg19", weights, changes)


def googlenet(weights: str | None = None, **changes: Any) -> ClassicNet:
    """GoogLeNet with its auxiliary classifiers, for 224×224 images; see `alexnet`.

    The published weights want images whose values go from -1 to 1, and hold auxiliary classifiers
    that were never trained.
    """
    return named("googlenet", weights, changes)
