"""The networks of the course, described by configuration objects.

A configuration is a small frozen dataclass. The networks (`densenet`, `resnet`, `classics`), the
arithmetic (`arithmetic`) and the drawings (`figures`) all read the same object, so they cannot
disagree. Adding a network is adding a configuration. Nothing here needs torch. Chapters 2 to 6.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .classics.catalogue import ClassicConfig
    from .classics.twins import TwinConfig
    from .classics.unet import FCDenseNetConfig, UNetConfig

STEMS = ("imagenet", "cifar")
POOLS = ("avg", "max")
BLOCKS = ("basic", "bottleneck", "plain")
SHORTCUTS = ("A", "B", "C")
MEMORIES = ("plain", "recompute", "one_buffer")
OTHER_NAMES = {"linear": "one_buffer"}  # records and older programs say "linear"
CHOICES = {
    "stem": STEMS,
    "pool": POOLS,
    "block": BLOCKS,
    "shortcut": SHORTCUTS,
    "memory": ("plain", "recompute", *OTHER_NAMES, "one_buffer"),
}


@dataclass(frozen=True)
class DenseNetConfig:
    """A DenseNet, as in Huang et al., arXiv:1608.06993, Section 3 and Table 1.

    Args:
        name: how the network is called.
        block_config: number of dense layers in each dense block.
        growth_rate: channels that each dense layer adds, k in the paper.
        num_init_features: channels after the stem.
        bn_size: the 1×1 bottleneck has `bn_size * growth_rate` channels (4 in the paper, the "B" of
            DenseNet-BC); None leaves the bottleneck out.
        compression: θ, the share of channels that a transition keeps (0.5 in the paper, the "C";
            1.0 keeps all of them).
        drop_rate: probability of dropout after each convolution but the first one.
        stem: "imagenet" (7×7 convolution of stride 2, batch norm, activation, 3×3 max pooling of
            stride 2) or "cifar" (one 3×3 convolution of stride 1).
        bias: whether convolutions have a bias. The paper's have none, those of d2l.ai have one.
        pool: pooling of the transitions, "avg" or "max".
        negative_slope: 0.0 is ReLU, more is leaky ReLU with that slope.
        deep_supervision: whether each dense block but the last one gets a classifier of its own, in
            training only (Lee et al., arXiv:1409.5185). The paper has none: its Section 5 argues
            that dense connections do the same by themselves.
        memory: what training keeps for the backward pass. "plain" all that autograd wants,
            "recompute" less, "one_buffer" (also called "linear") least; the rest is computed again
            (see `memory`). It changes nothing else: the same parameters, outputs and gradients.
        in_channels: channels of the input image.
        num_classes: number of classes.
        image_size: height and width, in pixels, that the network was designed for.

    Raises:
        ValueError: if an argument makes no sense; the message says which and what would be right.
    """

    name: str = "densenet"
    block_config: tuple[int, ...] = (6, 12, 24, 16)
    growth_rate: int = 32
    num_init_features: int = 64
    bn_size: int | None = 4
    compression: float = 0.5
    drop_rate: float = 0.0
    stem: str = "imagenet"
    bias: bool = False
    pool: str = "avg"
    negative_slope: float = 0.0
    deep_supervision: bool = False
    memory: str = "plain"
    in_channels: int = 3
    num_classes: int = 1000
    image_size: int = 224

    def __post_init__(self) -> None:
        check_fields(self)
        self.block_outputs()  # which says so if the compression leaves no channel

    def block_outputs(self) -> list[int]:
        """Channels after each dense block; the transition after it keeps `compressed` ones.

        Raises:
            ValueError: if a transition would keep no channel.
        """
        outputs, channels = [], self.num_init_features
        for num_layers in self.block_config:
            outputs.append(channels + num_layers * self.growth_rate)
            channels = self.compressed(outputs[-1])
            if channels < 1 and len(outputs) < len(self.block_config):
                raise ValueError(
                    f"compression={self.compression} of channels={outputs[-1]} leaves no channel: "
                    f"use a compression of at least {1 / outputs[-1]:.3g}"
                )
        return outputs

    def compressed(self, channels: int) -> int:
        """Channels that a transition keeps of so many: ⌊θ · channels⌋."""
        return math.floor(round(self.compression * channels, 6))  # 0.29 * 100 is 28.999… here

    @property
    def depth(self) -> int:
        """Layers with weights, as the paper counts them: the 121 of DenseNet-121."""
        convolutions = (1 if self.bn_size is None else 2) * sum(self.block_config)
        transitions = len(self.block_config) - 1
        return 1 + convolutions + transitions + 1  # the stem's convolution ... the classifier


@dataclass(frozen=True)
class ResNetConfig:
    """A ResNet, as in He et al., arXiv:1512.03385, Table 1 and Section 4.2.

    Args:
        name: how the network is called.
        block: "basic" (two 3×3 convolutions), "bottleneck" (1×1, 3×3, 1×1), or "plain": a basic
            block without its shortcut, for comparison (the paper's "plain" networks).
        layers: number of residual blocks in each stage.
        widths: channels of the 3×3 convolutions in each stage.
        shortcut: what replaces the identity where shapes change. "A": subsampling and zero padding,
            no parameters. "B": a 1×1 projection where shapes change. "C": a projection in every
            block.
        stem: "imagenet" or "cifar" (see `DenseNetConfig`); here the "cifar" stem has a batch norm
            and an activation after its 3×3 convolution.
        bias: whether convolutions have a bias.
        shortcut_norm: whether a projection is followed by a batch norm (d2l.ai's is not).
        in_channels: channels of the input image.
        num_classes: number of classes.
        image_size: height and width, in pixels, that the network was designed for.

    Raises:
        ValueError: if an argument makes no sense; the message says which and what would be right.
    """

    name: str = "resnet"
    block: str = "basic"
    layers: tuple[int, ...] = (2, 2, 2, 2)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    shortcut: str = "B"
    stem: str = "imagenet"
    bias: bool = False
    shortcut_norm: bool = True
    in_channels: int = 3
    num_classes: int = 1000
    image_size: int = 224

    def __post_init__(self) -> None:
        check_fields(self)
        check_widths(self)

    @property
    def expansion(self) -> int:
        """Output channels of a block, as a multiple of its width: 1 if basic, 4 if bottleneck."""
        return 4 if self.block == "bottleneck" else 1

    @property
    def depth(self) -> int:
        """Layers with weights, as the paper counts them (no projections): the 18 of ResNet-18."""
        return 2 + (3 if self.block == "bottleneck" else 2) * sum(self.layers)


Config: TypeAlias = (
    "DenseNetConfig | ResNetConfig | ClassicConfig | TwinConfig | UNetConfig | FCDenseNetConfig"
)


# ----------------------------------------------------------------------------- checks of arguments
# Each error names the argument, its value and what would be right. A check returns the value as one
# of Python's own: `np.int64(4)` and `torch.tensor(4)` are 4.


def as_number(value: Any) -> int | float | None:
    """Python's, numpy's or torch's number as an int or a float; None for anything else.

    True is none, and neither is a text such as "0.5".
    """
    if type(value) in (int, float):
        return value
    truth = isinstance(value, bool) or "bool" in str(getattr(value, "dtype", ""))
    for convert in () if truth or not hasattr(value, "__float__") else (operator.index, float):
        try:
            return convert(value)
        except (TypeError, ValueError, RuntimeError):  # a fraction; an array of several numbers
            pass
    return None


def as_int(value: Any) -> int | None:
    """The same for a whole number; None for one of type float, even 4.0."""
    number = as_number(value)
    return number if isinstance(number, int) else None


def store(config: Any, **fields: Any) -> None:
    """Give fields of a frozen dataclass the values that their checks have returned."""
    for name, value in fields.items():
        object.__setattr__(config, name, value)


def check_positive(name: str, value: int) -> int:
    """Return `value` as an int; ValueError unless it is an integer of at least 1."""
    number = as_int(value)
    if number is None or number < 1:
        raise ValueError(f"{name}={value!r} must be a positive integer")
    return number


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return `value`; ValueError unless it is one of `choices`."""
    if not isinstance(value, (str, bool)) or value not in choices:  # `in` compares arrays badly
        allowed = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name}={value!r} must be {allowed}")
    return str(value) if isinstance(value, str) else value


def check_switch(name: str, value: bool) -> bool:
    """Return `value` as a bool; ValueError unless it is True or False."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):  # numpy's
        raise ValueError(f"{name}={value!r} must be True or False")
    return bool(value)


def check_compression(name: str, value: float) -> float:
    """Return `value` as a number; ValueError unless 0 < `value` ≤ 1."""
    number = as_number(value)
    if number is None or not 0 < number <= 1:
        raise ValueError(f"{name}={value!r} must be more than 0 and at most 1")
    return number


def check_share(name: str, value: float) -> float:
    """Return `value` as a number; ValueError unless 0 ≤ `value` < 1."""
    number = as_number(value)
    if number is None or not 0 <= number < 1:
        raise ValueError(f"{name}={value!r} must be at least 0 and less than 1")
    return number


def positive_tuple(name: str, values: Any) -> tuple[int, ...]:
    """Return `values` as a tuple of ints; ValueError unless it holds a positive integer or more."""
    if not isinstance(values, (list, tuple)):
        values = values.tolist() if hasattr(values, "tolist") else values  # an array, a tensor
        values = values if isinstance(values, list) else [values]
    if not len(values):
        raise ValueError(f"{name}=() must hold at least one positive integer")
    return tuple(check_positive(name, value) for value in values)


CHECKS = {
    **dict.fromkeys(("block_config", "layers", "widths"), positive_tuple),
    **dict.fromkeys(("drop_rate", "negative_slope"), check_share),
    **dict.fromkeys(("bias", "shortcut_norm", "deep_supervision"), check_switch),
    "compression": check_compression,
}
OPTIONAL = ("bn_size", "dense_layers")  # may be None


def check_field(name: str, value: Any) -> Any:
    """Return a field's value as Python's own; ValueError unless it makes sense."""
    if name in CHOICES:
        return check_choice(name, value, CHOICES[name])
    if name == "name" or (name in OPTIONAL and value is None):
        return value
    return CHECKS.get(name, check_positive)(name, value)


def check_fields(config: Config) -> None:
    """Check a new configuration, and store its values as Python's own."""
    store(config, **{name: check_field(name, value) for name, value in vars(config).items()})


def check_widths(config: ResNetConfig | TwinConfig) -> None:
    """Raise a ValueError unless a configuration has one width for each of its stages."""
    if len(config.widths) != len(config.layers):
        raise ValueError(
            f"widths={config.widths} must have one width for each of the "
            f"{len(config.layers)} stages of layers={config.layers}"
        )


def checks_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate what makes a block: each argument gets a ValueError unless it makes sense.

    `checked=True` says that this has been done: by a configuration, or by the block around it.
    """
    names = list(inspect.signature(function).parameters)

    def check(name: str, value: Any) -> Any:
        return value if name == "self" or name not in names else check_field(name, value)

    @functools.wraps(function)
    def checked_first(*args: Any, checked: bool = False, **kwargs: Any) -> Any:
        if not checked:
            args = (*map(check, names, args), *args[len(names) :])  # too many: Python says so
            kwargs = {name: check(name, value) for name, value in kwargs.items()}
        return function(*args, **kwargs)

    return checked_first


# ----------------------------------------------------------------------------- named networks


def densenet_cifar_config(
    depth: int, growth_rate: int, bottleneck: bool = False, compression: float = 1.0
) -> DenseNetConfig:
    """The paper's CIFAR networks: three dense blocks of equal length, at 32×32, 16×16 and 8×8.

    Args:
        depth: L, the number of layers with weights.
        growth_rate: k.
        bottleneck: True for DenseNet-B and -BC.
        compression: θ; less than 1 for DenseNet-C and -BC.

    Returns:
        The configuration, for 10 classes. The first convolution has 16 channels, or 2k in a -BC.

    Raises:
        ValueError: if `depth` does not leave three blocks of equal length.

    Source: arXiv:1608.06993, Section 3, "Implementation Details".
    """
    depth = check_positive("depth", depth)
    compression, per_layer = check_compression("compression", compression), 2 if bottleneck else 1
    num_layers, rest = divmod(depth - 4, 3 * per_layer)
    if rest or num_layers < 1:
        raise ValueError(
            f"depth={depth} must be 4 more than a positive multiple of {3 * per_layer}, "
            f"such as {4 + 12 * 3 * per_layer}: 3 blocks of equal length, and 4 layers around them"
        )
    letters = ("B" if bottleneck else "") + ("C" if compression < 1 else "")
    return DenseNetConfig(
        name=f"DenseNet{'-' if letters else ''}{letters} (L={depth}, k={growth_rate})",
        block_config=(num_layers,) * 3,
        growth_rate=growth_rate,
        num_init_features=2 * growth_rate if letters == "BC" else 16,
        bn_size=4 if bottleneck else None,
        compression=compression,
        stem="cifar",
        num_classes=10,
        image_size=32,
    )


def _imagenet_densenet(name: str, block_config: tuple[int, ...], growth_rate: int = 32) -> Config:
    return DenseNetConfig(
        name=name,
        block_config=block_config,
        growth_rate=growth_rate,
        num_init_features=2 * growth_rate,
    )


DENSENETS: dict[str, DenseNetConfig] = {
    "densenet121": _imagenet_densenet("DenseNet-121", (6, 12, 24, 16)),
    "densenet161": _imagenet_densenet("DenseNet-161", (6, 12, 36, 24), growth_rate=48),
    "densenet169": _imagenet_densenet("DenseNet-169", (6, 12, 32, 32)),
    "densenet201": _imagenet_densenet("DenseNet-201", (6, 12, 48, 32)),
    "densenet264": _imagenet_densenet("DenseNet-264", (6, 12, 64, 48)),  # counts to 265 layers
    # Zhang et al., Dive into Deep Learning, "Densely Connected Networks": plain, with biases
    "densenet_d2l": DenseNetConfig(
        name="DenseNet of d2l.ai",
        block_config=(4, 4, 4, 4),
        growth_rate=32,
        num_init_features=64,
        bn_size=None,
        bias=True,
        in_channels=1,
        num_classes=10,
        image_size=96,
    ),
    # small enough to learn the 8×8 digits on a laptop in under a minute (chapter 7)
    "densenet_digits": DenseNetConfig(
        name="DenseNet for digits",
        block_config=(4, 4),
        growth_rate=12,
        num_init_features=16,
        bn_size=None,
        stem="cifar",
        in_channels=1,
        num_classes=10,
        image_size=8,
    ),
    "densenet40": densenet_cifar_config(40, 12),
    "densenet100": densenet_cifar_config(100, 12),
    "densenet100_k24": densenet_cifar_config(100, 24),
    "densenet_bc100": densenet_cifar_config(100, 12, bottleneck=True, compression=0.5),
    "densenet_bc250": densenet_cifar_config(250, 24, bottleneck=True, compression=0.5),
    "densenet_bc190": densenet_cifar_config(190, 40, bottleneck=True, compression=0.5),
    "densenet_bc40": densenet_cifar_config(40, 12, bottleneck=True, compression=0.5),
    # "Wide-DenseNet" of the authors' README: fewer layers, each of them wider
    "densenet_bc40_k36": densenet_cifar_config(40, 36, bottleneck=True, compression=0.5),
    "densenet_bc40_k48": densenet_cifar_config(40, 48, bottleneck=True, compression=0.5),
    "densenet_bc40_k60": densenet_cifar_config(40, 60, bottleneck=True, compression=0.5),
}


def resnet_cifar_config(depth: int, shortcut: str = "A") -> ResNetConfig:
    """The ResNet paper's CIFAR networks: three stages of n basic blocks, at 32×32, 16×16 and 8×8.

    Args:
        depth: layers with weights, 6n + 2; the paper has 20, 32, 44, 56, 110 and 1202.
        shortcut: "A", "B" or "C"; the paper's is "A", so that plain and residual networks have
            exactly the same parameters.

    Returns:
        The configuration, for 10 classes.

    Raises:
        ValueError: if `depth` is not 6n + 2.

    Source: arXiv:1512.03385, Section 4.2.
    """
    num_blocks, rest = divmod(check_positive("depth", depth) - 2, 6)
    if rest or num_blocks < 1:
        raise ValueError(
            f"depth={depth} must be 2 more than a positive multiple of 6, such as 20 or 56: "
            "3 stages of n blocks with 2 convolutions each, and 2 layers around them"
        )
    return ResNetConfig(
        name=f"ResNet-{depth} (CIFAR)",
        layers=(num_blocks,) * 3,
        widths=(16, 32, 64),
        shortcut=shortcut,
        stem="cifar",
        num_classes=10,
        image_size=32,
    )


RESNETS: dict[str, ResNetConfig] = {
    "resnet18": ResNetConfig("ResNet-18", "basic", (2, 2, 2, 2)),
    "resnet34": ResNetConfig("ResNet-34", "basic", (3, 4, 6, 3)),
    "resnet50": ResNetConfig("ResNet-50", "bottleneck", (3, 4, 6, 3)),
    "resnet101": ResNetConfig("ResNet-101", "bottleneck", (3, 4, 23, 3)),
    "resnet152": ResNetConfig("ResNet-152", "bottleneck", (3, 8, 36, 3)),
    "resnet20": resnet_cifar_config(20),
    "resnet32": resnet_cifar_config(32),
    "resnet44": resnet_cifar_config(44),
    "resnet56": resnet_cifar_config(56),
    "resnet110": resnet_cifar_config(110),
    "resnet1202": resnet_cifar_config(1202),
    # Zhang et al., Dive into Deep Learning, "Residual Networks": biases, no norm on the shortcut
    "resnet18_d2l": ResNetConfig(
        name="ResNet-18 of d2l.ai",
        bias=True,
        shortcut_norm=False,
        in_channels=1,
        num_classes=10,
        image_size=96,
    ),
}


def get_config(network: str | Config, **changes: Any) -> Config:
    """Look a configuration up by its name, and change it.

    Args:
        network: a key of `DENSENETS`, `RESNETS`, `CLASSICS` or `TWINS`, or a configuration.
        **changes: fields of the configuration to replace, such as `num_classes=10`.

    Returns:
        The configuration, checked.

    Raises:
        ValueError: for an unknown name or a field that the configuration doesn't have.
    """
    from .classics.catalogue import CLASSICS  # chapter 1's; chapters 2 to 6 do without their files
    from .classics.twins import TWINS  # chapter 8's

    known = DENSENETS | RESNETS | CLASSICS | TWINS
    if isinstance(network, str):
        if network not in known:
            raise ValueError(
                f"unknown network {network!r}: choose one of {', '.join(sorted(known))}"
            )
        network = known[network]
    return change(network, changes)


def change(config: Config, changes: dict[str, Any]) -> Config:
    """Return `config` with some fields replaced; ValueError for a field that it doesn't have."""
    for field in changes:
        if field not in config.__dataclass_fields__:
            known = ", ".join(config.__dataclass_fields__)
            raise ValueError(f"unknown option {field}={changes[field]!r}: choose one of {known}")
    return replace(config, **changes) if changes else config
