"""What a network is asked once it is trained: how often it is right, what it sees in an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..data.batches import Batches
from ..data.images import Images
from .devices import autocast, check_precision, device_of, pick_device


def evaluate(model: nn.Module, images: Images, **options: Any) -> tuple[float, float]:
    """Measure how well a network does on images: exactly, over all of them. Chapter 7.

    The arguments are those of `class_scores`.

    Returns:
        Mean cross-entropy (natural logarithm), and accuracy: the share of the images, from 0 to 1,
        whose highest score is that of their label.

    Raises:
        ValueError: if the network has fewer classes than the images, or an option doesn't fit.
    """
    return judge(class_scores(model, images, **options), images)


def judge(scores: Tensor, images: Images) -> tuple[float, float]:
    """Compare scores [N, num_classes] with the labels; see `evaluate` for what is returned."""
    check_scores(scores, images)
    labels = images.labels.cpu()
    accuracy = (scores.argmax(1) == labels).double().mean()
    return F.cross_entropy(scores.double(), labels).item(), accuracy.item()


def predict(model: nn.Module, images: Images, **options: Any) -> Tensor:
    """Ask a network for the probability of each class, image by image. Chapter 7.

    The arguments are those of `class_scores`. A `History` knows how its network wants the images:
    `predict(model, images, **history.inputs)`.

    Returns:
        Probabilities [N, num_classes], float32, on the CPU; each row sums to 1.

    Raises:
        ValueError: for an option that doesn't fit.
    """
    return class_scores(model, images, **options).softmax(dim=1)


@torch.inference_mode()
def class_scores(
    model: nn.Module,
    images: Images,
    *,
    batch_size: int = 256,
    size: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    precision: str = "fp32",
    device: str | torch.device | None = None,
) -> Tensor:
    """Ask a network for its scores of all images, in evaluation mode.

    Afterwards each of its layers has its own mode back.

    Args:
        model: gives class scores [B, num_classes] for images [B, C, H, W].
        images: the images; their labels play no part here.
        batch_size: images that go through the network together; it changes nothing but the speed.
        size, mean, std: what the images are made into, as in training.
        precision: "fp32", "bf16" or, on a GPU, "fp16".
        device: where to compute; None stays where the model is.

    Returns:
        Scores [N, num_classes], float32, on the CPU.

    Raises:
        ValueError: for an option that doesn't fit.
    """
    device = device_of(model) if device is None else pick_device(device)
    check_precision(precision, device)
    batches = Batches(images.to(device), batch_size, size, mean=mean, std=std)
    with evaluation_mode(model.to(device)), autocast(device, precision):
        return torch.cat([model(x).float().cpu() for x, _ in batches])


def check_scores(scores: Tensor, images: Images) -> None:
    """Raise a ValueError unless there is a score for each class of the images."""
    if scores.dim() != 2 or scores.shape[1] < images.num_classes:
        raise ValueError(
            f"model gives scores of shape {list(scores.shape)}, but the images have "
            f"{images.num_classes} classes: build it with num_classes={images.num_classes}"
        )


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Use running statistics and no dropout for a while; then each layer's own mode comes back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
