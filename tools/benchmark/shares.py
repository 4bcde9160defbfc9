"""Which operators take the time: shares, which other work on the machine changes far less."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile, record_function
from tqdm.auto import tqdm

from densenet_lesson.memory.benchmarks import PROFILED

from .contenders import CASES, Contender, build_equal, contenders, ours
from .speed import classification, training_step

PYTHON = "between operators"  # what the step itself takes: Python, mostly
LEAST = 0.001  # rarer operators are not listed


def operator_shares(rounds: int, device: torch.device) -> dict[str, dict[str, float]]:
    """Profile those of `PROFILED`.

    Args:
        rounds: steps to look at; one more comes before them.
        device: where to compute.

    Returns:
        For each, by name, the operators' shares of the time that a step takes.
    """
    return {
        f"{part}: {who}": shares(action_of(part, who, device), rounds, device)
        for part, names in PROFILED.items()
        for who in tqdm(names, f"shares {part}", leave=False)
    }


def action_of(part: str, who: str, device: torch.device) -> Callable[[], None]:
    """Return one contender's step in a part such as "training densenet121"."""
    kind, _, name = part.partition(" ")
    case = CASES[name]
    fastest = Contender("ours", "optimize_for_inference", ours(), channels_last=True)
    contender = next(c for c in [*contenders(case), fastest] if c.name == who)
    model = build_equal(contender, case, device)
    if contender == fastest:
        model = model.optimize_for_inference()
    return {"training": training_step, "inference": classification}[kind](
        model, case, contender, device
    )


def shares(action: Callable[[], None], rounds: int, device: torch.device) -> dict[str, float]:
    """Return for each operator its own share of the time, without what it calls; largest first."""
    action()
    gpu = device.type == "cuda"
    kinds = [ProfilerActivity.CPU, *[ProfilerActivity.CUDA] * gpu]
    with profile(activities=kinds) as found:
        for _ in range(rounds):
            with record_function(PYTHON):
                action()
    field = "self_device_time_total" if gpu else "self_cpu_time_total"
    times = {event.key: getattr(event, field) for event in found.key_averages()}
    whole = sum(times.values())
    largest = sorted(times.items(), key=lambda item: -item[1])
    return {name: round(t / whole, 4) for name, t in largest if t >= LEAST * whole}
