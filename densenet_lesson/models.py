"""Any network of the course, by its name or its configuration. Chapters 1 to 6."""

from __future__ import annotations

from typing import Any

from torch import nn

from .classic_configs import ClassicConfig
from .classics import ClassicNet
from .configs import Config, DenseNetConfig, ResNetConfig, get_config
from .densenet import DenseNet
from .resnet import ResNet
from .weights import load_weights

CLASSES = {DenseNetConfig: DenseNet, ResNetConfig: ResNet, ClassicConfig: ClassicNet}


def build(network: str | Config, weights: str | None = None, **changes: Any) -> nn.Module:
    """Build a network.

    Args:
        network: a name such as "densenet_d2l" (the keys of `configs.DENSENETS`, `configs.RESNETS`
            and `configs.CLASSICS`), or a configuration.
        weights: None for new ones, "imagenet" for torchvision's (see `weights.load_weights`).
        **changes: fields of the configuration to replace, such as `num_classes=10`.

    Returns:
        The network; its `config` is the configuration it was built from.

    Raises:
        ValueError: for an unknown name or field, a value that makes no sense, or weights that
            nobody has published for this network.
        WeightsError: if the weights can't be had.
    """
    config = get_config(network, **changes)
    model = CLASSES[type(config)](config)
    return load_weights(model, network if isinstance(network, str) else config.name, weights)
