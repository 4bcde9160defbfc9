"""From ResNet to DenseNet: the package behind the course's notebooks."""

from .blocks import BottleneckResidual, DenseBlock, DenseLayer, Residual, Transition, conv_block
from .configs import DENSENETS, RESNETS, DenseNetConfig, ResNetConfig, get_config
from .densenet import (
    DenseNet,
    densenet121,
    densenet161,
    densenet169,
    densenet201,
    densenet_cifar,
    densenet_d2l,
)
from .models import build
from .resnet import ResNet, resnet18, resnet34, resnet50, resnet101, resnet152

__all__ = [
    "DENSENETS",
    "RESNETS",
    "BottleneckResidual",
    "DenseBlock",
    "DenseLayer",
    "DenseNet",
    "DenseNetConfig",
    "ResNet",
    "ResNetConfig",
    "Residual",
    "Transition",
    "build",
    "conv_block",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "densenet_cifar",
    "densenet_d2l",
    "get_config",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
]
__version__ = "0.1.0"
