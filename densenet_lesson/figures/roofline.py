"""The roofline: how fast an operation can be, and how fast it is."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from .drawing import INK, INPUT, NEW, PLAIN, SMALL, TEXT, WIDTH, Drawing

COLORS = (NEW, INPUT, PLAIN)  # they differ in grey too, and all markers differ
MARKERS = ("o", "s", "^", "D", "v", "P")
GIGA = 1e9


def roofline(
    operations: Mapping[str, tuple[float, float]],
    flops_per_second: float,
    bytes_per_second: float,
) -> Drawing:
    """Draw what the machine allows as a roof, and what operations reach as points.

    Args:
        operations: for each name its intensity, in FLOPs for each byte that it moves, and the
            FLOPs a second that it reached.
        flops_per_second: the machine's peak, the flat part of the roof.
        bytes_per_second: what its memory delivers, the sloping part.

    Returns:
        Both axes in steps of powers of ten; each point has its name below it.

    Raises:
        ValueError: if there are no operations, or more than can be told apart, or a number is not
            positive.

    Source: Williams, Waterman and Patterson, Communications of the ACM 52(4), 2009.
    """
    check_operations(operations, flops_per_second, bytes_per_second)
    ridge = flops_per_second / bytes_per_second  # where the two parts of the roof meet
    lowest = min(intensity for intensity, _ in operations.values()) / 3
    highest = 3 * max(ridge, *(intensity for intensity, _ in operations.values()))
    figure = Drawing(WIDTH, 3.6, layout="constrained")
    axes = figure.subplots()
    roof = [lowest, ridge, highest]
    heights = [min(x * bytes_per_second, flops_per_second) / GIGA for x in roof]
    axes.plot(roof, heights, color=INK, linewidth=2)
    for i, (name, (intensity, rate)) in enumerate(operations.items()):
        style = {"marker": MARKERS[i], "color": COLORS[i % len(COLORS)], "markeredgecolor": INK}
        axes.plot([intensity], [rate / GIGA], linestyle="none", markersize=9, **style)
        right = [x for x, _ in operations.values() if x > intensity]  # under the same part
        right = [x for x in right if (x < ridge) == (intensity < ridge)]
        _write_name(axes, name, (intensity, rate / GIGA), len(right))
    axes.axvline(ridge, color=INK, linestyle=":", linewidth=1)
    axes.set(xscale="log", yscale="log", ylim=(heights[0] / 4, 2 * heights[1]))
    for x, side, part in ((ridge / 1.15, "right", "memory"), (ridge * 1.15, "left", "arithmetic")):
        place = {"xycoords": ("data", "axes fraction"), "ha": side, "va": "bottom"}
        axes.annotate(f"{part} is the limit", (x, 1.02), **place, fontsize=SMALL, color=INK)
    axes.set_xlabel("FLOPs for each byte moved", fontsize=TEXT)
    axes.set_ylabel("billion FLOPs a second", fontsize=TEXT)
    axes.grid(color=PLAIN)
    figure.settle()
    figure.alt = describe(operations, flops_per_second, bytes_per_second)
    return figure


def _write_name(axes: Axes, name: str, point: tuple[float, float], right: int) -> None:
    """Write a point's name below it, lower the more points stand right of it, off their names."""
    side, below = "right" if right else "center", -18 - 18 * right
    line = {"arrowstyle": "-", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 5}
    end = (-3 * len(name) if right else 0, below)  # about the middle of the name
    axes.annotate("", point, end, textcoords="offset points", arrowprops=line)
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    place = {"textcoords": "offset points", "ha": side, "va": "top", "bbox": paper}
    axes.annotate(name, point, (0, below), **place, fontsize=SMALL, color=INK)


def check_operations(
    operations: Mapping[str, tuple[float, float]], flops_per_second: float, bytes_per_second: float
) -> None:
    """Raise a ValueError unless everything can be drawn on logarithmic axes."""
    if not 1 <= len(operations) <= len(MARKERS):
        raise ValueError(f"operations={list(operations)} must be 1 to {len(MARKERS)} operations")
    numbers = {"flops_per_second": flops_per_second, "bytes_per_second": bytes_per_second}
    for name, (intensity, rate) in operations.items():
        numbers |= {f"operations[{name!r}] intensity": intensity, f"operations[{name!r}]": rate}
    for name, number in numbers.items():
        if not number > 0:
            raise ValueError(f"{name}={number!r} must be above 0")


def describe(
    operations: Mapping[str, tuple[float, float]], flops_per_second: float, bytes_per_second: float
) -> str:
    """Say in words what the drawing shows, with the share of the roof that each point reaches."""
    points = []
    for name, (intensity, rate) in operations.items():
        roof = min(intensity * bytes_per_second, flops_per_second)
        bound = "memory" if intensity * bytes_per_second < flops_per_second else "arithmetic"
        points.append(f"{name}: {rate / roof:.0%} of what {bound} allows.")
    return (
        "A roof that rises with the FLOPs for each byte moved, and is flat from "
        f"{flops_per_second / bytes_per_second:.0f} on. One point for each operation. "
        + " ".join(points)
    )
