"""What `torch.compile` brings to a training step, and what its first call costs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import torch

from .clock import interleave, summary, time_once
from .contenders import CASES, Contender, build_equal, ours
from .speed import training_step


@contextmanager
def empty_cache() -> Iterator[None]:
    """Let the compiler find nothing of what an earlier run has compiled."""
    with TemporaryDirectory() as empty, mock.patch.dict(os.environ):
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = empty
        yield


def compile_times(name: str, repeats: int, device: torch.device) -> dict[str, Any]:
    """Measure training steps of our network as it is, and compiled, in turn.

    Args:
        name: a key of `contenders.CASES`.
        repeats: rounds.
        device: where to compute.

    Returns:
        For "as it is" and "compiled" "median", "low" and "high", in seconds; the same for "first
        call", which compiles. Where there is no compiler, "error" says so instead.
    """
    case, contender = CASES[name], Contender("ours", "plain", ours(), channels_last=True)
    usual = build_equal(contender, case, device)
    model = torch.compile(build_equal(contender, case, device))
    compiled = training_step(model, case, contender, device)
    try:
        with empty_cache():
            first = time_once(compiled)
    except Exception as error:  # whatever a missing or broken compiler raises
        return {"error": type(error).__name__}
    steps = {"as it is": training_step(usual, case, contender, device), "compiled": compiled}
    times = interleave(steps, repeats, f"compiled {name}")
    return {who: summary(t) for who, t in {**times, "first call": [first]}.items()}
