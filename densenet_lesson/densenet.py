"""DenseNet: a stem, dense blocks with transitions between them, and a classifier. Chapter 6."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from .blocks import DenseBlock, Scores, Transition, activation, explain_images, init_weights, named
from .configs import DenseNetConfig, change, densenet_cifar_config, get_config

if TYPE_CHECKING:
    from .memory.inference import InferenceNet


class DenseNet(nn.Module):
    """A DenseNet, from its configuration. Chapter 6.

    [N, config.in_channels, H, W] → [N, config.num_classes]

    Modules and parameters carry torchvision's names (`features.denseblock1.denselayer1.conv1`).

    Args:
        config: what to build; the default is DenseNet-121.
        **changes: fields of the configuration to replace: `DenseNet(growth_rate=12)`.

    Raises:
        ValueError: for a field that the configuration doesn't have, or a value that makes no sense.

    Source: arXiv:1608.06993, Section 3, Figure 2 and Table 1.
    """

    def __init__(self, config: DenseNetConfig | None = None, **changes: Any) -> None:
        super().__init__()
        config = self.config = change(config or DenseNetConfig(), changes)
        options = {
            "drop_rate": config.drop_rate,
            "bias": config.bias,
            "negative_slope": config.negative_slope,
            "memory": config.memory,
            "checked": True,  # by the configuration
        }
        self.features = nn.Sequential(make_stem(config))
        channels = config.num_init_features
        for i, num_layers in enumerate(config.block_config, start=1):
            block = DenseBlock(num_layers, channels, config.growth_rate, config.bn_size, **options)
            self.features.add_module(f"denseblock{i}", block)
            channels += num_layers * config.growth_rate
            if i < len(config.block_config):  # no transition after the last block
                kept = config.compressed(channels)
                transition = Transition(channels, kept, config.pool, **options)
                self.features.add_module(f"transition{i}", transition)
                channels = kept
        self.features.add_module("norm5", nn.BatchNorm2d(channels))  # torchvision's name
        if config.deep_supervision:
            from .training.supervision import supervise

            supervise(self)
        self.relu5 = activation(config.negative_slope)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, config.num_classes)
        init_weights(self)

    @explain_images
    def forward(self, x: Tensor) -> Tensor | Scores:
        """[N, in_channels, H, W] → class scores [N, num_classes].

        In training, with `deep_supervision`, `Scores` instead.
        """
        if self.training and self.config.deep_supervision:
            return self.all_scores(x)
        return self.scores(self.features(x))

    def scores(self, features: Tensor) -> Tensor:
        """[N, C, h, w] → class scores [N, num_classes], from each channel's average."""
        x = self.avgpool(self.relu5(features)).flatten(1)  # [N, C]
        return self.classifier(x)

    def all_scores(self, x: Tensor) -> Scores:
        """[N, in_channels, H, W] → the scores, and those of the classifiers after the blocks."""
        outputs = dict.fromkeys(self.auxiliary)  # of the blocks: `features` fills them in
        main = self.scores(self.features(x, outputs))
        return Scores(main, tuple(self.auxiliary[name](outputs[name]) for name in outputs))

    def set_memory(self, memory: str) -> None:
        """Switch to another way of saving memory: "plain", "recompute" or "one_buffer". Chapter 9.

        The parameters stay as they are, and so does what the network computes.

        Raises:
            ValueError: for an unknown way.
        """
        self.config = change(self.config, {"memory": memory})
        for part in self.features:
            if isinstance(part, (DenseBlock, Transition)):
                part.memory = memory

    def optimize_for_inference(self) -> InferenceNet:
        """Return a network with the same scores that answers faster, but can't learn. Chapter 9.

        This one stays as it is. Measured on CPUs; see `memory.inference` for what is done.

        Raises:
            ValueError: in training mode (call `eval()` first), or if the network was changed into
                something else.
        """
        from .memory.inference import InferenceNet

        return InferenceNet(self)


def make_stem(config: DenseNetConfig) -> OrderedDict[str, nn.Module]:
    """What comes before the first dense block, by torchvision's names. Chapter 6.

    [N, in_channels, H, W] → [N, num_init_features, H / 4, W / 4] for "imagenet", same size for
    "cifar"

    Source: arXiv:1608.06993, Table 1 and Section 3, "Implementation Details".
    """
    in_channels, out_channels = config.in_channels, config.num_init_features
    if config.stem == "cifar":
        conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=config.bias)
        return OrderedDict(conv0=conv)  # the first dense layer brings the norm and the activation
    return OrderedDict(
        conv0=nn.Conv2d(in_channels, out_channels, 7, stride=2, padding=3, bias=config.bias),
        norm0=nn.BatchNorm2d(out_channels),
        relu0=activation(config.negative_slope),
        pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )


def densenet121(weights: str | None = None, **changes: Any) -> DenseNet:
    """DenseNet-121 for 224×224 images.

    Args:
        weights: None for new ones, "imagenet" for torchvision's (see `models.load_weights`).
        **changes: fields of the configuration to replace, such as `num_classes=10`.

    Raises:
        ValueError: for an unknown field, a value that makes no sense, or weights that don't fit.
        WeightsError: if the weights can't be had.
    """
    return named("densenet121", weights, changes)


def densenet161(weights: str | None = None, **changes: Any) -> DenseNet:
    """DenseNet-161 (growth rate 48); see `densenet121`."""
    return named("densenet161", weights, changes)


def densenet169(weights: str | None = None, **changes: Any) -> DenseNet:
    """DenseNet-169; see `densenet121`."""
    return named("densenet169", weights, changes)


def densenet201(weights: str | None = None, **changes: Any) -> DenseNet:
    """DenseNet-201; see `densenet121`."""
    return named("densenet201", weights, changes)


def densenet264(weights: str | None = None, **changes: Any) -> DenseNet:
    """The DenseNet-264 of the paper's Table 1; see `densenet121`.

    Its blocks of 6, 12, 64 and 48 layers count to 265 layers. Nobody has published weights for it.
    """
    return named("densenet264", weights, changes)


def densenet_d2l(**changes: Any) -> DenseNet:
    """The network of d2l.ai's chapter: 4 blocks of 4 plain layers, for 1×96×96 images."""
    return DenseNet(get_config("densenet_d2l", **changes))


def densenet_cifar(
    depth: int,
    growth_rate: int,
    bottleneck: bool = False,
    compression: float = 1.0,
    **changes: Any,
) -> DenseNet:
    """The paper's CIFAR networks; the arguments are those of `configs.densenet_cifar_config`."""
    config = densenet_cifar_config(depth, growth_rate, bottleneck, compression)
    return DenseNet(config, **changes)
