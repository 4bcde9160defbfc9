"""A whole DenseNet to scale, from left to right."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from .. import arithmetic
from ..configs import DenseNetConfig
from .drawing import INK, INPUT, NEW, PLAIN, SMALL, TRANSITION, Drawing, Sheet

HEIGHT = 1.7  # inches of the image's side
FIRST, LAST = 1.15, 4.6  # where the first block begins, and the last one ends
STEP = 0.2  # between two blocks, and between two lines


def whole(config: DenseNetConfig, costs: bool = False) -> Drawing:
    """Draw a DenseNet to scale: heights are pixels, widths are channels. Chapter 6.

    Args:
        config: of a DenseNet.
        costs: whether parameters and FLOPs stand below the blocks, too.

    Returns:
        For each dense block a bar of what comes in, one for each layer, and an arc from each of
        them to each layer after it. A wedge is a part that makes the maps smaller.

    Source: Huang et al., arXiv:1608.06993, Figure 2 and Table 1.
    """
    stages = arithmetic.stages(config)
    blocks, head = stages[1:-1:2], stages[-1]
    lines = {
        "block": [str(i + 1) for i in range(len(blocks))],
        "layers": [str(number) for number in config.block_config],
        "pixels": [f"{stage.size}²" for stage in blocks],
        "channels": [f"{stage.channels:,}" for stage in blocks],
    }
    if costs:
        lines["parameters"] = [_short(stage.parameters) for stage in (*blocks, head)]
        lines["FLOPs"] = [_short(stage.flops) for stage in (*blocks, head)]
    sheet, inch = Sheet(), HEIGHT / config.image_size
    widths = sum(stage.channels for stage in blocks)
    channel = (LAST - FIRST - STEP * (len(blocks) - 1)) / widths
    base, right = HEIGHT + 0.4, FIRST
    sheet.bar(0.2, base - HEIGHT / 2, 0.07, HEIGHT, INPUT)
    sheet.text(0.2, base - HEIGHT - 0.15, "image", SMALL, ha="left")
    before, color, places = config.image_size * inch, PLAIN, []
    start = config.num_init_features
    for number, (layers, stage) in enumerate(zip(config.block_config, blocks, strict=True)):
        high, gap = stage.size * inch, FIRST - 0.3 if number == 0 else STEP
        _wedge(sheet, right - gap, gap, base, (before, high), color)
        ends = [right, right + start * channel]
        ends += [ends[1] + config.growth_rate * channel * (i + 1) for i in range(layers)]
        _block(sheet, base, high, ends)
        places.append((right + ends[-1]) / 2)
        right, before, color = ends[-1] + STEP, high, TRANSITION
        start = config.compressed(stage.channels)
    _wedge(sheet, right - STEP, 0.3, base, (before, 0.02), PLAIN)
    sheet.text(0.7, base - 0.18, "stem", SMALL)
    places.append(LAST + 0.28)
    lines["block"].append("head")
    for row, (name, numbers) in enumerate(lines.items(), start=1):
        sheet.text(0.05, base + STEP * row, name, SMALL, ha="left")
        for x, number in zip(places, numbers, strict=False):
            sheet.text(x, base + STEP * row, number, SMALL)
    words = "; ".join(f"{name} {', '.join(numbers)}" for name, numbers in lines.items())
    alt = (
        f"{config.name} from left to right, to scale: image, stem, dense blocks with a transition "
        f"between each two, head. Within a block, arcs lead from each layer to all later ones; "
        f"none crosses a transition. Below: {words}."
    )
    return sheet.finish(base + STEP * (len(lines) + 0.7), alt)


def _block(sheet: Sheet, base: float, high: float, ends: Sequence[float]) -> None:
    """Draw what comes in, the layers, and an arc from each of them to each later layer."""
    middles, points = [], []
    for i, (left, right) in enumerate(zip(ends, ends[1:], strict=False)):
        sheet.bar(left, base - high / 2, right - left, high, NEW if i else INPUT)
        for middle in middles:
            x, up = (left + right) / 2, base - high - 0.55 * ((left + right) / 2 - middle)
            points += [(middle, base - high), (middle, up), (x, up), (x, base - high)]
        middles.append((left + right) / 2)
    codes = [Path.MOVETO, *[Path.CURVE4] * 3] * (len(points) // 4)
    style = {"facecolor": "none", "edgecolor": INK, "linewidth": 0.4, "alpha": 0.4}
    sheet.axes.add_patch(PathPatch(Path(points, codes), **style))


def _wedge(
    sheet: Sheet, left: float, width: float, base: float, highs: tuple[float, float], color: str
) -> None:
    corners = [(left, base), (left, base - highs[0])]
    corners += [(left + width, base - highs[1]), (left + width, base)]
    style = {"facecolor": color, "edgecolor": INK, "linewidth": 0.8}
    sheet.axes.add_patch(Polygon(corners, **style))


def _short(value: float) -> str:
    """Write a number as "0.34M"."""
    scale, letter = next((s, n) for s, n in ((1e9, "G"), (1e6, "M"), (1e3, "K")) if value >= s / 10)
    return f"{value / scale:.2f}{letter}"
