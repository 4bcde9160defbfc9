"""Recipes: how a network is trained, as one small object. Nothing here needs torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..configs import as_int, as_number, check_choice, check_switch


def setting(default: Any, help: str, **rule: Any) -> Any:
    """One field of a recipe: its default, what it means, and the rule that its values follow."""
    return field(default=default, metadata={"help": help, **rule})


@dataclass(frozen=True)
class Recipe:
    """How to train. The defaults are the paper's, for 10 epochs instead of its 300.

    Each argument stands below with its default, its meaning and the values that it may have; the
    command `python -m densenet_lesson.train --help` lists the same.

    Raises:
        ValueError: for a value that makes no sense; the message says which and what would be right.

    Source: arXiv:1608.06993, Section 4.2, "Training".
    """

    epochs: int = setting(10, "passes over the training images", kind=int, at_least=1)
    batch_size: int = setting(64, "images in a training step", kind=int, at_least=1)
    lr: float = setting(0.1, "learning rate, the highest of the run", kind=float, above=0)
    optimizer: str = setting("sgd", "the optimizer", choices=("sgd", "adamw"))
    momentum: float = setting(0.9, "momentum, for sgd", kind=float, at_least=0, below=1)
    nesterov: bool = setting(True, "Nesterov's form of momentum, for sgd", kind=bool)
    weight_decay: float = setting(1e-4, "how strongly weights shrink", kind=float, at_least=0)
    schedule: str = setting(
        "step",
        "how the learning rate falls (step: divided by 10 at 50 % and at 75 % of the run)",
        choices=("constant", "step", "cosine"),
    )
    warmup_epochs: float = setting(0.0, "epochs of rising to lr first", kind=float, at_least=0)
    label_smoothing: float = setting(
        0.0, "share of each label that is spread over all classes", kind=float, at_least=0, below=1
    )
    size: int | None = setting(
        None, "pixels that images are resized to, each way", kind=int, at_least=1, optional=True
    )
    augment: str | bool = setting(
        False,
        "random shifts (crop), and mirror images (flip)",
        choices=(False, "flip", "crop", "crop-flip"),
    )
    normalize: bool = setting(
        False, "subtract the training images' mean and divide by their deviation", kind=bool
    )
    init: str = setting(
        "default", "weights at first: the network's own or Xavier's", choices=("default", "xavier")
    )
    precision: str = setting(
        "fp32", "numbers of the forward pass", choices=("fp32", "bf16", "fp16")
    )
    channels_last: bool = setting(True, "keep the channels of a pixel side by side", kind=bool)
    sync_batch_norm: bool = setting(
        False, "batch norm over the images of all processes (torchrun, GPUs only)", kind=bool
    )
    seed: int = setting(0, "seed of everything random", kind=int, at_least=0)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = check_setting(item.name, getattr(self, item.name), item.metadata)
            object.__setattr__(self, item.name, value)
        if self.optimizer == "sgd" and self.nesterov and not self.momentum:
            raise ValueError("nesterov=True needs momentum: give momentum=0.9, or nesterov=False")
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs={self.warmup_epochs!r} must be less than epochs={self.epochs!r}"
            )


def learning_rate(recipe: Recipe, step: float, total_steps: int) -> float:
    """Compute the learning rate of one training step, from nothing but the step's number.

    Args:
        recipe: its `lr`, `schedule`, `epochs` and `warmup_epochs` count.
        step: number of the step in the whole run, from 0.
        total_steps: number of steps of the whole run, all epochs together.

    Returns:
        The rate: lr × warm-up × schedule. Warm-up rises linearly to 1 within `warmup_epochs`. The
        schedule is 1 ("constant"); 1, 1/10, 1/100 from 0, 50 and 75 % of the run on ("step",
        arXiv:1608.06993, Section 4.2); or half a cosine wave from 1 to 0 ("cosine",
        arXiv:1608.03983, Equation 5, without restarts).
    """
    done = step / total_steps
    warmup_steps = recipe.warmup_epochs / recipe.epochs * total_steps
    warmup = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    if recipe.schedule == "step":
        return recipe.lr * warmup / (1 if done < 0.5 else 10 if done < 0.75 else 100)
    if recipe.schedule == "cosine":
        return recipe.lr * warmup * (1 + math.cos(math.pi * done)) / 2
    return recipe.lr * warmup


def check_setting(name: str, value: Any, rule: Mapping[str, Any]) -> Any:
    """Return a value as Python's own; ValueError unless it follows its field's rule in `Recipe`."""
    if "choices" in rule:
        return check_choice(name, value, rule["choices"])
    if rule["kind"] is bool:
        return check_switch(name, value)
    if value is None and rule.get("optional"):
        return value
    return check_number(name, value, rule)


def check_number(name: str, value: Any, rule: Mapping[str, Any]) -> int | float:
    """Return a value as Python's own; ValueError unless it is of its kind, within its bounds."""
    at_least, above, below = (rule.get(bound) for bound in ("at_least", "above", "below"))
    number = as_int(value) if rule["kind"] is int else as_number(value)
    right = (
        number is not None
        and math.isfinite(number)
        and (at_least is None or number >= at_least)
        and (above is None or number > above)
        and (below is None or number < below)
    )
    if not right:
        kind = "a whole number" if rule["kind"] is int else "a number"
        bounds = {"of at least": at_least, "above": above, "below": below}
        limits = [f"{word} {bound}" for word, bound in bounds.items() if bound is not None]
        raise ValueError(f"{name}={value!r} must be {kind} {' and '.join(limits)}")
    return number


# Two recipes from the literature, to start from: dataclasses.replace(RECIPES["paper"], epochs=10)
RECIPES = {
    # Zhang et al., Dive into Deep Learning, "Densely Connected Networks": plain SGD, 96×96 images
    "d2l": Recipe(
        batch_size=256,
        momentum=0.0,
        nesterov=False,
        weight_decay=0.0,
        schedule="constant",
        size=96,
        init="xavier",
    ),
    # arXiv:1608.06993, Section 4: CIFAR with standard augmentation, "C10+"
    "paper": Recipe(epochs=300, augment="crop-flip", normalize=True),
}
