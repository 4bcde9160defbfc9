"""Drawings of whole networks, from their configuration: channels, shapes, parameters, FLOPs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from .. import arithmetic
from ..classics.catalogue import ClassicConfig
from ..classics.twins import TwinConfig
from ..configs import Config, DenseNetConfig
from .drawing import (
    HATCHES,
    INK,
    INPUT,
    NEW,
    PLAIN,
    SMALL,
    SUM,
    TEXT,
    TRANSITION,
    WIDTH,
    Column,
    Drawing,
    Sheet,
)

LAYERS = ("denseblock", "layer", "stage")  # stages made of several layers (or residual blocks)
COLORS = {"image": INPUT, "denseblock": NEW, "transition": TRANSITION, "layer": SUM, "stage": SUM}
TITLES = {"denseblock": "dense block", "layer": "stage", "head": "classifier"}
NUMBERS = [(1e9, "billion"), (1e6, "million"), (1e3, "thousand"), (1, "")]
ABOVE = {"ha": "center", "va": "bottom", "fontsize": SMALL, "color": INK}


class Group(NamedTuple):
    """What makes one bar: a dense layer, a residual block, a transition, the stem, the head."""

    stage: str
    rows: list[arithmetic.Row]

    @property
    def channels(self) -> int:
        return self.rows[-1].channels

    @property
    def has_layers(self) -> bool:
        return self.stage.startswith(LAYERS)

    def total(self, *fields: str) -> int:
        return sum(getattr(row, field) for row in self.rows for field in fields)


def groups(config: Config, image_size: int | None = None, by: str = "layer") -> list[Group]:
    """Split a network's trace into its layers (`by="layer"`) or its stages (`by="stage"`)."""
    found: dict[str, Group] = {}
    for row in arithmetic.trace(config, image_size):
        key = row.layer if by == "layer" else row.stage
        found.setdefault(key, Group(row.stage, [])).rows.append(row)
    return list(found.values())


def kind(stage: str) -> str:
    """Return a stage's name without its number."""
    return stage.rstrip("0123456789")


def color_of(stage: str) -> str:
    """Return the colour of a part of a network."""
    return COLORS.get(kind(stage), PLAIN)


def title_of(stage: str) -> str:
    """Write a stage's name in words: "dense block 1"."""
    name = kind(stage)
    return f"{TITLES.get(name, name)} {stage[len(name) :]}".strip()


def stage_map(config: Config, image_size: int | None = None) -> Drawing:
    """Draw the forward pass of a network as boxes, with the shape after each of them.

    Args:
        config: of a network of the course.
        image_size: height and width of the image in pixels; the default is the configuration's.

    Returns:
        Boxes from top to bottom; beside each of them channels × height × width.

    Raises:
        ValueError: if the image is too small for the network.

    Source: Huang et al., arXiv:1608.06993, Table 1; He et al., arXiv:1512.03385, Table 1.
    """
    size = config.image_size if image_size is None else image_size
    if isinstance(config, ClassicConfig):
        from .classic_stages import classic_lines  # chapter 1's, which build the network

        lines = [(line.text, line.color, line.shape) for line in classic_lines(config, size)]
    else:
        lines = _stage_lines(config, size)
    lines.insert(0, ("image", INPUT, f"{config.in_channels} × {size} × {size}"))
    sheet = Sheet()
    column = Column(sheet, 1.8, 3.3, gap=0.2)
    for text, color, shape in lines:
        sheet.label(3.6, column.box(text, color), shape)
    words = ", ".join(f"{_first_line(text)} {shape}" for text, _, shape in lines)
    alt = f"The parts of {config.name} from top to bottom, with the shape after each: {words}."
    return sheet.finish(column.bottom + 0.1, alt)


def _first_line(text: str) -> str:
    """Return a box's title, closed by a colon where it has a comma in it."""
    title = text.partition("\n")[0]
    return title + ":" * ("," in title)


def _stage_lines(config: Config, size: int) -> list[tuple[str, str, str]]:
    """Return for each stage its words, its colour, and the shape that comes out of it."""
    lines = []
    for stage in arithmetic.stages(config, size):
        shape = f"{stage.channels} × {stage.size} × {stage.size}"
        if stage.name == "head":
            shape = f"{stage.channels:,} classes"
        text = f"{title_of(stage.name)}\n{_inside(config, stage.name)}"
        lines.append((text, color_of(stage.name), shape))
    return lines


def _check_layered(config: Config) -> None:
    """Raise a ValueError for a network that has no blocks, which would be a bar each."""
    if isinstance(config, ClassicConfig):
        raise ValueError(
            f"config={config.name!r} is a network without blocks; draw it with "
            "figures.family([config]) or figures.stage_map(config)"
        )


def _inside(config: Config, stage: str) -> str:
    """Say what a stage is made of."""
    name = kind(stage)
    if name == "stem":
        return "7×7 conv, 3×3 max pooling" if config.stem == "imagenet" else "3×3 conv"
    if name == "head":
        return "average pooling, linear"
    if name == "transition":
        pool = "max" if config.pool == "max" else "average"
        return f"1×1 conv, 2×2 {pool} pooling"
    number = int(stage[len(name) :]) - 1
    if isinstance(config, TwinConfig):
        return f"{_count(config.layers[number], 'layer')} that add: 1×1, 3×3 conv"
    if isinstance(config, DenseNetConfig):
        convs = "3×3 conv" if config.bn_size is None else "1×1, 3×3 conv"
        return f"{_count(config.block_config[number], 'layer')}: {convs}, k = {config.growth_rate}"
    convs = "1×1, 3×3, 1×1 conv" if config.block == "bottleneck" else "3×3, 3×3 conv"
    return f"{_count(config.layers[number], 'block')}: {convs}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number > 1)}"


