"""The layers of the classic networks, as descriptions that a configuration is made of.

`classics` turns a description into a PyTorch module, `trace_classic` into numbers. Each description
knows what it does to the shape: `after(channels, size)` gives channels and size of its output.
Images are square, `size` × `size` pixels. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .checks import check_choice, check_drop_rate, check_positive
from .steps import output_size

ACTIVATIONS = ("relu", "tanh", "sigmoid")
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
        padding: rows and columns of zeros on each side; None is half the kernel, rounded down,
            which keeps the size when the stride is 1.

    Raises:
        ValueError: if an argument makes no sense.
    """

    out_channels: int
    kernel_size: int | tuple[int, int] = 3
    stride: int = 1
    padding: int | None = None

    def __post_init__(self) -> None:
        check_positive("out_channels", self.out_channels)
        check_positive("stride", self.stride)
        for side in self.kernel:
            check_positive("kernel_size", side)
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
        check_choice("kind", self.kind, ACTIVATIONS)


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
        check_positive("kernel_size", self.kernel_size)
        check_positive("stride", self.stride)

    def after(self, channels: int, size: int) -> Shape:
        """Channels and size of the output."""
        window = (self.kernel_size, self.stride, self.padding, self.ceil)
        return channels, output_size(size, *window)


@dataclass(frozen=True)
class AdaptivePool(Layer):
    """Average pooling to a fixed size, whatever the size of the input."""

    size: int = 1

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
        check_drop_rate(self.p)


@dataclass(frozen=True)
class Linear(Layer):
    """A fully connected layer; `out_features=None` is one output for each class."""

    out_features: int | None = None

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
        ValueError: from `after`, if the ways end with different sizes.
    """

    branches: tuple[tuple[Layer, ...], ...]
    residual: float | None = None

    def concatenated(self, channels: int, size: int) -> Shape:
        """Channels and size after the concatenation."""
        ends = [after(branch, channels, size) for branch in self.branches]
        sizes = {end[1] for end in ends}
        if len(sizes) > 1:
            raise ValueError(
                f"branches of {self.name or 'the module'} end with the sizes "
                f"{', '.join(str(end[1]) for end in ends)}: to be concatenated, they must be equal"
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
