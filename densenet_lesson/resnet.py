"""ResNet: a stem, stages of residual blocks, and a classifier. Chapter 2."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .blocks import BottleneckResidual, Plain, Residual, explain_images, init_weights, named
from .configs import ResNetConfig, change, resnet_cifar_config

BLOCKS = {"basic": Residual, "bottleneck": BottleneckResidual, "plain": Plain}


class ResNet(nn.Module):
    """A ResNet, from its configuration. Chapter 2.

    [N, config.in_channels, H, W] → [N, config.num_classes]

    Modules and parameters carry torchvision's names (`layer1.0.conv1.weight`).

    Args:
        config: what to build; the default is ResNet-18.
        **changes: fields of the configuration to replace: `ResNet(num_classes=10)`.

    Raises:
        ValueError: for a field that the configuration doesn't have, or a value that makes no sense.

    Source: He et al., arXiv:1512.03385, Table 1.
    """

    def __init__(self, config: ResNetConfig | None = None, **changes: Any) -> None:
        super().__init__()
        config = self.config = change(config or ResNetConfig(), changes)
        channels = config.widths[0]
        imagenet = config.stem == "imagenet"
        kernel, stride = (7, 2) if imagenet else (3, 1)
        window = {"kernel_size": kernel, "stride": stride, "padding": kernel // 2}
        self.conv1 = nn.Conv2d(config.in_channels, channels, **window, bias=config.bias)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if imagenet else nn.Identity()
        for i, (num_blocks, width) in enumerate(zip(config.layers, config.widths, strict=True), 1):
            stage = make_stage(config, num_blocks, channels, width, stride=1 if i == 1 else 2)
            self.add_module(f"layer{i}", stage)
            channels = width * config.expansion
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, config.num_classes)
        init_weights(self)

    @explain_images
    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → class scores [N, num_classes]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for i in range(len(self.config.layers)):
            x = self.get_submodule(f"layer{i + 1}")(x)
        x = self.avgpool(x).flatten(1)  # [N, C, h, w] → [N, C]: each channel's average
        return self.fc(x)


def make_stage(
    config: ResNetConfig, num_blocks: int, in_channels: int, width: int, stride: int
) -> nn.Sequential:
    """Residual blocks of one width; the first one changes the shape. Chapter 2.

    [N, in_channels, H, W] → [N, config.expansion * width, H / stride, W / stride]
    """
    block = BLOCKS[config.block]
    options = (config.shortcut, config.bias, config.shortcut_norm)
    blocks = [block(in_channels, width, stride, *options, checked=True)]
    for _ in range(num_blocks - 1):
        blocks.append(block(width * config.expansion, width, 1, *options, checked=True))
    return nn.Sequential(*blocks)


def resnet18(weights: str | None = None, **changes: Any) -> ResNet:
    """ResNet-18 for 224×224 images.

    Args:
        weights: None for new ones, "imagenet" for torchvision's (see `models.load_weights`).
        **changes: fields of the configuration to replace, such as `num_classes=10`.

    Raises:
        ValueError: for an unknown field, a value that makes no sense, or weights that don't fit.
        WeightsError: if the weights can't be had.
    """
    return named("resnet18", weights, changes)


def resnet34(weights: str | None = None, **changes: Any) -> ResNet:
    """ResNet-34; see `resnet18`."""
    return named("resnet34", weights, changes)


def resnet50(weights: str | None = None, **changes: Any) -> ResNet:
    """ResNet-50, the first one with bottleneck blocks; see `resnet18`."""
    return named("resnet50", weights, changes)


def resnet101(weights: str | None = None, **changes: Any) -> ResNet:
    """ResNet-101; see `resnet18`."""
    return named("resnet101", weights, changes)


def resnet152(weights: str | None = None, **changes: Any) -> ResNet:
    """ResNet-152; see `resnet18`."""
    return named("resnet152", weights, changes)


def resnet_cifar(depth: int, shortcut: str = "A", **changes: Any) -> ResNet:
    """The paper's CIFAR networks; the arguments are those of `configs.resnet_cifar_config`."""
    return ResNet(resnet_cifar_config(depth, shortcut), **changes)
