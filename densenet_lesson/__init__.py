"""From ResNet to DenseNet: the package behind the course's notebooks."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what editors and the pages of the book read; `__getattr__` finds the same
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

# where names are looked for, in this order: the first two files need no torch
PARTS = ("configs", "classic_configs", "blocks", "densenet", "resnet", "classics", "models")


def __getattr__(name: str) -> Any:
    """Import a name, or a module of the package, when it is asked for (PEP 562)."""
    if name in __all__:
        parts = (import_module(f"{__name__}.{part}") for part in PARTS)
        value = globals()[name] = next(vars(part)[name] for part in parts if name in vars(part))
        return value
    if not name.startswith("_"):
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise  # the module is there, but something that it needs is not
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
