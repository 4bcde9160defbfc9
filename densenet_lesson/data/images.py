"""Images with their labels: a whole data set as one tensor.

It moves to the device once, and every step after that (shuffling, augmentation, resizing) works on
a whole batch instead of on one image at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..configs import check_positive
from .borders import as_classes, as_labels, as_pixels, check_count


@dataclass(frozen=True, eq=False)
class Images:
    """Images with their labels and the names of the classes.

    Args:
        images: uint8 [N, C, H, W], values 0 to 255, C is 1 (grey) or 3 (colour); `Images.of`
            takes other arrays.
        labels: int64 [N], on the same device; label i means `class_names[i]`.
        class_names: one name for each class.

    Raises:
        ValueError: if a type, a shape or a label does not fit.
    """

    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_images(self.images)
        labels, names = self.labels, self.class_names
        if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.dim() != 1:
            raise ValueError(f"labels must be an int64 tensor [N], got {describe(labels)}")
        if len(labels) != len(self.images) or labels.device != self.images.device:
            raise ValueError(
                f"labels must go with images, one each and on the same device: got {len(labels)} "
                f"labels on {labels.device}, {len(self.images)} images on {self.images.device}"
            )
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"class_names must be a tuple of strings, got {names!r}")
        low, high = labels.min().item(), labels.max().item()
        if low < 0 or high >= len(names):
            raise ValueError(
                f"labels must be 0 to {len(names) - 1}, since class_names holds {len(names)}; "
                f"got {low} to {high}"
            )

    @classmethod
    def of(cls, images: Any, labels: Any, class_names: Sequence[str] | None = None) -> Images:
        """Make a set of arrays as numpy users have them; `borders` says which fit.

        Args:
            images: N×H×W, N×H×W×C or N×C×H×W, 0 to 255 or 0 to 1.
            labels: one whole number for each image, from 0 on.
            class_names: names of the classes; None numbers them.

        Raises:
            ValueError: for what can't be converted without loss; says what to do.
        """
        pixels, numbers = as_pixels("images", images), as_labels("labels", labels)
        check_count("images", "labels", pixels, numbers)
        names = as_classes(class_names, labels=numbers)
        return cls(torch.from_numpy(pixels), torch.from_numpy(numbers), names)

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        shape = "×".join(str(n) for n in self.images.shape[1:])
        return f"Images({len(self):,} of {shape}, {self.num_classes} classes, {self.images.device})"

    @property
    def channels(self) -> int:
        return self.images.shape[1]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def to(self, device: torch.device | str) -> Images:
        """Return the same set on another device."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))

    def subset(self, n: int, seed: int = 0) -> Images:
        """Return n images drawn at random, as many of each class as possible.

        The classes take turns, so their counts differ by at most 1 until one of them runs out.
        The same seed gives the same images in the same order, on every device.

        Raises:
            ValueError: if n is not between 1 and the number of images.
        """
        n = check_positive("n", n)
        if n > len(self):
            raise ValueError(f"n={n} must be at most {len(self)}, the number of images")
        return self._at(self.in_turns(seed)[:n])

    def split(self, held_out: float = 1 / 12, seed: int = 0) -> tuple[Images, Images]:
        """Hold a validation set out of these training images: what choices are judged by.

        The default makes 55,000 and 5,000 of the 60,000 of Fashion-MNIST or MNIST. The images that
        are held out are `subset`'s; the same seed holds out the same ones.

        Args:
            held_out: how many, or their share if it is below 1.
            seed: draws them.

        Returns:
            The rest, in their old order, and the images held out.

        Raises:
            ValueError: if one of the two would be empty.
        """
        share = isinstance(held_out, float) and 0 < held_out < 1
        n = check_positive("held_out", round(held_out * len(self)) if share else held_out)
        if n >= len(self):
            raise ValueError(f"held_out={held_out} must leave some of the {len(self)} images")
        order = self.in_turns(seed)
        return self._at(order[n:].sort().values), self._at(order[:n])

    def in_turns(self, seed: int = 0) -> Tensor:
        """Places of the images [N] in a random order in which the classes take turns.

        The first n of them are those of `subset(n, seed)`.
        """
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        labels = self.labels.cpu()[order]
        seen = torch.nn.functional.one_hot(labels, self.num_classes).cumsum(0)  # [N, classes]
        turn = seen.gather(1, labels[:, None]).squeeze(1)  # 1 for the first of its class, 2, ...
        return order[turn.argsort(stable=True)]

    def _at(self, places: Tensor) -> Images:
        places = places.to(self.labels.device)
        return replace(self, images=self.images[places], labels=self.labels[places])


def check_images(images: Tensor) -> None:
    """Raise a ValueError unless this is a uint8 tensor [N, C, H, W] of grey or colour images."""
    if not isinstance(images, Tensor) or images.dtype != torch.uint8 or images.dim() != 4:
        raise ValueError(f"images must be a uint8 tensor [N, C, H, W], got {describe(images)}")
    if images.shape[1] not in (1, 3) or images.numel() == 0:
        raise ValueError(
            f"images must be [N, C, H, W] with N, H and W at least 1 and C = 1 or 3, "
            f"got {list(images.shape)}"
        )


def describe(value: object) -> str:
    """Say what a value is, for an error: a tensor's type and shape, or a class."""
    if isinstance(value, Tensor):
        return f"{value.dtype} {list(value.shape)}"
    return type(value).__name__
