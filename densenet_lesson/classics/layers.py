"""The layers of the classic networks, as descriptions that a configuration is made of.

`classics` turns a description into a PyTorch module. Each description knows what it does to the
shape: `after(channels, size)` gives channels and size of its output. Images are square, `size` ×
`size` pixels. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..arithmetic.written import output_size
from ..configs import (
    as_int,
    as_number,
    check_choice,
    check_positive,
    check_share,
    check_switch,
    store,
)

KINDS = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid"}  # of activations, as in torch.nn
Shape = tuple[int, int]  # channels, size


@dataclass(frozen=True)
class Layer:
    """What all layers have: the name of their module in the network (without one: its number)."""

    name: str = field(default="", kw_only=True)

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output. Most layers change neither."""
        return channels, size


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution with a bias.

    Args:
        out_channels: channels of the output.
        kernel_size: one number, or height and width.
        stride: pixels from one place of the kernel to the next.
        padding: rows and columns of zeros on each side; None is half the (odd) kernel, rounded
            down, which keeps the size when the stride is 1.

    Raises:
        ValueError: if an argument makes no sense.
    """

    out_channels: int
    kernel_size: int | tuple[int, int] = 3
    stride: int = 1
    padding: int | None = None

    def __post_init__(self) -> None:
        store(
            self,
            out_channels=check_positive("out_channels", self.out_channels),
            stride=check_positive("stride", self.stride),
            kernel_size=check_kernel(self.kernel_size),
        )
        if self.padding is not None:
            store(self, padding=check_not_negative("padding", self.padding))
        elif not (self.kernel[0] % 2 and self.kernel[1] % 2):
            raise ValueError(f"kernel_size={self.kernel_size} must be odd, or padding given")
        if self.kernel[0] != self.kernel[1] and (self.stride, self.padding) != (1, None):
            raise ValueError(
                f"kernel_size={self.kernel_size} is not square: it needs stride=1 and padding=None,"
                " so that the image stays square"
            )

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the kernel."""
        k = self.kernel_size
        return (k, k) if isinstance(k, int) else k

    @property
    def padded(self) -> tuple[int, int]:
        """Rows of zeros above and below, columns of zeros left and right."""
        height, width = self.kernel
        return (height // 2, width // 2) if self.padding is None else (self.padding,) * 2

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output."""
        return self.out_channels, output_size(size, self.kernel[0], self.stride, self.padded[0])


@dataclass(frozen=True)
class ConvUnit(Conv):
    """A convolution, a batch norm and a ReLU as one module: `conv` and `bn` in the network.

    With `norm=False` there is no batch norm, and the convolution has a bias instead.
    """

    norm: bool = True


@dataclass(frozen=True)
class Activation(Layer):
    """An activation function: "relu", "tanh" or "sigmoid"."""

    kind: str = "relu"

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)


@dataclass(frozen=True)
class Pool(Layer):
    """Pooling, "max" or "avg": the maximum or the mean of each window.

    With `ceil`, a last window that doesn't fit entirely counts too: sizes are rounded up. A mean is
    taken over the window's pixels inside the image, as in the Inception authors' TensorFlow code.
    """

    kind: str = "max"
    kernel_size: int = 2
    stride: int = 2
    padding: int = 0
    ceil: bool = False

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, ("max", "avg"))
        store(
            self,
            kernel_size=check_positive("kernel_size", self.kernel_size),
            stride=check_positive("stride", self.stride),
            padding=check_not_negative("padding", self.padding),
            ceil=check_switch("ceil", self.ceil),
        )
        if self.padding > self.kernel_size // 2:
            raise ValueError(
                f"padding={self.padding} must be at most half of kernel_size={self.kernel_size}: "
                "otherwise some windows would hold nothing but padding"
            )

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output."""
        window = (self.kernel_size, self.stride, self.padding, self.ceil)
        return channels, output_size(size, *window)


@dataclass(frozen=True)
class AdaptivePool(Layer):
    """Average pooling to `size` × `size` pixels, whatever the size of the input."""

    size: int = 1

    def __post_init__(self) -> None:
        store(self, size=check_positive("size", self.size))

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output."""
        return channels, self.size


@dataclass(frozen=True)
class Flatten(Layer):
    """All pixels of all channels in one row: [N, C, H, W] → [N, C · H · W]."""

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output: as many channels as there were numbers, 1 pixel."""
        return channels * size**2, 1


@dataclass(frozen=True)
class Dropout(Layer):
    """Dropout with probability `p` (Hinton et al., arXiv:1207.0580)."""

    p: float = 0.5

    def __post_init__(self) -> None:
        store(self, p=check_share("p", self.p))


@dataclass(frozen=True)
class Linear(Layer):
    """A fully connected layer: a weight for each pair of an input and an output.

    `out_features=None` is one output for each class; `ClassicConfig.fitted` fills it in.
    """

    out_features: int | None = None

    def __post_init__(self) -> None:
        if self.out_features is not None:
            store(self, out_features=check_positive("out_features", self.out_features))

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output."""
        return self.out_features, 1


@dataclass(frozen=True)
class Branches(Layer):
    """Several ways through, side by side, and their outputs concatenated: an Inception module.

    Args:
        branches: the layers of each way. An empty one passes the input on as it is.
        residual: None for plain concatenation. With a number, a 1×1 convolution brings the
            concatenated channels back to those of the input, and `residual` times its output is
            added to the input (Inception-ResNet).

    Raises:
        ValueError: if an argument makes no sense; from `after`, if the ways end with different
            sizes, or with another size than the input that is added to them.
    """

    branches: tuple[tuple[Layer, ...], ...]
    residual: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.branches, tuple) or not self.branches:
            raise ValueError(f"branches={self.branches!r} must be a tuple of at least one branch")
        for branch in self.branches:
            check_layers("branches", branch)
        if self.residual is not None:
            factor = as_number(self.residual)
            if factor is None:
                raise ValueError(f"residual={self.residual!r} must be None or a number")
            store(self, residual=factor)

    def concatenated(self, channels: int, size: int) -> Shape:
        """Channels and size after the concatenation."""
        ends = [after(branch, channels, size) for branch in self.branches]
        sizes = {end[1] for end in ends}
        if len(sizes) > 1:
            raise ValueError(
                f"branches of {self.name or 'the module'} turn images of size {size} into sizes "
                f"{', '.join(str(end[1]) for end in ends)}: to be concatenated, they must be equal"
            )
        if self.residual is not None and sizes != {size}:
            raise ValueError(
                f"branches of {self.name or 'the module'} turn images of size {size} into size "
                f"{sizes.pop()}: to be added to the input (residual), they must keep the size"
            )
        return sum(end[0] for end in ends), sizes.pop()

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output."""
        joined, new_size = self.concatenated(channels, size)
        return (joined if self.residual is None else channels), new_size


def after(layers: tuple[Layer, ...], channels: int, size: int) -> Shape:
    """Channels and size after several layers, one after the other."""
    for layer in layers:
        channels, size = layer.after(channels, size)
    return channels, size


def smallest_size(layers: tuple[Layer, ...], channels: int) -> int:
    """The fewest pixels, each way, that an image needs so that something is left of it.

    Raises:
        ValueError: if the size isn't what the layers don't agree about.
    """
    for size in range(1, 1024):
        try:
            after(layers, channels, size)
            return size
        except ValueError:
            pass  # too small
    after(layers, channels, 1024)  # lets the error tell
    return 1024


def check_not_negative(name: str, value: int) -> int:
    """Return `value` as an int; ValueError unless it is an integer of at least 0."""
    number = as_int(value)
    if number is None or number < 0:
        raise ValueError(f"{name}={value!r} must be an integer of at least 0")
    return number


def check_kernel(kernel_size: int | tuple[int, int]) -> int | tuple[int, int]:
    """Return `kernel_size`; ValueError unless it is a positive integer, or a pair of them."""
    sides = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,)
    numbers = tuple(as_int(side) for side in sides)
    wrong_length = isinstance(kernel_size, tuple) and len(kernel_size) != 2
    if wrong_length or any(number is None or number < 1 for number in numbers):
        raise ValueError(f"kernel_size={kernel_size!r} must be a positive integer, or two of them")
    return numbers if isinstance(kernel_size, tuple) else numbers[0]


def check_layers(name: str, layers: tuple[Layer, ...]) -> None:
    """Raise a ValueError unless `layers` is a tuple of layers whose names are all different."""
    if not isinstance(layers, tuple) or not all(isinstance(layer, Layer) for layer in layers):
        raise ValueError(f"{name}={layers!r} must be a tuple of layers (classics.layers)")
    names = [layer.name or str(i) for i, layer in enumerate(layers)]
    for repeated in names:
        if names.count(repeated) > 1:
            raise ValueError(f"{name} has two layers with the name {repeated!r}: rename one")
