"""The building blocks of ResNet and DenseNet, each a few lines. Chapters 2 to 5.

Shapes are written [N, C, H, W]: images in the batch, channels, height, width.
Modules carry the names that torchvision gives them, so that published weights load as they are.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .configs import check_field, checks_arguments


@checks_arguments
def activation(negative_slope: float = 0.0) -> nn.Module:
    """ReLU, or leaky ReLU when `negative_slope` is more than 0. Chapter 3.

    [N, C, H, W] → [N, C, H, W], a new tensor: whoever has kept the input finds it as it was.

    Raises:
        ValueError: unless 0 ≤ `negative_slope` < 1.
    """
    return LeakyReLU(negative_slope) if negative_slope else nn.ReLU()


class LeakyReLU(nn.LeakyReLU):
    """Leaky ReLU that keeps what it returns for the backward pass; torch's keeps its input too."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] → [N, C, H, W]."""
        return F.leaky_relu_(x.clone(), self.negative_slope)


@checks_arguments
def conv_block(
    in_channels: int,
    out_channels: int,
    kernel_size: int = 3,
    drop_rate: float = 0.0,
    bias: bool = False,
    negative_slope: float = 0.0,
) -> nn.Sequential:
    """Batch norm, activation, convolution, in this order ("pre-activation"). Chapter 3.

    [N, in_channels, H, W] → [N, out_channels, H, W]

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: odd, so that the padding keeps H and W.
        drop_rate: probability of dropout after the convolution.
        bias: whether the convolution has a bias.
        negative_slope: see `activation`.

    Raises:
        ValueError: for an argument that makes no sense, such as an even `kernel_size`.

    Source: arXiv:1608.06993, Section 3, "Composite function"; He et al., arXiv:1603.05027.
    """
    if kernel_size % 2 == 0:
        raise ValueError(
            f"kernel_size={kernel_size} must be odd, so that the padding keeps H and W"
        )
    options = (drop_rate, bias, negative_slope)
    return nn.Sequential(norm_relu_conv("", in_channels, out_channels, kernel_size, *options))


class DenseLayer(nn.Sequential):
    """One layer of a dense block: its `growth_rate` new channels, and only those. Chapters 3 and 4.

    [N, in_channels, H, W] → [N, growth_rate, H, W]

    Args:
        in_channels: channels of everything that came before.
        growth_rate: new channels, k in the paper.
        bn_size: None for batch norm, activation, 3×3 convolution. A number puts a 1×1 convolution
            to `bn_size * growth_rate` channels before it: the bottleneck, "B".
        drop_rate: probability of dropout after each convolution (Section 4.2; torchvision drops
            after the last one only).
        bias: whether the convolutions have a bias.
        negative_slope: see `activation`.

    Raises:
        ValueError: for an argument that makes no sense.

    Source: arXiv:1608.06993, Section 3, "Composite function" and "Bottleneck layers".
    """

    @checks_arguments
    def __init__(
        self,
        in_channels: int,
        growth_rate: int,
        bn_size: int | None = None,
        drop_rate: float = 0.0,
        bias: bool = False,
        negative_slope: float = 0.0,
    ) -> None:
        options = (drop_rate, bias, negative_slope)
        if bn_size is None:
            layers = norm_relu_conv("1", in_channels, growth_rate, 3, *options)
        else:
            width = bn_size * growth_rate
            layers = norm_relu_conv("1", in_channels, width, 1, *options)
            layers.update(norm_relu_conv("2", width, growth_rate, 3, *options))
        super().__init__(layers)


class CanSaveMemory(nn.Sequential):
    """What dense blocks and transitions have in common: `memory`, the way they save it. Chapter 9.

    The blocks below are the plain ones. Another way makes a block one of the subclasses in
    `memory`, with the same layers: `block.memory = "recompute"`.
    """

    _memory = "plain"

    @property
    def memory(self) -> str:
        """What the backward pass finds kept: "plain" for all of it, or see `memory`."""
        return self._memory

    @memory.setter
    def memory(self, memory: str) -> None:
        if check_field("memory", memory) != self._memory:
            from .memory import attach  # only here: a plain network does without

            attach(self, memory)


