"""Any network of the course, by its name or its configuration."""

from __future__ import annotations

from typing import Any

from torch import nn

from .configs import Config, DenseNetConfig, get_config
from .densenet import DenseNet
from .resnet import ResNet


def build(network: str | Config, **changes: Any) -> nn.Module:
    """Build a network.

    Args:
        network: a name such as "densenet_d2l" (the keys of `configs.DENSENETS` and
            `configs.RESNETS`), or a configuration.
        **changes: fields of the configuration to replace, such as `num_classes=10`.

    Returns:
        The network, newly initialised; its `config` is the configuration it was built from.

    Raises:
        ValueError: for an unknown name or field, or a value that makes no sense.
    """
    config = get_config(network, **changes)
    return DenseNet(config) if isinstance(config, DenseNetConfig) else ResNet(config)
