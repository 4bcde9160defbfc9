"""Results of several seeds: every run is a point, so that you see the spread, not only a mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from matplotlib.ticker import FuncFormatter

from ..configs import check_choice
from .drawing import INK, NEW, PLAIN, SMALL, SUM, TEXT, TRANSITION, WIDTH, Drawing

COLORS = {"dense": NEW, "sum": SUM, "other": TRANSITION, "plain": PLAIN}
ROW = 0.42  # inches
PERCENT = FuncFormatter(lambda share, _: f"{100 * share:.4g} %")


def seeds(
    runs: Mapping[str, Sequence[float]], kinds: Mapping[str, str] | None = None, label: str = ""
) -> Drawing:
    """Draw the result of each run as a point, and the mean of the runs of a row as a line.

    Args:
        runs: for the name of each row, the results of its runs from 0 to 1, such as accuracies;
            drawn in percent.
        kinds: for the name of a row, what its colour says: "dense" for dense blocks, "sum" for
            residual ones, "plain" for neither (and for rows that are left out here), "other".
        label: what stands below the axis: what the results are.

    Returns:
        One row for each name, from top to bottom; to its right the mean.

    Raises:
        ValueError: if there are no rows, a row has no runs, or a kind is unknown.
    """
    kinds = dict(kinds or {})
    check_runs(runs, kinds)
    write = percent(runs)
    figure = Drawing(WIDTH, 0.6 + ROW * len(runs), layout="constrained")
    axes = figure.subplots()
    for row, (name, results) in enumerate(runs.items()):
        mean, color = fmean(results), COLORS[kinds.get(name, "plain")]
        axes.plot([mean, mean], [row - 0.3, row + 0.3], color=INK, linewidth=1.5, zorder=2)
        points = {"color": color, "edgecolors": INK, "linewidths": 0.8, "s": 48, "zorder": 3}
        axes.scatter(results, [row] * len(results), **points)
        place = {"xy": (1.02, row), "xycoords": ("axes fraction", "data"), "va": "center"}
        axes.annotate(write(mean), **place, fontsize=SMALL, color=INK)
    axes.set_yticks(range(len(runs)), list(runs), fontsize=TEXT)
    axes.set_ylim(len(runs) - 0.5, -0.5)  # the first row is on top
    axes.set_xlabel(label, fontsize=TEXT)
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(PERCENT)
    axes.grid(axis="x", color=PLAIN)
    figure.settle()
    figure.alt = describe(runs, label)
    return figure


def check_runs(runs: Mapping[str, Sequence[float]], kinds: Mapping[str, str]) -> None:
    """Raise a ValueError unless each row has results, and each kind a colour."""
    if not runs:
        raise ValueError("runs={} must have at least one row")
    for name, results in runs.items():
        if not len(results):
            raise ValueError(f"runs[{name!r}]={results!r} must hold at least one result")
    for name, kind in kinds.items():
        check_choice(f"kinds[{name!r}]", kind, tuple(COLORS))


def percent(runs: Mapping[str, Sequence[float]]) -> Callable[[float], str]:
    """How to write a result: with as many digits as tell these runs apart."""
    found = [result for results in runs.values() for result in results]
    digits = 1 if max(found) - min(found) > 0.02 else 2
    return lambda result: f"{100 * result:.{digits}f} %"


def describe(runs: Mapping[str, Sequence[float]], label: str) -> str:
    """Say in words what the drawing shows."""
    write = percent(runs)
    rows = [
        f"{name}: {', '.join(map(write, results))}, mean {write(fmean(results))}."
        for name, results in runs.items()
    ]
    return f"A row of points for each of {len(runs)}, one point a run ({label}). " + " ".join(rows)
