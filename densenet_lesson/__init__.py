"""From ResNet to DenseNet: the package behind the course's notebooks.

It holds the networks that you build in the chapters, the arithmetic that counts them, the data and
the training that put them to work, and the drawings:

- `blocks`, `resnet`, `densenet`, `configs`, `models`: the networks, plain, each file readable on
  its own, and what describes them. Chapters 2 to 6.
- `classics`: LeNet-5, AlexNet, ZFNet, VGG, GoogLeNet and its Inception blocks. Chapter 1.
  A DenseNet's residual twin (chapter 8), dense blocks whose layers don't read everything (12),
  U-Net and FC-DenseNet (13).
- `arithmetic`: channels, parameters, FLOPs and memory, as on paper and measured. Chapters 3 to 6.
- `data`: images and batches, and folders of your own photographs. Chapters 7 and 11. Scenes with
  a class for each pixel. Chapter 13.
- `training`: recipe, loop, checkpoints, evaluation, recorded runs and what they have learned, and
  lesions of these, and what they bring to another task. `train` is its command. Chapters 7, 8, 10
  and 11.
- `memory`: dense blocks that need less memory, faster answers, recorded benchmarks. Chapter 9.
- `figures`: the drawings of all chapters.
- `checks`: what the problem sets ask with.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what editors and the pages of the book read; `__getattr__` finds the same
    from .blocks import BottleneckResidual, DenseBlock, DenseLayer, Residual, Transition, conv_block
    from .classics.catalogue import CLASSICS, ClassicConfig
    from .classics.nets import ClassicNet, alexnet, googlenet, lenet5, vgg16, vgg19, zfnet
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
PARTS = ("configs", "classics.catalogue", "blocks", "densenet", "resnet", "classics.nets", "models")


def importer(package: str, names: list[str], parts: tuple[str, ...]) -> Callable[[str], Any]:
    """Make a package's `__getattr__`: it imports what is asked for, and nothing before (PEP 562).

    Args:
        package: its `__name__`.
        names: its `__all__`.
        parts: the modules of the package where these names are looked for, in this order.

    Returns:
        A function that finds a name, or a module of the package.
    """

    def find(name: str) -> Any:
        if name in names:
            modules = (import_module(f"{package}.{part}") for part in parts)
            value = next(vars(module)[name] for module in modules if name in vars(module))
            setattr(sys.modules[package], name, value)
            return value
        if not name.startswith("_"):
            try:
                return import_module(f"{package}.{name}")
            except ModuleNotFoundError as error:
                if error.name != f"{package}.{name}":
                    raise  # the module is there, but something that it needs is not
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find


__getattr__ = importer(__name__, __all__, PARTS)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
