"""The networks before ResNet: described as data, built from it. Chapter 1.

`catalogue` lists them, made of `layers` and of `inception`'s blocks; `nets` builds it. `twins` and
`preactivation` do the same for what chapter 8 sets against a DenseNet. `unet` has chapter 13's
networks, which give each pixel a class, and `variants` chapter 12's links.
"""

from typing import TYPE_CHECKING

from .. import importer

if TYPE_CHECKING:  # what editors and the pages of the book read; `__getattr__` finds the same
    from .catalogue import CLASSICS, ClassicConfig, googlenet_config
    from .nets import (
        ClassicNet,
        alexnet,
        googlenet,
        lenet5,
        make_layer,
        make_layers,
        vgg16,
        vgg19,
        zfnet,
    )
    from .preactivation import Twin
    from .twins import TWINS, TwinConfig

__all__ = [
    "CLASSICS",
    "ClassicConfig",
    "ClassicNet",
    "TWINS",
    "Twin",
    "TwinConfig",
    "alexnet",
    "googlenet",
    "googlenet_config",
    "lenet5",
    "make_layer",
    "make_layers",
    "vgg16",
    "vgg19",
    "zfnet",
]

__getattr__ = importer(__name__, __all__, ("catalogue", "nets", "preactivation", "twins"))
