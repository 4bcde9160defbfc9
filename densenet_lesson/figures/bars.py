"""Bars with their numbers beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .drawing import INK, INPUT, NEW, PLAIN, SMALL, TEXT, WIDTH, Drawing

ROW = 0.36  # inches


def bars(shares: Mapping[str, float], label: str, alt: str) -> Drawing:
    """Draw a bar for each share, from top to bottom, the first one set off. Chapter 0.

    Args:
        shares: for the name of each bar a number from 0 to 1. The first is what the others are
            compared with.
        label: what the bars show.
        alt: what the picture shows, in a sentence or more.

    Raises:
        ValueError: if there is no bar, or a share isn't between 0 and 1.
    """
    if not shares:
        raise ValueError("shares={} must have at least one bar")
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"shares[{name!r}]={share!r} must be from 0 to 1")
    figure = Drawing(WIDTH, 0.6 + ROW * len(shares), layout="constrained")
    axes = figure.subplots()
    colors = [PLAIN] + [NEW] * (len(shares) - 1)
    axes.barh(range(len(shares)), list(shares.values()), 0.7, color=colors, edgecolor=INK)
    for row, share in enumerate(shares.values()):
        text = f"{share:.0%}".replace("%", " %")
        axes.annotate(text, (share + 0.01, row), va="center", fontsize=SMALL, color=INK)
    axes.set_yticks(range(len(shares)), list(shares), fontsize=TEXT)
    axes.set(ylim=(len(shares) - 0.5, -0.5), xlim=(0, 1.15))
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    axes.set_xlabel(label, fontsize=TEXT)
    figure.settle()
    figure.alt = alt
    return figure


def stacked(rows: Mapping[str, Mapping[str, float]], written: Sequence[str], alt: str) -> Drawing:
    """Draw costs as bars from top to bottom, each made of its parts. Chapters 1 and 4.

    Args:
        rows: for the name of each bar its parts, from left to right, each more than 0; parts named
            "input" and "new" have the colours of a block's input and of what its layers add.
        written: what stands beside each bar, such as its sum.
        alt: what the picture shows, in a sentence or more.

    Raises:
        ValueError: if there is no bar, a part isn't positive, or `written` is not as long.
    """
    if not rows or len(written) != len(rows):
        raise ValueError(f"written={list(written)} must be one text for each of {list(rows)}")
    figure = Drawing(WIDTH, 0.1 + ROW * len(rows), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    longest = max(sum(parts.values()) for parts in rows.values())
    for row, (text, (name, parts)) in enumerate(zip(written, rows.items(), strict=True)):
        left = 0.0
        for part, value in parts.items():
            if value <= 0:
                raise ValueError(f"rows[{name!r}][{part!r}]={value!r} must be more than 0")
            color = {"input": INPUT, "new": NEW}.get(part, PLAIN)
            axes.barh(row, value, 0.7, left=left, color=color, edgecolor=INK)
            left += value
        axes.text(-0.02 * longest, row, name, ha="right", va="center", fontsize=SMALL, color=INK)
        axes.text(left + 0.02 * longest, row, text, va="center", fontsize=SMALL, color=INK)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, longest))
    figure.settle()
    figure.alt = alt
    return figure
