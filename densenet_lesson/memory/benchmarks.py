"""Chapter 9: what a recorded benchmark says, as ratios between contenders and as tables.

`training.records.load_benchmark` reads a recorded one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np

Results = dict[str, Any]


class Goal(NamedTuple):
    """A ratio of two measurements of one part, and what we want it to be.

    Args:
        what: what is compared with what.
        target: the value that we aim at.
        part: the part of the results where both stand.
        over: pattern of the contenders above the line; of several, the lowest value counts.
        under: pattern of those below it. Two patterns are separated by "|".
        field: what is compared: "median" (seconds), "live" or "peak" (bytes).
        at_least: whether more is better.
    """

    what: str
    target: float
    part: str
    over: str
    under: str
    field: str = "median"
    at_least: bool = True


def goals_of(name: str, title: str, infer: float, keep: float) -> list[Goal]:
    """Return the goals for one of the paper's networks.

    Args:
        name: a key of `contenders.CASES`.
        title: how the network is called.
        infer: how many times faster than torchvision it shall classify.
        keep: what share of plain's live memory "linear" may keep.
    """
    train, classify, memory = (f"{kind} {name}" for kind in ("training", "inference", "memory"))
    saving, recompute = "torchvision, memory_efficient", "ours, recompute*"
    linear, plain = "ours, linear*", "ours, plain*"
    best = "torchvision*|timm*"
    return [
        Goal(f"{title}: training, best of ours / torchvision", 1.2, train, "torchvision", "ours*"),
        Goal(f"{title}: training, best of ours / best of others", 1.05, train, best, "ours*"),
        Goal(f"{title}: training, recompute / memory_efficient", 1.25, train, saving, recompute),
        Goal(f"{title}: training, linear / torchvision", 0.95, train, "torchvision", linear),
        Goal(f"{title}: inference / torchvision", infer, classify, "torchvision", "*optimize*"),
        Goal(
            f"{title}: live, recompute / memory_efficient",
            *(0.7, memory, recompute, f"{saving}*", "live", False),
        ),
        Goal(f"{title}: live, linear / plain", keep, memory, linear, plain, "live", False),
    ]


AGAINST_SAVING = ("memory densenet_bc100", "ours, linear*", "torchvision, memory_efficient*")
D2L = ("training densenet_d2l", "plain, *")
GOALS = [
    *goals_of("densenet121", "DenseNet-121 n8", 1.45, 0.22),
    *goals_of("densenet_bc100", "BC-100-12 n16", 2.2, 0.13),
    Goal("BC-100-12 n16: live, linear / memory_efficient", 0.36, *AGAINST_SAVING, "live", False),
    Goal("BC-100-12 n16: peak, linear / memory_efficient", 0.42, *AGAINST_SAVING, "peak", False),
    Goal("d2l's network n64: training, ours / as d2l writes it, fp32", 1.25, *D2L, "ours*"),
    Goal("d2l's network n64: training, ours / as d2l writes it, bf16", 2.2, *D2L, "ours*bf16"),
    Goal("data path / d2l's loader without workers", 5, "loading", "d2l, no workers", "ours"),
    Goal("data path / d2l's loader with workers", 4, "loading", "d2l, 4 workers", "ours"),
    Goal(
        "import densenet_lesson / from d2l import torch",
        *(0.5, "imports", "densenet_lesson", "d2l", "median", False),
    ),
]

LAST = "channels_last"
PROFILED = {  # whose operators are recorded, since a target was missed
    "training densenet121": [
        *(f"timm, {LAST}", f"ours, plain, {LAST}"),
        *(f"torchvision, memory_efficient, {LAST}", f"ours, recompute, {LAST}"),
    ],
    "training densenet_bc100": [f"torchvision, {LAST}", f"ours, linear, {LAST}"],
    "inference densenet_bc100": [f"torchvision, {LAST}", f"ours, optimize_for_inference, {LAST}"],
}

KINDS = {  # what operators do, by their names; batch norms may be written as sums and products
    "conv": r"aten::.*conv",
    "norm": r"aten::.*(batch_norm|mul|sub|sum)",
    "ReLU": r"aten::(threshold|clamp_min|relu|leaky_relu)",
    "copy": r"aten::(cat|copy|add_?$|fill|empty|resize|slice|split)",
}


def by_kind(shares: dict[str, float]) -> dict[str, float]:
    """Return the shares of `KINDS` and, as "rest", of all else: Python, the optimiser, autograd.

    Args:
        shares: for operators, by name, what `tools.benchmark` recorded as "shares".
    """
    found = dict.fromkeys(KINDS, 0.0)
    for name, share in shares.items():
        kind = next((kind for kind, names in KINDS.items() if re.match(names, name)), None)
        if kind:
            found[kind] += share
    return {**found, "rest": 1 - sum(found.values())}


class Ratio(NamedTuple):
    """A ratio that was measured, beside its target; `got` is None where a peer was missing."""

    what: str
    target: float
    got: float | None
    at_least: bool

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if that can't be told."""
        if self.got is None:
            return None
        return self.got >= self.target if self.at_least else self.got <= self.target

    def __str__(self) -> str:
        got = "not measured" if self.got is None else f"{self.got:.3f}"
        verdict = {True: "met", False: "NOT MET", None: ""}[self.met]
        return f"{self.what:60} {'≥≤'[not self.at_least]} {self.target:4.2f}  {got:>7}  {verdict}"