class DenseBlock(CanSaveMemory):
    """Dense layers, each reading the concatenation of everything before it. Chapters 3 and 4.

    [N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]

    Args:
        num_layers: number of dense layers.
        in_channels: channels of the block's input.
        growth_rate: channels that each layer adds.
        bn_size, drop_rate, bias, negative_slope: see `DenseLayer`.
        memory: "plain" is what you read here, "recompute" and "one_buffer" keep less for the
            backward pass (see `memory`).

    Raises:
        ValueError: for an argument that makes no sense.

    Source: arXiv:1608.06993, Section 3, Equation 2, "Dense connectivity" and "Growth rate".
    """

    @checks_arguments
    def __init__(
        self,
        num_layers: int,
        in_channels: int,
        growth_rate: int,
        bn_size: int | None = None,
        drop_rate: float = 0.0,
        bias: bool = False,
        negative_slope: float = 0.0,
        memory: str = "plain",
    ) -> None:
        layers = OrderedDict()
        options = (bn_size, drop_rate, bias, negative_slope)
        for i in range(num_layers):
            channels = in_channels + i * growth_rate  # what layer i reads
            layers[f"denselayer{i + 1}"] = DenseLayer(channels, growth_rate, *options, checked=True)
        super().__init__(layers)
        self.memory = memory

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, in_channels + num_layers * growth_rate, H, W]."""
        for layer in self:
            x = torch.cat([x, layer(x)], dim=1)  # growth_rate channels more
        return x


class Transition(CanSaveMemory):
    """Between two dense blocks: 1×1 convolution for channels, pooling for size. Chapter 5.

    [N, in_channels, H, W] → [N, out_channels, H // 2, W // 2]

    Args:
        in_channels: channels that the dense block before it puts out.
        out_channels: channels to keep; θ times `in_channels` in the paper.
        pool: "avg" (the paper) or "max".
        drop_rate, bias, negative_slope: see `DenseLayer`.
        memory: "plain"; the other ways compute the norm and the activation again (see `memory`).

    Raises:
        ValueError: for an argument that makes no sense.

    Source: arXiv:1608.06993, Section 3, "Pooling layers" and "Compression".
    """

    @checks_arguments
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        pool: str = "avg",
        drop_rate: float = 0.0,
        bias: bool = False,
        negative_slope: float = 0.0,
        memory: str = "plain",
    ) -> None:
        options = (drop_rate, bias, negative_slope)
        layers = norm_relu_conv("", in_channels, out_channels, 1, *options)
        layers["pool"] = (nn.AvgPool2d if pool == "avg" else nn.MaxPool2d)(kernel_size=2, stride=2)
        super().__init__(layers)
        self.memory = memory


class Residual(nn.Module):
    """The basic residual block: two 3×3 convolutions, and the input added. Chapter 2.

    [N, in_channels, H, W] → [N, out_channels, H / stride, W / stride]

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        stride: of the first convolution; 2 halves the height and the width.
        shortcut: "A", "B" or "C" (see `make_shortcut`).
        bias: whether the convolutions have a bias.
        shortcut_norm: whether a projection is followed by a batch norm.

    Raises:
        ValueError: for an argument that makes no sense.

    Source: He et al., arXiv:1512.03385, Figure 2 and Figure 5 (left).
    """

    expansion = 1  # output channels = expansion * width

    @checks_arguments
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        shortcut: str = "B",
        bias: bool = False,
        shortcut_norm: bool = True,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=bias)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu1, self.relu = nn.ReLU(), nn.ReLU()  # torchvision has one, and calls it twice
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=bias)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = make_shortcut(
            in_channels, out_channels, stride, shortcut, bias, shortcut_norm, checked=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, out_channels, H / stride, W / stride]."""
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(self.downsample(x) + y)  # f(x) = x + g(x)


class Plain(Residual):
    """A basic residual block without its shortcut, for comparison: f(x) = g(x). Chapter 2.

    [N, in_channels, H, W] → [N, out_channels, H / stride, W / stride]

    Arguments and errors are those of `Residual`.

    Source: He et al., arXiv:1512.03385, Section 3.3, "Plain Network".
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.downsample = None

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, out_channels, H / stride, W / stride]."""
        y = self.relu1(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)))


