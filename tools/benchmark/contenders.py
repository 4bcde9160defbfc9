"""Who takes part: our DenseNets in all their ways, and the peers' with the same weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from densenet_lesson.configs import DenseNetConfig, get_config
from densenet_lesson.densenet import DenseNet

MEMORIES = ("plain", "recompute", "linear")  # "one_buffer" by the name that it has in all records
PLAIN = "as a learner writes it"  # our network: one torch.cat a layer, no memory format chosen


class Case(NamedTuple):
    """A network and a batch that all contenders get."""

    network: str
    batch_size: int
    image_size: int

    @property
    def config(self) -> DenseNetConfig:
        return get_config(self.network)

    def batch(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Random images [N, C, H, W] and labels [N], the same each time."""
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch_size, self.config.in_channels, self.image_size, self.image_size)
        labels = torch.randint(self.config.num_classes, shape[:1], generator=generator)
        return torch.rand(shape, generator=generator).to(device), labels.to(device)


CASES = {
    "densenet121": Case("densenet121", 8, 224),
    "densenet_bc100": Case("densenet_bc100", 16, 32),
    "densenet_d2l": Case("densenet_d2l", 64, 96),
}


class Contender(NamedTuple):
    """One way to compute a case.

    Args:
        whose: "ours", "torchvision", "timm", or "plain" (ours, `PLAIN`).
        way: what it does otherwise than usual, such as "memory_efficient".
        make: builds the network from a configuration.
        channels_last: whether weights and images are in that memory format.
        precision: "fp32" or "bf16" (autocast).
    """

    whose: str
    way: str
    make: Callable[[DenseNetConfig], nn.Module]
    channels_last: bool = False
    precision: str = "fp32"

    @property
    def name(self) -> str:
        parts = [self.whose, self.way, "channels_last" * self.channels_last]
        return ", ".join(filter(None, [*parts, self.precision * (self.precision != "fp32")]))

    def batch(self, case: Case, device: torch.device) -> tuple[Tensor, Tensor]:
        """The images and labels of a case, the images in this contender's memory format."""
        x, labels = case.batch(device)
        return (x.to(memory_format=torch.channels_last) if self.channels_last else x), labels


def ours(memory: str = "plain") -> Callable[[DenseNetConfig], nn.Module]:
    """Return what builds our network with one of `MEMORIES`."""
    return lambda config: DenseNet(config, memory=memory)


def torchvision_densenet(config: DenseNetConfig, memory_efficient: bool = False) -> nn.Module:
    """Build torchvision's DenseNet; with a CIFAR stem, its first layers are exchanged for one."""
    from torchvision.models import DenseNet as Theirs

    model = Theirs(
        config.growth_rate, config.block_config, config.num_init_features, config.bn_size or 4,
        config.drop_rate, config.num_classes, memory_efficient,
    )  # fmt: skip
    return with_stem(model, config)


def timm_densenet(config: DenseNetConfig, memory_efficient: bool = False) -> nn.Module:
    """Build timm's DenseNet, in the same way."""
    from timm.models.densenet import DenseNet as Theirs

    model = Theirs(  # its stem always has 2k channels, which the paper's networks have too
        growth_rate=config.growth_rate, block_config=config.block_config,
        bn_size=config.bn_size or 4, num_classes=config.num_classes,
        memory_efficient=memory_efficient,
    )  # fmt: skip
    return with_stem(model, config)


def with_stem(model: nn.Module, config: DenseNetConfig) -> nn.Module:
    """Exchange the stem for the 3×3 convolution of the paper's CIFAR networks, if one is asked."""
    if config.stem == "cifar":
        features = model.features
        features.conv0 = nn.Conv2d(
            config.in_channels, config.num_init_features, kernel_size=3, padding=1, bias=False
        )
        for name in ("norm0", "relu0", "pool0"):
            if hasattr(features, name):
                setattr(features, name, nn.Identity())
    return model


def with_memory(build: Callable[..., nn.Module]) -> Callable[[DenseNetConfig], nn.Module]:
    """Return what builds a peer's network with its own way of saving memory."""
    return lambda config: build(config, memory_efficient=True)


def contenders(case: Case) -> list[Contender]:
    """Return everybody who can compute a case, in 32 bits and in bf16."""
    own = [Contender("ours", m, ours(m), True, p) for m in MEMORIES for p in ("fp32", "bf16")]
    published = [] if case.config.bias else peers()  # d2l's convolutions have a bias, no peer's has
    return [Contender("plain", PLAIN, ours()), *own, *published]


def peers() -> list[Contender]:
    """Return the published networks, each in both memory formats, with and without their saving."""
    found = []
    for whose, build in (("torchvision", torchvision_densenet), ("timm", timm_densenet)):
        if is_there(whose):
            for last in (False, True):
                found.append(Contender(whose, "", build, last))
                found.append(Contender(whose, "memory_efficient", with_memory(build), last))
    return found


def is_there(library: str) -> bool:
    """Whether a library can be imported."""
    from importlib.util import find_spec

    return find_spec(library) is not None


def missing() -> list[str]:
    """Names of the peers that are not installed."""
    return [library for library in ("torchvision", "timm", "d2l") if not is_there(library)]


def build_equal(contender: Contender, case: Case, device: torch.device) -> nn.Module:
    """Build a contender's network with the weights that all others get.

    Raises:
        AssertionError: if it then computes something else than our plain network.
    """
    torch.manual_seed(0)
    reference = DenseNet(case.config).to(device).eval()
    model = contender.make(case.config).to(device).eval()
    state = reference.state_dict()
    model.load_state_dict({name: state[name] for name in model.state_dict()})
    x = case.batch(device)[0][:2]
    # a GPU's convolutions round to 10 bits (TF32) unless told not to: too coarse to compare by
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        torch.testing.assert_close(model(x), reference(x), rtol=1e-3, atol=1e-3)
    return model.to(memory_format=torch.channels_last) if contender.channels_last else model