def channel_growth(config: Config) -> Drawing:
    """Draw the channels along a network, one bar after each of its layers.

    Args:
        config: a `DenseNetConfig`, or a `ResNetConfig` (one bar after each residual block).

    Returns:
        Bars of the channels after the stem, each layer and each transition. In a dense block, what
        came into the block and what its layers have added have colours of their own.

    Raises:
        ValueError: for a `ClassicConfig`, which has no blocks.

    Source: Huang et al., arXiv:1608.06993, Section 3 and Table 1.
    """
    _check_layered(config)
    size = max(config.image_size, arithmetic.minimum_size(config))
    parts = [group for group in groups(config, size) if group.stage != "head"]
    figure = Drawing(WIDTH, 3.5, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL)
    places = _places(parts)
    _growth_bars(axes, parts, places)
    axes.set_ylabel("channels", fontsize=TEXT)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(0, 1.1 * max(group.channels for group in parts))
    names = {INPUT: "what comes in", NEW: "new features", SUM: "sum", TRANSITION: "transition"}
    _legend(figure, names, [INPUT, *(color_of(group.stage) for group in parts[1:])])
    labels = _label_channels(axes, parts, places)
    _label_stages(axes, parts, places)
    figure.settle()
    _thin_out(labels)
    _thin_out(axes.get_xticklabels())
    ends = {group.stage: group.channels for group in parts}
    words = ", ".join(f"{title_of(stage)} {channels:,}" for stage, channels in ends.items())
    figure.alt = f"Bars of the number of channels along {config.name}. Channels after {words}."
    return figure


def _growth_bars(axes: Axes, parts: Sequence[Group], places: Sequence[tuple[float, float]]) -> None:
    entering = 0  # channels that came into the block
    for group, (left, width) in zip(parts, places, strict=True):
        if group.stage.startswith("denseblock"):
            _bars(axes, left, entering, INPUT, width)
            _bars(axes, left, group.channels - entering, NEW, width, bottom=entering)
        else:
            color = INPUT if group.stage == "stem" else color_of(group.stage)
            _bars(axes, left, group.channels, color, width)
            entering = group.channels


def _places(parts: Sequence[Group]) -> list[tuple[float, float]]:
    """Give each bar its left end and its width.

    A layer's width is 1. The stem and the transitions are wide enough for a number above them.
    """
    others = sum(not group.has_layers for group in parts)
    layers = len(parts) - others
    wide = max(1.0, 0.09 * layers / (1 - 0.09 * others)) if others < 8 else 1.0
    places, left = [], 0.0
    for group in parts:
        width = 1.0 if group.has_layers else wide
        places.append((left, width))
        left += width
    return places


def _bars(
    axes: Axes, left: float, height: float, color: str, width: float, bottom: float = 0
) -> None:
    axes.bar(left, height, width, bottom, align="edge", **_look(color))


def _look(color: str) -> dict[str, Any]:
    """Return how a chart shows a colour: the pale one has a dark edge, a hatch is white."""
    edge, line = (INK, 0.6) if color == PLAIN else ("white", 0.5)
    return {"facecolor": color, "edgecolor": edge, "linewidth": line, "hatch": HATCHES.get(color)}


def _label_channels(
    axes: Axes, parts: Sequence[Group], places: Sequence[tuple[float, float]]
) -> list[Text]:
    """Write the number of channels above the last bar of each stage."""
    labels = []
    for group, after, (left, width) in zip(parts, [*parts[1:], None], places, strict=True):
        if after is not None and after.stage == group.stage:
            continue
        x, side = (left + width, "right") if group.has_layers else (left + width / 2, "center")
        where = {"xytext": (0, 2), "textcoords": "offset points", **ABOVE, "ha": side}
        labels.append(axes.annotate(f"{group.channels:,}", (x, group.channels), **where))
    return labels


def _label_stages(
    axes: Axes, parts: Sequence[Group], places: Sequence[tuple[float, float]]
) -> None:
    """Write the names of the dense blocks or stages below their bars."""
    ends: dict[str, list[float]] = {}
    for group, (left, width) in zip(parts, places, strict=True):
        if group.has_layers:
            ends.setdefault(group.stage, []).extend([left, left + width])
    names = [title_of(stage).replace("dense ", "").replace(" ", "\n") for stage in ends]
    axes.set_xticks([(min(x) + max(x)) / 2 for x in ends.values()], names, fontsize=SMALL)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.01 * sum(places[-1]), 1.01 * sum(places[-1]))


def _thin_out(texts: Sequence[Text]) -> None:
    """Hide each text that would touch one before it: very short blocks leave no room."""
    shown: list[Bbox] = []
    for text in texts:
        box = text.get_window_extent()
        if any(box.overlaps(other) for other in shown):
            text.set_visible(False)
        else:
            shown.append(box)


def _legend(figure: Drawing, names: dict[str, str], used: Sequence[str]) -> None:
    """Explain the colours that are used, above the drawing."""
    patches = [Patch(label=name, **_look(color)) for color, name in names.items() if color in used]
    options = {"loc": "outside upper center", "frameon": False, "fontsize": SMALL}
    figure.legend(handles=patches, ncols=len(patches), columnspacing=1.2, **options)


def rounded(value: int) -> str:
    """Write a value with its unit: "7.979 million"."""
    units = ((scale, unit) for scale, unit in NUMBERS if value >= scale)
    scale, unit = next(units, NUMBERS[-1])
    return f"{value / scale:.4g} {unit}".strip()
