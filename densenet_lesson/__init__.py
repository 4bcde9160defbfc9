"""From ResNet to DenseNet: the package behind the course's notebooks."""

from .blocks import BottleneckResidual, DenseBlock, DenseLayer, Residual, Transition, conv_block
from .classic_configs import CLASSICS, ClassicConfig
from .classics import ClassicNet, alexnet, googlenet, lenet5, vgg16, vgg19, zfnet
from .configs import DENSENETS, RESNETS, DenseNetConfig, ResNetConfig, get_config
from .densenet import (
    DenseNet,
    densenet121,
    densenet161,
    densenet169,
    densenet201,
    densenet264,
    densenet_cifar,
    densenet_d2l,
)
from .models import build
from .resnet import ResNet, resnet18, resnet34, resnet50, resnet101, resnet152, resnet_cifar

__all__ = [
    "BottleneckResidual",
    "CLASSICS",
    "ClassicConfig",
    "ClassicNet",
    "DENSENETS",
    "DenseBlock",
    "DenseLayer",
    "DenseNet",
    "DenseNetConfig",
    "RESNETS",
    "ResNet",
    "ResNetConfig",
    "Residual",
    "Transition",
    "alexnet",
    "build",
    "conv_block",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "densenet264",
    "densenet_cifar",
    "densenet_d2l",
    "get_config",
    "googlenet",
    "lenet5",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet_cifar",
    "vgg16",
    "vgg19",
    "zfnet",
]
__version__ = "0.1.0"
