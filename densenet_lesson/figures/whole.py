"""A whole DenseNet to scale, from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from .. import arithmetic
from ..configs import Config, DenseNetConfig
from .drawing import INK, INPUT, NEW, PLAIN, SMALL, TRANSITION, Drawing, Sheet

HEIGHT = 1.7  # inches of the image's side
BASE = HEIGHT + 0.4  # on which all parts stand
FIRST, LAST = 1.15, 4.6  # where the first block begins, and the last one ends
STEP = 0.2  # between two blocks, and between two lines
UNITS = [(1e9, "G"), (1e6, "M"), (1e3, "K")]


def whole(config: Config, costs: bool = False) -> Drawing:
    """Draw a DenseNet to scale: heights are pixels, widths are channels. Chapter 6.

    Args:
        config: a `DenseNetConfig`.
        costs: whether parameters and FLOPs stand below the blocks, too.

    Returns:
        For each dense block a bar of what comes in, one for each layer, and an arc from each of
        them to each layer after it. A wedge is a part that makes the maps smaller.

    Raises:
        ValueError: for another configuration.

    Source: Huang et al., arXiv:1608.06993, Figure 2 and Table 1.
    """
    if not isinstance(config, DenseNetConfig):
        name = getattr(config, "name", config)
        raise ValueError(f"config={name!r} is no DenseNetConfig; draw it with figures.stage_map")
    stages = arithmetic.stages(config)
    blocks, head = stages[1:-1:2], stages[-1]
    sheet = Sheet()
    places = _draw_parts(sheet, config, blocks)
    lines = {
        "block": [*(str(i + 1) for i in range(len(blocks))), "head"],
        "layers": [str(number) for number in config.block_config],
        "pixels": [f"{stage.size}²" for stage in blocks],
        "channels": [f"{stage.channels:,}" for stage in blocks],
    }
    if costs:
        lines["parameters"] = [_short(stage.parameters) for stage in (*blocks, head)]
        lines["FLOPs"] = [_short(stage.flops) for stage in (*blocks, head)]
    for row, (name, numbers) in enumerate(lines.items(), start=1):
        sheet.text(0.05, BASE + STEP * row, name, SMALL, ha="left")
        for x, number in zip(places, numbers, strict=False):  # the head has only its costs
            sheet.text(x, BASE + STEP * row, number, SMALL)
    words = "; ".join(f"{name} {', '.join(numbers)}" for name, numbers in lines.items())
    alt = (
        f"{config.name} from left to right, to scale: image, stem, dense blocks with a transition "
        f"between each two, head. Within a block, arcs lead from each layer to all later ones; "
        f"none crosses a transition. Below: {words}."
    )
    return sheet.finish(BASE + STEP * (len(lines) + 0.7), alt)


def _draw_parts(
    sheet: Sheet, config: DenseNetConfig, blocks: Sequence[arithmetic.Stage]
) -> list[float]:
    """Draw the parts from left to right; return where the blocks and the head have their middle."""
    inch = HEIGHT / config.image_size  # of a pixel
    room = LAST - FIRST - STEP * (len(blocks) - 1)
    channel = room / sum(stage.channels for stage in blocks)
    sheet.bar(0.2, BASE - HEIGHT / 2, 0.07, HEIGHT, INPUT)
    sheet.text(0.2, BASE - HEIGHT - 0.15, "image", SMALL, ha="left")
    heights = [stage.size * inch for stage in blocks]
    _wedge(sheet, 0.3, FIRST - 0.3, (HEIGHT, heights[0]), PLAIN)
    sheet.text(0.7, BASE - 0.18, "stem", SMALL)
    left, entering, places = FIRST, config.num_init_features, []
    ends = [(STEP, TRANSITION, high) for high in heights[1:]] + [(0.3, PLAIN, 0.02)]  # the head
    parts = zip(config.block_config, blocks, heights, ends, strict=True)
    for layers, stage, high, (width, color, after) in parts:
        widths = [entering * channel] + [config.growth_rate * channel] * layers
        edges = list(accumulate(widths, initial=left))
        _block(sheet, high, edges)
        _wedge(sheet, edges[-1], width, (high, after), color)
        places.append((left + edges[-1]) / 2)
        left = edges[-1] + STEP
        entering = config.compressed(stage.channels)
    return [*places, LAST + 0.28]


def _block(sheet: Sheet, high: float, edges: Sequence[float]) -> None:
    """Draw what comes in, the layers, and an arc from each of them to each later layer."""
    top, middles, points = BASE - high, [], []
    for left, right in pairwise(edges):
        sheet.bar(left, BASE - high / 2, right - left, high, NEW if middles else INPUT)
        x = (left + right) / 2
        for middle in middles:
            up = top - 0.55 * (x - middle)
            points += [(middle, top), (middle, up), (x, up), (x, top)]
        middles.append(x)
    codes = [Path.MOVETO, *[Path.CURVE4] * 3] * (len(points) // 4)
    faint = 0.4 if len(middles) > 8 else 0.9  # many arcs would make one black spot
    style = {"facecolor": "none", "edgecolor": INK, "linewidth": 0.4, "alpha": faint}
    sheet.axes.add_patch(PathPatch(Path(points, codes), **style))


def _wedge(sheet: Sheet, left: float, width: float, highs: tuple[float, float], color: str) -> None:
    """Draw a part that makes the maps smaller."""
    right = left + width
    corners = [(left, BASE), (left, BASE - highs[0]), (right, BASE - highs[1]), (right, BASE)]
    style = {"facecolor": color, "edgecolor": INK, "linewidth": 0.8}
    sheet.axes.add_patch(Polygon(corners, **style))


def _short(value: float) -> str:
    """Write a number as "0.34M"."""
    scale, letter = next((unit for unit in UNITS if value >= unit[0] / 10), UNITS[-1])
    return f"{value / scale:.2f}{letter}"
