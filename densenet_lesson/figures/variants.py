"""Which layer reads which, and what one layer of RDNet and of ConvNeXt does. Chapter 12."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..configs import check_positive
from .drawing import INPUT, NEW, SUM, Column, Drawing, Sheet

STEP, ROW, SIDE = 0.54, 1.36, 0.3  # inches: between two layers, between two patterns, a layer


def links(patterns: Mapping[str, Callable[[int], list[int]]], num_layers: int = 8) -> Drawing:
    """Draw link patterns: one row each, with an arc from each layer to those that read it.

    Args:
        patterns: for the name of each row, which sources a layer reads, as in `variants.LINKS`.
        num_layers: layers of the block, at most 8.

    Raises:
        ValueError: if there are more layers than fit.
    """
    if check_positive("num_layers", num_layers) > 8:
        raise ValueError(f"num_layers={num_layers} must be at most 8 to be legible")
    sheet, words = Sheet(), []
    for row, (name, pattern) in enumerate(patterns.items(), start=1):
        y = row * ROW
        pairs = [(s, layer) for layer in range(1, num_layers + 1) for s in pattern(layer)]
        for source, layer in pairs:
            _link(sheet, y, source, layer)
        for node in range(num_layers + 1):
            text, color = (str(node), NEW) if node else ("x", INPUT)
            sheet.box(_place(node), y, SIDE, SIDE, text, color)
        sheet.text(0.15, y - 0.95, f"{name}: {len(pairs)} links", ha="left")
        words.append(f"{name}, {len(pairs)} links.")
    alt = (
        f"{len(patterns)} rows, each with the block's input x and {num_layers} layers. An arc "
        "leads from each of them to every layer that reads it. From top to bottom: "
        f"{' '.join(words)}"
    )
    return sheet.finish(len(patterns) * ROW + 0.25, alt)


def _place(node: int) -> float:
    """Return where the middle of a layer is; the block's input is 0."""
    return 0.4 + node * STEP


def _link(sheet: Sheet, y: float, source: int, layer: int) -> None:
    """Draw an arrow between neighbours, and an arc over those that lie in between."""
    start, end, color = _place(source), _place(layer), NEW if source else INPUT
    if layer == source + 1:
        sheet.arrow([(start + SIDE / 2, y), (end - SIDE / 2, y)], color)
        return
    top = y - SIDE / 2 - 0.1 - 0.1 * (layer - source)
    shift = 0.016 * (layer - source)  # so that not all arcs arrive at one point
    points = [(start + 0.06, y - SIDE / 2), (start + 0.06, top)]
    sheet.arrow([*points, (end - shift, top), (end - shift, y - SIDE / 2)], color, curved=True)


def mixing_layers(channels: int, growth_rate: int) -> Drawing:
    """Draw a layer of RDNet beside a block of ConvNeXt: the same steps, joined in two ways.

    Args:
        channels: what both read.
        growth_rate: new channels of the RDNet layer.

    Source: arXiv:2403.19588, Section 3; arXiv:2201.03545, Figure 4.
    """
    sheet, bottoms = Sheet(), []
    for x, name, new, color in (
        (1.3, "RDNet: concatenate", growth_rate, NEW),
        (3.9, "ConvNeXt: add", channels, SUM),
    ):
        sheet.text(x, 0.2, name, fontweight="bold")
        column = Column(sheet, x, 2.0)
        column.bottom = 0.4
        column.box(f"x:  {channels}", INPUT)
        fork = column.bottom + 0.09
        for step in _steps(channels, new):
            column.box(step)
        if color is SUM:
            plus = column.plus()
            side = x + 1.2
            sheet.arrow([(x, fork), (side, fork), (side, plus), (x + 0.14, plus)], INPUT)
            column.box(f"x + new:  {channels}", SUM)
        else:
            column.box(f"new:  {new}", NEW)
            width = 2.0 * channels / (channels + new)
            y = column.bar((width, INPUT), (2.0 - width, NEW))
            end = x - 1.0
            sheet.arrow([(x, fork), (x - 1.2, fork), (x - 1.2, y), (end, y)], INPUT)
            column.bottom += 0.2
            sheet.text(x, column.bottom, f"[x, new]:  {channels + new}")
        bottoms.append(column.bottom)
    alt = (
        f"Two columns. Both start with x of {channels} channels and take the same steps: "
        f"{'; '.join(_steps(channels, growth_rate))} in RDNet, and back to {channels} in ConvNeXt. "
        f"RDNet writes its {growth_rate} new channels beside x, which makes "
        f"{channels + growth_rate}; ConvNeXt adds its {channels} to x."
    )
    return sheet.finish(max(bottoms) + 0.25, alt.replace("\n", " "))


def _steps(channels: int, new: int) -> list[str]:
    """Say what happens on the way, in order."""
    return [
        "7×7 conv, each\nchannel by itself",
        "layer norm",
        f"1×1 conv {channels} → {4 * channels}",
        "GELU",
        f"1×1 conv {4 * channels} → {new}",
    ]
