"""Times of a training step, and of classifying a batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from densenet_lesson.training.devices import autocast

from .clock import interleave, summary
from .contenders import CASES, Case, Contender, build_equal, contenders, ours

Times = dict[str, dict[str, float]]


def training_step(
    model: nn.Module, case: Case, contender: Contender, device: torch.device
) -> Callable[[], None]:
    """Return a function that does one training step: forward, loss, backward, plain SGD."""
    x, labels = contender.batch(case, device)
    optimizer = torch.optim.SGD(model.train().parameters(), lr=1e-4)

    def step() -> None:
        with autocast(device, contender.precision):
            scores = model(x)
        F.cross_entropy(scores.float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def classification(
    model: nn.Module, case: Case, contender: Contender, device: torch.device
) -> Callable[[], None]:
    """Return a function that computes the scores of one batch, without gradients."""
    x = contender.batch(case, device)[0]
    model.eval()

    def classify() -> None:
        with torch.inference_mode(), autocast(device, contender.precision):
            model(x)

    return classify


def training_times(name: str, repeats: int, device: torch.device) -> Times:
    """Measure a training step of all contenders of a case, in turn.

    Args:
        name: a key of `CASES`.
        repeats: rounds.
        device: where to compute.

    Returns:
        For each contender "median", "low" and "high", in seconds.
    """
    case = CASES[name]
    steps = {
        contender.name: training_step(build_equal(contender, case, device), case, contender, device)
        for contender in contenders(case)
    }
    times = interleave(steps, repeats, f"training {name}")
    return {who: summary(seconds) for who, seconds in times.items()}


def inference_times(name: str, repeats: int, device: torch.device) -> Times:
    """Measure the classification of a batch: all contenders, and our network optimized for it."""
    case = CASES[name]
    actions = {}
    for contender in contenders(case):
        if contender.way in ("recompute", "linear", "memory_efficient"):
            continue  # these change nothing where no gradient is asked for
        model = build_equal(contender, case, device)
        actions[contender.name] = classification(model, case, contender, device)
    fastest = Contender("ours", "optimize_for_inference", ours(), channels_last=True)
    model = build_equal(fastest, case, device).optimize_for_inference()
    actions[fastest.name] = classification(model, case, fastest, device)
    times = interleave(actions, repeats, f"inference {name}")
    return {who: summary(seconds) for who, seconds in times.items()}
