"""Learning curves of several runs, each network named beside its own curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from ..configs import check_choice
from .drawing import INK, LINES, NEW, PLAIN, SMALL, SUM, TEXT, WIDTH, Drawing
from .seeds import PERCENT, check_runs

COLORS = {"dense": NEW, "sum": SUM, "plain": INK}
MARKS = {"dense": "s", "sum": "o", "plain": "^"}
APART = 0.075  # of the axis' height: the least distance between two names
SAMPLE = (1.03, 1.09, 1.15)  # of the axis' width: where a name's piece of line stands


def curves(
    runs: Mapping[str, Sequence[Sequence[float]]],
    kinds: Mapping[str, str],
    label: str,
    alt: str,
    dashed: Sequence[str] = (),
) -> Drawing:
    """Draw accuracies over epochs, a line for each run. Chapters 2 and 3.

    Args:
        runs: for the name of each network, its runs: accuracies from 0 to 1, one for each epoch.
        kinds: for each name "dense", "sum" or "plain": the colour and the marks of its lines.
        label: what the vertical axis shows.
        alt: what the picture shows, in a sentence or more.
        dashed: the names whose lines are dashed.

    Returns:
        All runs in one chart; to its right, each network's line, name and mean of its last epoch.

    Raises:
        ValueError: if there are no runs, or a kind is missing or unknown.
    """
    check_runs(runs, {})
    for name in runs:
        check_choice(f"kinds[{name!r}]", kinds.get(name), tuple(COLORS))
    figure = Drawing(WIDTH, 3.3, layout="constrained")
    axes = figure.subplots()
    for name, found in runs.items():
        for run in found:
            axes.plot(range(1, len(run) + 1), run, **_line(kinds[name], name in dashed))
    ends = {name: fmean(run[-1] for run in found) for name, found in runs.items()}
    beside = axes.get_yaxis_transform()  # right of the axes, as high as an accuracy
    for (name, mean), place in zip(ends.items(), _places(list(ends.values())), strict=True):
        sample = {**_line(kinds[name], name in dashed), "markevery": [1], "clip_on": False}
        axes.plot(SAMPLE, [place] * len(SAMPLE), transform=beside, **sample)
        text = f"{name}: {mean:.1%}".replace("%", " %")
        axes.text(1.17, place, text, transform=beside, fontsize=SMALL, color=INK, va="center")
    axes.set(ylim=(0, 1.03))
    axes.set_xlabel("epoch", fontsize=TEXT)
    axes.set_ylabel(label, fontsize=TEXT)
    axes.locator_params(axis="x", nbins=8, integer=True)
    axes.yaxis.set_major_formatter(PERCENT)
    axes.grid(axis="y", color=PLAIN)
    figure.settle()
    figure.alt = alt
    return figure


def _line(kind: str, dashed: bool) -> dict[str, Any]:
    """How the lines of a network look."""
    color, style = COLORS[kind], "--" if dashed else "-"
    options = {"color": LINES.get(color, color), "marker": MARKS[kind], "linestyle": style}
    return {"markersize": 3.5, "linewidth": 1.2, **options}


def _places(ends: list[float]) -> list[float]:
    """Where the names stand: at the end of their curves, moved apart where these are close."""
    order = sorted(range(len(ends)), key=lambda i: -ends[i])
    places, above = [0.0] * len(ends), 1.03 + APART
    for i in order:
        above = places[i] = min(ends[i], above - APART)
    return places
