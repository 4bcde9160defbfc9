"""Time several things fairly: in turn, many times over, with the median and the quartiles."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from statistics import median, quantiles
from time import perf_counter

import torch
from tqdm.auto import tqdm

WARM_UP = 2  # rounds that don't count: the first ones choose algorithms and fill caches


def interleave(
    actions: Mapping[str, Callable[[], object]], repeats: int, title: str = ""
) -> dict[str, list[float]]:
    """Do each action once, then each once more, and so on, so that all meet the same machine.

    Args:
        actions: for each name, what to do.
        repeats: rounds that count, at least 1; two more come before them.
        title: what the progress bar is called.

    Returns:
        For each name, the seconds that it took in each round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for round_number in tqdm(range(WARM_UP + repeats), desc=title, unit="round", leave=False):
        gc.collect()  # now, rather than in the middle of a measurement
        for name in in_turn(list(actions), round_number):
            taken = time_once(actions[name])
            if round_number >= WARM_UP:
                seconds[name].append(taken)
    return seconds


def in_turn(names: list[str], round_number: int) -> Iterator[str]:
    """Yield all names, beginning with another one in each round: none always follows the same."""
    start = round_number % len(names)
    yield from names[start:] + names[:start]


def time_once(action: Callable[[], object]) -> float:
    """Return the seconds that an action takes, a GPU's work included."""
    synchronize()
    start = perf_counter()
    action()
    synchronize()
    return perf_counter() - start


def synchronize() -> None:
    """Wait until the GPU, if there is one, has done all it was asked to."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def summary(seconds: list[float]) -> dict[str, float]:
    """Return "median", "low" and "high" (the quartiles) of some times, in seconds."""
    low, _, high = quantiles(seconds, n=4) if len(seconds) > 1 else seconds * 3
    return {"median": median(seconds), "low": low, "high": high}