class BottleneckResidual(nn.Module):
    """The bottleneck residual block: 1×1 down, 3×3, 1×1 up to four times the width. Chapter 2.

    [N, in_channels, H, W] → [N, 4 * width, H / stride, W / stride]

    Args:
        in_channels: channels of the input.
        width: channels of the 3×3 convolution; the output has four times as many.
        stride: of the 3×3 convolution (as in torchvision; the paper's figure has it in the first
            1×1 convolution, which costs accuracy).
        shortcut, bias, shortcut_norm: see `Residual`.

    Raises:
        ValueError: for an argument that makes no sense.

    Source: He et al., arXiv:1512.03385, Figure 5 (right).
    """

    expansion = 4

    @checks_arguments
    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        shortcut: str = "B",
        bias: bool = False,
        shortcut_norm: bool = True,
    ) -> None:
        super().__init__()
        out_channels = self.expansion * width
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=bias)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=bias)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=bias)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.downsample = make_shortcut(
            in_channels, out_channels, stride, shortcut, bias, shortcut_norm, checked=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, 4 * width, H / stride, W / stride]."""
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(self.downsample(x) + y)


@checks_arguments
def make_shortcut(
    in_channels: int,
    out_channels: int,
    stride: int = 1,
    shortcut: str = "B",
    bias: bool = False,
    shortcut_norm: bool = True,
) -> nn.Module:
    """The path around a residual block: the identity wherever it can be. Chapter 2.

    [N, in_channels, H, W] → [N, out_channels, H / stride, W / stride]

    Args:
        in_channels: channels of the block's input.
        out_channels: channels of the block's output.
        stride: how much smaller the output is.
        shortcut: "A" skips pixels and pads with zero channels, so it has no parameters. "B" is a
            1×1 convolution (a projection) where the shape changes. "C" is a projection always.
        bias: whether the projection has a bias.
        shortcut_norm: whether the projection is followed by a batch norm.

    Raises:
        ValueError: for an unknown `shortcut`, or "A" with fewer channels out than in.

    Source: He et al., arXiv:1512.03385, Section 3.3 and Section 4.1, options A, B and C.
    """
    same_shape = stride == 1 and in_channels == out_channels
    if same_shape and shortcut != "C":
        return nn.Identity()
    if shortcut == "A":
        return ZeroPadShortcut(in_channels, out_channels, stride)
    projection = [nn.Conv2d(in_channels, out_channels, 1, stride, bias=bias)]
    return nn.Sequential(*projection, *([nn.BatchNorm2d(out_channels)] if shortcut_norm else []))


class ZeroPadShortcut(nn.Module):
    """Shortcut option A: keep every `stride`-th pixel, add channels of zeros. Chapter 2.

    [N, in_channels, H, W] → [N, out_channels, H / stride, W / stride]

    Raises:
        ValueError: if `out_channels` is less than `in_channels`.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        if out_channels < in_channels:
            raise ValueError(
                f"out_channels={out_channels} must be at least in_channels={in_channels}: "
                "shortcut 'A' can add channels, not take them away (use 'B')"
            )
        self.new_channels = out_channels - in_channels
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, out_channels, H / stride, W / stride]."""
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, 0, self.new_channels))  # pads W, H, then C


def init_weights(model: nn.Module) -> None:
    """Initialise like He et al.: normal weights in convolutions, and biases of 0. Chapter 6.

    Raises:
        ValueError: if `model` has no convolution or linear layer to initialise (a lazy module has
            none yet: run one batch through it first).

    Source: He et al., arXiv:1502.01852, Equation 10; arXiv:1608.06993, Section 4.2.
    """
    layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    layers = [m for m in layers if not isinstance(m.weight, nn.UninitializedParameter)]
    if not layers:
        raise ValueError("model has no convolution or linear layer with weights to initialise")
    for module in layers:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def norm_relu_conv(
    suffix: str,
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    drop_rate: float,
    bias: bool,
    negative_slope: float,
) -> OrderedDict[str, nn.Module]:
    """The modules of `conv_block`, by torchvision's names: norm1, relu1, conv1 for suffix "1"."""
    layers = OrderedDict()
    layers[f"norm{suffix}"] = nn.BatchNorm2d(in_channels)
    layers[f"relu{suffix}"] = activation(negative_slope, checked=True)
    layers[f"conv{suffix}"] = nn.Conv2d(
        in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=bias
    )
    if drop_rate:
        layers[f"drop{suffix}"] = nn.Dropout(drop_rate)
    return layers


def named(name: str, weights: str | None, changes: dict[str, Any]) -> Any:
    """Build a network by its name, and load published weights if they are asked for. Chapter 6."""
    from .models import build  # which knows all networks

    return build(name, weights, **changes)


class Scores(NamedTuple):
    """What a network with auxiliary classifiers returns in training: [N, num_classes] from each."""

    main: Tensor
    auxiliary: tuple[Tensor, ...]


def explain_images(forward: Callable[[Any, Tensor], Any]) -> Callable[[Any, Tensor], Any]:
    """Decorate a network's `forward`: images that don't fit get a ValueError that says what does.

    Nothing is checked beforehand: tools that trace a network find nothing but the network, and
    whatever works, works. Only an error that did happen is explained, by the modules as they are.
    """

    @functools.wraps(forward)
    def explained(self: nn.Module, x: Tensor) -> Any:
        try:
            return forward(self, x)
        except (RuntimeError, ValueError) as error:
            from .data.misfits import misfit

            reason = misfit(self, x) if isinstance(x, Tensor) else ""
            if not reason:
                raise
            raise ValueError(reason) from error

    return explained
