"""The Inception modules, generation by generation, as descriptions.

Each function returns the branches of one module. `classics.make_layer(inception_v1(...), channels)`
builds it. All keep height and width; the number of output channels is the sum over the branches.
"""

from __future__ import annotations

from .layers import (
    Activation,
    AdaptivePool,
    Branches,
    ConvUnit,
    Dropout,
    Flatten,
    Layer,
    Linear,
    Pool,
)

# An auxiliary classifier: Szegedy et al., arXiv:1409.4842, Section 5
AUXILIARY = (
    AdaptivePool(4, name="pool"),
    ConvUnit(128, 1, name="conv"),
    Flatten(name="flatten"),
    Linear(1024, name="fc1"),
    Activation(name="relu"),
    Dropout(0.7, name="dropout"),
    Linear(name="fc2"),
)


def inception_v1(
    width1: int,
    reduce3: int,
    width3: int,
    reduce5: int,
    width5: int,
    width_pool: int,
    *,
    kernel5: int = 5,
    norm: bool = True,
    name: str = "",
) -> Branches:
    """GoogLeNet's module: 1×1, 3×3 and 5×5 convolutions and a pooling, side by side.

    Args:
        width1: channels of the 1×1 branch.
        reduce3, width3: channels of the 1×1 convolution that makes the 3×3 one cheap, and of it.
        reduce5, width5: the same for the 5×5 convolution.
        width_pool: channels of the 1×1 convolution after the 3×3 max pooling.
        kernel5: 5 as in the paper. torchvision has 3 (see its issue 906).
        norm: whether there are batch norms (torchvision; the paper is older than they are).
        name: of the module in a network.

    Raises:
        ValueError: for a width that is not positive, or an even `kernel5`.

    Source: Szegedy et al., arXiv:1409.4842, Figure 2 (b) and Table 1.
    """

    def conv(out_channels: int, kernel_size: int) -> ConvUnit:
        return ConvUnit(out_channels, kernel_size, norm=norm)

    return Branches(
        (
            (conv(width1, 1),),
            (conv(reduce3, 1), conv(width3, 3)),
            (conv(reduce5, 1), conv(width5, kernel5)),
            (Pool("max", 3, stride=1, padding=1), conv(width_pool, 1)),
        ),
        name=name,
    )


def inception_v2(
    width1: int,
    reduce3: int,
    width3: int,
    reduce_double: int,
    width_double: int,
    width_pool: int,
    *,
    pool: str = "avg",
    name: str = "",
) -> Branches:
    """BN-Inception's module: batch norm, and two 3×3 convolutions in place of the 5×5.

    Args:
        width1: channels of the 1×1 branch.
        reduce3, width3: channels of the 1×1 and the 3×3 convolution of the second branch.
        reduce_double, width_double: channels of the 1×1 and of both 3×3 convolutions of the third.
        width_pool: channels of the 1×1 convolution after the 3×3 pooling.
        pool: "avg" or "max"; the network has both.
        name: of the module in a network.

    Raises:
        ValueError: for a width that is not positive, or an unknown `pool`.

    Source: Ioffe and Szegedy, arXiv:1502.03167, Section 4.2 and Figure 5; Szegedy et al.,
    arXiv:1512.00567, Figure 5.
    """
    double = (ConvUnit(reduce_double, 1), ConvUnit(width_double, 3), ConvUnit(width_double, 3))
    return Branches(
        (
            (ConvUnit(width1, 1),),
            (ConvUnit(reduce3, 1), ConvUnit(width3, 3)),
            double,
            (Pool(pool, 3, stride=1, padding=1), ConvUnit(width_pool, 1)),
        ),
        name=name,
    )


def inception_v3(width: int = 192, inner: int = 128, *, n: int = 7, name: str = "") -> Branches:
    """Inception-v3's module for medium sizes: n×n convolutions taken apart into 1×n and n×1.

    Args:
        width: channels that each of the four branches puts out.
        inner: channels within the branches.
        n: length of the long side of the kernels.
        name: of the module in a network.

    Raises:
        ValueError: for a width that is not positive, or an even `n`.

    Source: Szegedy et al., arXiv:1512.00567, Section 3.2 and Figure 6.
    """
    once, twice = (inner, inner, width), (inner, inner, inner, inner, width)
    return _factorised(width, once, twice, width, n, name)


def inception_v4(name: str = "") -> Branches:
    """Inception-v4's module B: 17×17 pixels, 1,024 channels in and out.

    Source: Szegedy et al., arXiv:1602.07261, Figure 5.
    """
    return _factorised(384, (192, 224, 256), (192, 192, 224, 224, 256), 128, 7, name)


def inception_resnet(scale: float = 0.1, name: str = "") -> Branches:
    """Inception-ResNet-v2's module B: what the branches compute is added to the input.

    The input may have any number of channels; the output has as many.

    Args:
        scale: what the branches' output is multiplied with before the addition; the paper names
            values between 0.1 and 0.3 (Section 3.3).
        name: of the module in a network.

    Source: Szegedy et al., arXiv:1602.07261, Figure 17.
    """
    factorised = (ConvUnit(128, 1), ConvUnit(160, (1, 7)), ConvUnit(192, (7, 1)))
    return Branches(((ConvUnit(192, 1),), factorised), residual=scale, name=name)


def _factorised(
    width1: int, once: tuple[int, ...], twice: tuple[int, ...], width_pool: int, n: int, name: str
) -> Branches:
    """Four branches: 1×1; 1×n and n×1 once; the same twice; 3×3 average pooling."""
    row, column = (1, n), (n, 1)

    def way(widths: tuple[int, ...], kernels: tuple[tuple[int, int], ...]) -> tuple[Layer, ...]:
        reduce = ConvUnit(widths[0], 1)
        pairs = zip(widths[1:], kernels, strict=True)
        return (reduce, *(ConvUnit(width, kernel) for width, kernel in pairs))

    return Branches(
        (
            (ConvUnit(width1, 1),),
            way(once, (row, column)),
            way(twice, (column, row, column, row)),
            (Pool("avg", 3, stride=1, padding=1), ConvUnit(width_pool, 1)),
        ),
        name=name,
    )
