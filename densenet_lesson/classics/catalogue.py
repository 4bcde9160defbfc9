"""The networks before ResNet, described by configuration objects. Nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..configs import check_choice, check_positive, positive_tuple, store
from .inception import inception_v1
from .layers import KINDS, Activation, Conv, ConvUnit, Dropout, Layer, Linear, Pool, check_layers


@dataclass(frozen=True)
class ClassicConfig:
    """A network of the time before ResNet: convolutions and poolings, then a classifier.

    Args:
        name: how the network is called.
        features: its convolutions and poolings.
        pool: pixels, each way, to which an average pooling brings the features; then the network
            takes images of different sizes. None: no such pooling, and only images of `image_size`.
        classifier: its fully connected layers, after a flattening. `Linear()` without a number has
            one output for each class.
        auxiliary: names of the layers in `features` after which an auxiliary classifier sits, a
            second and third source of gradients that is only there in training.
        in_channels: channels of the input image.
        num_classes: number of classes.
        image_size: height and width, in pixels, that the network was designed for.

    Raises:
        ValueError: if an argument makes no sense; the message says which and what would be right.
    """

    name: str
    features: tuple[Layer, ...]
    classifier: tuple[Layer, ...]
    pool: int | None = None
    auxiliary: tuple[str, ...] = ()
    in_channels: int = 3
    num_classes: int = 1000
    image_size: int = 224

    def __post_init__(self) -> None:
        for name in ("in_channels", "num_classes", "image_size"):
            store(self, **{name: check_positive(name, getattr(self, name))})
        if self.pool is not None:
            store(self, pool=check_positive("pool", self.pool))
        check_layers("features", self.features)
        check_layers("classifier", self.classifier)
        if not isinstance(self.auxiliary, tuple):
            raise ValueError(f"auxiliary={self.auxiliary!r} must be a tuple of names")
        names = [layer.name for layer in self.features]
        for tap in self.auxiliary:
            if tap not in names:
                known = ", ".join(name for name in names if name)
                raise ValueError(f"auxiliary={tap!r} must be a layer of features: {known}")

    @property
    def depth(self) -> int:
        """Layers with weights, along the longest way: the 16 of VGG-16."""
        return sum(longest(layer) for layer in (*self.features, *self.classifier))

    def fitted(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """The layers, with the number of classes filled in where it was left open."""
        return tuple(
            replace(layer, out_features=self.num_classes)
            if isinstance(layer, Linear) and layer.out_features is None
            else layer
            for layer in layers
        )

    def auxiliary_name(self, layer_name: str) -> str:
        """Name of the auxiliary classifier after a layer: "aux1" for the first one."""
        return f"aux{self.auxiliary.index(layer_name) + 1}"


def longest(layer: Layer) -> int:
    """Number of layers with weights on the longest way through a layer."""
    ways = getattr(layer, "branches", None)
    if ways is not None:
        return max(sum(longest(inner) for inner in way) for way in ways)
    return int(isinstance(layer, (Conv, Linear)))


def lenet5_config(activation: str = "tanh") -> ClassicConfig:
    """LeNet-5, for 28×28 digits (LeCun et al., 1998, "Gradient-based learning applied to document
    recognition", Figure 2).

    As everybody builds it today: the padding of 2 stands for the original's images of 32×32 pixels,
    the second convolution reads all channels, the poolings have no weights, and the last layer is
    linear.

    Args:
        activation: "tanh" is close to the original, d2l.ai has "sigmoid".

    Raises:
        ValueError: for an unknown activation.
    """
    check_choice("activation", activation, KINDS)
    bend = Activation(activation)
    return ClassicConfig(
        name="LeNet-5",
        features=(
            *(Conv(6, 5), bend, Pool("avg")),
            *(Conv(16, 5, padding=0), bend, Pool("avg")),
        ),
        classifier=(Linear(120), bend, Linear(84), bend, Linear()),
        in_channels=1,
        num_classes=10,
        image_size=28,
    )


def alexnet_config() -> ClassicConfig:
    """AlexNet on one GPU, as in torchvision.

    Krizhevsky, arXiv:1404.5997, footnote 1, describes such a network; torchvision has 256 channels
    in its fourth convolution where the footnote has 384. The network of 2012 (Krizhevsky et al.,
    "ImageNet classification with deep convolutional neural networks") was split over two GPUs, with
    96, 256, 384, 384 and 256 channels, and normalised responses across neighbouring channels.
    """
    relu, pool = Activation(), Pool("max", 3, 2)
    return ClassicConfig(
        name="AlexNet",
        features=(
            *(Conv(64, 11, stride=4, padding=2), relu, pool),
            *(Conv(192, 5), relu, pool),
            *(Conv(384, 3), relu),
            *(Conv(256, 3), relu),
            *(Conv(256, 3), relu, pool),
        ),
        pool=6,
        classifier=(Dropout(), Linear(4096), relu, Dropout(), Linear(4096), relu, Linear()),
    )


def zfnet_config() -> ClassicConfig:
    """ZFNet: AlexNet with a smaller kernel and stride at the start (Zeiler and Fergus,
    arXiv:1311.2901, Figure 3; its normalisation across channels is left out)."""
    relu, pool = Activation(), Pool("max", 3, 2, padding=1)
    return ClassicConfig(
        name="ZFNet",
        features=(
            *(Conv(96, 7, stride=2, padding=1), relu, pool),
            *(Conv(256, 5, stride=2, padding=0), relu, pool),
            *(Conv(384, 3), relu),
            *(Conv(384, 3), relu),
            *(Conv(256, 3), relu, Pool("max", 3, 2)),
        ),
        classifier=(Linear(4096), relu, Dropout(), Linear(4096), relu, Dropout(), Linear()),
    )


def vgg_config(convs: tuple[int, ...] = (2, 2, 3, 3, 3)) -> ClassicConfig:
    """A VGG network: blocks of 3×3 convolutions, each block ended by a pooling.

    Args:
        convs: number of convolutions in each of the five blocks; (2, 2, 3, 3, 3) is VGG-16.

    Raises:
        ValueError: unless `convs` holds five positive integers.

    Source: Simonyan and Zisserman, arXiv:1409.1556, Table 1.
    """
    convs, relu = positive_tuple("convs", convs), Activation()
    if len(convs) != 5:
        raise ValueError(f"convs={convs} must hold five numbers, one for each block")
    features: list[Layer] = []
    for number, width in zip(convs, (64, 128, 256, 512, 512), strict=True):
        features += [Conv(width, 3), relu] * number + [Pool("max", 2, 2)]
    return ClassicConfig(
        name=f"VGG-{sum(convs) + 3}",
        features=tuple(features),
        pool=7,
        classifier=(Linear(4096), relu, Dropout(), Linear(4096), relu, Dropout(), Linear()),
    )


# Channels of GoogLeNet's modules: Szegedy et al., arXiv:1409.4842, Table 1
GOOGLENET_WIDTHS = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}


def googlenet_config(kernel5: int = 3) -> ClassicConfig:
    """GoogLeNet with its two auxiliary classifiers, as in torchvision.

    Three things differ from the paper, which is older than batch norm: batch norms, a 2×2 window in
    the fourth pooling (the paper's is 3×3), and `kernel5`.

    Args:
        kernel5: kernel of the modules' "5×5" branch. 5 is the paper's. 3 is what torchvision's
            published weights need (its issue 906 tells the story).

    Raises:
        ValueError: for an even `kernel5`.

    Source: Szegedy et al., arXiv:1409.4842, Table 1 and Section 5.
    """

    def pool(number: int, kernel_size: int = 3) -> Pool:
        return Pool("max", kernel_size, stride=2, ceil=True, name=f"maxpool{number}")

    def modules(stage: int) -> list[Layer]:
        names = [name for name in GOOGLENET_WIDTHS if name.startswith(f"inception{stage}")]
        return [inception_v1(*GOOGLENET_WIDTHS[n], kernel5=kernel5, name=n) for n in names]

    return ClassicConfig(
        name="GoogLeNet",
        features=(
            *(ConvUnit(64, 7, stride=2, name="conv1"), pool(1)),
            *(ConvUnit(64, 1, name="conv2"), ConvUnit(192, 3, name="conv3"), pool(2)),
            *(*modules(3), pool(3)),
            *(*modules(4), pool(4, kernel_size=2)),
            *modules(5),
        ),
        pool=1,
        classifier=(Dropout(0.2, name="dropout"), Linear(name="fc")),
        auxiliary=("inception4a", "inception4d"),
    )


CLASSICS: dict[str, ClassicConfig] = {
    "lenet5": lenet5_config(),
    "alexnet": alexnet_config(),
    "zfnet": zfnet_config(),
    "vgg16": vgg_config((2, 2, 3, 3, 3)),
    "vgg19": vgg_config((2, 2, 4, 4, 4)),
    "googlenet": googlenet_config(),
}
