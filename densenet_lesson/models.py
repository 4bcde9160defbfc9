"""Any network of the course by its name or configuration, with published weights. Chapters 1 to 6.

The weights are torchvision's, learned on ImageNet, for the networks that have the same names:
`build("densenet121", weights="imagenet")`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from .classics.catalogue import ClassicConfig
from .classics.nets import ClassicNet
from .classics.preactivation import Twin
from .classics.twins import TwinConfig
from .classics.unet import FCDenseNet, FCDenseNetConfig, UNet, UNetConfig
from .classics.variants import LinkedConfig, LinkedDenseNet
from .configs import Config, DenseNetConfig, ResNetConfig, check_choice, get_config
from .densenet import DenseNet
from .resnet import ResNet

CLASSES = {
    DenseNetConfig: DenseNet,
    ResNetConfig: ResNet,
    ClassicConfig: ClassicNet,
    TwinConfig: Twin,
    UNetConfig: UNet,
    FCDenseNetConfig: FCDenseNet,
    LinkedConfig: LinkedDenseNet,
}
Network = TypeVar("Network", bound=nn.Module)
PUBLISHED = (
    *("alexnet", "vgg16", "vgg19", "googlenet"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("densenet121", "densenet161", "densenet169", "densenet201"),
)


class WeightsError(RuntimeError):
    """Weights are out of reach or damaged; the message says what to do about it."""


def build(network: str | Config, weights: str | None = None, **changes: Any) -> nn.Module:
    """Build a network.

    Args:
        network: a name such as "densenet_d2l" (the keys of `configs.DENSENETS`, `configs.RESNETS`
            and `configs.CLASSICS`), or a configuration.
        weights: None for new ones, "imagenet" for torchvision's (see `load_weights`).
        **changes: fields of the configuration to replace, such as `num_classes=10`.

    Returns:
        The network; its `config` is the configuration it was built from.

    Raises:
        ValueError: for an unknown name or field, a value that makes no sense, or weights that
            nobody has published for this network.
        WeightsError: if the weights can't be had.
    """
    config = get_config(network, **changes)
    model = CLASSES[type(config)](config)
    return load_weights(model, network if isinstance(network, str) else config.name, weights)


def load_weights(model: Network, name: str, weights: str | None) -> Network:
    """Load published weights into a network, strictly: every name and every shape must fit.

    The file is taken from torch's cache, or downloaded into it. The images must be prepared as in
    its training: `torchvision.models.get_model_weights(name).IMAGENET1K_V1.transforms()`. GoogLeNet
    wants values from -1 to 1 instead (torchvision's `transform_input=True`).

    Args:
        model: the network.
        name: its name, such as "densenet121".
        weights: "imagenet" for torchvision's IMAGENET1K_V1, which were trained much as the papers
            say; None leaves the network as it is.

    Returns:
        The same network.

    Raises:
        ValueError: for another `weights`, a network that nobody has published weights for, or one
            that was changed, so that the weights don't fit.
        WeightsError: if the file can't be downloaded, or is damaged.
    """
    if weights is None:
        return model
    check_choice("weights", weights, ("imagenet",))
    if name not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        raise ValueError(f"weights='imagenet' are not published for {name!r}: only for {known}")
    published = course_names(fetch(name), name)
    check_fit(model, name, published)
    model.load_state_dict(published)
    return model


def fetch(name: str) -> dict[str, Tensor]:
    """Return torchvision's weights of a network, from torch's cache or from the network.

    Raises:
        WeightsError: if they can't be downloaded, or the file is damaged.
    """
    from torchvision.models import get_model_weights

    entry = get_model_weights(name).IMAGENET1K_V1
    file = Path(torch.hub.get_dir()) / "checkpoints" / entry.url.rpartition("/")[2]
    try:
        return entry.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except Exception as error:  # URLError, a wrong checksum, a damaged file, a full disk
        reason = " ".join(str(error).split())[:200]
        if file.exists():
            help = f"The file {file} can't be read: delete it, and it is downloaded anew"
        else:
            help = (
                f"Is there a network? Otherwise fetch {entry.url} on a machine that has one, and "
                f"put it at {file}. Without weights='imagenet' the network starts untrained"
            )
        raise WeightsError(f"weights of {name} could not be loaded ({reason}). {help}") from error


def course_names(state: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Give published weights the names that they have in this package.

    AlexNet, VGG and ResNet have the same. DenseNet's files are older than torchvision's code:
    `denselayer1.norm.1.weight` is `denselayer1.norm1.weight` now. GoogLeNet's layers stand within
    `features` here, and its last one within `classifier`.

    Args:
        state: a state dict of torchvision.
        name: the network's name, such as "densenet121".

    Returns:
        The same tensors under the package's names.
    """
    if name.startswith("densenet"):
        return {re.sub(r"\.(norm|conv)\.([12])\.", r".\1\2.", key): t for key, t in state.items()}
    if name == "googlenet":
        return {googlenet_name(key): tensor for key, tensor in state.items()}
    return dict(state)


def googlenet_name(key: str) -> str:
    """Return the package's name of one of torchvision's GoogLeNet tensors."""
    if key.startswith("aux"):
        return key
    return f"classifier.{key}" if key.startswith("fc.") else f"features.{key}"


def check_fit(model: nn.Module, name: str, published: dict[str, Tensor]) -> None:
    """Raise a ValueError if a network was changed, so that the published weights don't fit."""
    ours = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    theirs = {key: tuple(tensor.shape) for key, tensor in published.items()}
    different = sorted(k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k))
    # very old files don't count the batches that a batch norm has seen
    different = [key for key in different if not key.endswith("num_batches_tracked")]
    if different:
        key = different[0]
        raise ValueError(
            f"weights='imagenet' don't fit this {name}: {key} has shape {ours.get(key)} here and "
            f"{theirs.get(key)} in the file. Build the network unchanged, and then replace what "
            "should be different, such as its classifier"
        )
