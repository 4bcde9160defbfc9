"""Differences and how sure they are: a point for each, a line for its interval. Chapter 8."""

from __future__ import annotations

from collections.abc import Mapping

from .drawing import INK, NEW, PLAIN, SMALL, TEXT, WIDTH, Drawing

ROW = 0.36  # inches
Interval = tuple[float, float, float]


def intervals(groups: Mapping[str, Mapping[str, Interval]], label: str = "") -> Drawing:
    """Draw differences with their intervals; a point is orange where 0 lies outside.

    Args:
        groups: for the title of each group ("" for none), for the name of each row: a difference,
            and the lower and the upper end of its interval.
        label: what stands below the axis: what is compared, in which unit.

    Returns:
        One row for each difference, from top to bottom; to its right the three numbers.

    Raises:
        ValueError: if there is no row, or a difference lies outside of its interval.
    """
    check_intervals(groups)
    height = sum(len(rows) + bool(title) for title, rows in groups.items())
    figure = Drawing(WIDTH, 0.6 + ROW * height, layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, linestyle=":", color=INK, linewidth=1.5)
    names: dict[int, str] = {}
    for title, rows in groups.items():
        if title:
            names[len(names)] = title
        for name, (middle, low, high) in rows.items():
            row, color = len(names), PLAIN if low <= 0 <= high else NEW
            axes.plot([low, high], [row, row], color=INK, linewidth=1.5, zorder=2)
            axes.scatter([middle], [row], color=color, edgecolors=INK, s=56, zorder=3)
            place = {"xy": (1.02, row), "xycoords": ("axes fraction", "data"), "va": "center"}
            axes.annotate(written(middle, low, high), **place, fontsize=SMALL, color=INK)
            names[row] = name
    axes.set_yticks(list(names), list(names.values()), fontsize=TEXT)
    axes.set_ylim(height - 0.5, -0.5)  # the first row is on top
    axes.set_xlabel(label, fontsize=TEXT)
    axes.locator_params(axis="x", nbins=5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.settle()
    figure.alt = describe(groups, label)
    return figure


def check_intervals(groups: Mapping[str, Mapping[str, Interval]]) -> None:
    """Raise a ValueError unless there are rows, each with a difference in its interval."""
    if not any(groups.values()):
        raise ValueError(f"groups={dict(groups)} must have at least one row")
    for rows in groups.values():
        for name, (middle, low, high) in rows.items():
            if not low <= middle <= high:
                raise ValueError(
                    f"{name!r}: the difference {middle} must lie in its interval, {low} to {high}"
                )


def written(middle: float, low: float, high: float) -> str:
    """A difference and its interval: `+0.14 (−0.16 to +0.44)`."""
    return f"{middle:+.2f} ({low:+.2f} to {high:+.2f})".replace("-", "−")


def describe(groups: Mapping[str, Mapping[str, Interval]], label: str) -> str:
    """Say in words what the drawing shows."""
    rows = [
        f"{title + ', ' if title else ''}{name}: {written(*numbers)}."
        for title, rows in groups.items()
        for name, numbers in rows.items()
    ]
    return f"Differences with their intervals ({label}). " + " ".join(rows)