def ratios(results: Results) -> list[Ratio]:
    """Return all ratios that have a target, of those parts that were measured.

    Args:
        results: the "results" of a benchmark's file.
    """
    measured = [goal for goal in GOALS if goal.part in results]
    found = [Ratio(g.what, g.target, ratio(results[g.part], g), g.at_least) for g in measured]
    return found + growth_ratios(results.get("memory of blocks", {}))


def ratio(rows: Results, goal: Goal) -> float | None:
    """Return a goal's ratio, or None if a contender on either side is missing."""
    over, under = (lowest(rows, pattern, goal.field) for pattern in (goal.over, goal.under))
    return None if over is None or under is None else over / under


def lowest(rows: Results, patterns: str, field: str) -> float | None:
    """Return the lowest value of all that match; bf16 only where a pattern asks for it."""
    values = [
        row[field]
        for who, row in rows.items()
        for pattern in patterns.split("|")
        if fnmatchcase(who, pattern) and who.endswith("bf16") == pattern.endswith("bf16")
    ]
    return min(values, default=None)


def growth_ratios(blocks: Results) -> list[Ratio]:
    """Return one block's saving, and linear's exponent of live memory in the number of layers."""
    if not blocks:
        return []
    linear, plain = (blocks[memory]["64"]["live"] for memory in ("linear", "plain"))
    return [
        Ratio("one block of 64 layers: live, linear / plain", 0.04, linear / plain, False),
        Ratio("exponent of live memory in L, linear", 1.0, exponents(blocks)["linear"], False),
    ]


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Fit values = c · sizes^e by least squares of the logarithms, and return e."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def exponents(blocks: Results) -> dict[str, float]:
    """Return for each way of `configs.MEMORIES` the e in memory ~ L^e."""
    return {
        memory: exponent([int(depth) for depth in use], [row["live"] for row in use.values()])
        for memory, use in blocks.items()
    }


def tables(results: Results) -> str:
    """Return all measurements as text: times in milliseconds, memory in MiB."""
    return "\n\n".join(f"{part}\n{table(rows)}" for part, rows in results.items())


def table(rows: Results) -> str:
    """Return one part as text, a line for each contender."""
    return "\n".join(f"  {who:48} {cells(value)}" for who, value in rows.items())


def cells(value: Any) -> str:
    """Write one measurement: a time with its quartiles, a use of memory, or a fact."""
    if not isinstance(value, dict):
        return str(value)
    if "median" in value:
        low, middle, high = (1000 * value[name] for name in ("low", "median", "high"))
        return f"{middle:9.1f} ms  ({low:.1f} to {high:.1f})"
    if "flops_per_second" in value:
        rate, moved = value["flops_per_second"] / 1e9, value["bytes_per_second"] / 1e9
        return f"{rate:9.1f} GFLOP/s  {moved:7.1f} GB/s  {value['intensity']:7.1f} FLOPs/byte"
    if "live" in value:
        return "  ".join(f"{name} {value[name] / 2**20:8.1f} MiB" for name in value)
    return "; ".join(f"{name}: {cells(inner)}" for name, inner in value.items())
