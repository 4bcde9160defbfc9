"""Drawings of whole networks, from their configuration: channels, shapes, parameters, FLOPs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from .. import arithmetic
from ..checks import check_choice
from ..configs import Config, DenseNetConfig
from .drawing import INK, INPUT, NEW, PLAIN, SMALL, SUM, TEXT, TRANSITION, WIDTH, Drawing, Sheet


class Group(NamedTuple):
    """Rows of the trace that make one bar: a dense layer, a transition, a residual block, ..."""

    stage: str
    rows: list[arithmetic.Row]

    @property
    def channels(self) -> int:
        return self.rows[-1].channels

    def total(self, field: str) -> int:
        return sum(getattr(row, field) for row in self.rows)


def groups(config: Config, image_size: int | None = None) -> list[Group]:
    """Split a network's trace into its dense layers or residual blocks, and what is between."""
    found: dict[str, Group] = {}
    for row in arithmetic.trace(config, image_size):
        parts = row.name.removeprefix("features.").split(".")
        inside = row.stage.startswith(("denseblock", "layer"))
        key = ".".join(parts[:2]) if inside else row.stage
        found.setdefault(key, Group(row.stage, [])).rows.append(row)
    return list(found.values())


def stage_color(stage: str) -> str:
    """Return the colour of a part of a network."""
    colors = {"denseblock": NEW, "transition": TRANSITION, "layer": SUM, "image": INPUT}
    return colors.get(stage.rstrip("0123456789"), PLAIN)


def stage_title(stage: str) -> str:
    """Write a stage's name as words: "dense block 1"."""
    kind = stage.rstrip("0123456789")
    words = {"denseblock": "dense block", "layer": "stage", "head": "classifier"}
    return f"{words.get(kind, kind)} {stage[len(kind) :]}".strip()


def channel_growth(config: Config) -> Drawing:
    """Draw the channels along a network, one bar after each of its layers.

    Args:
        config: a `DenseNetConfig`, or a `ResNetConfig` (one bar after each residual block).

    Returns:
        Bars of the channels after the stem, each layer and each transition. In a dense block, what
        came into the block and what its layers have added have colours of their own.

    Source: arXiv:1608.06993, Table 1.
    """
    size = max(config.image_size, arithmetic.minimum_size(config))
    parts = [group for group in groups(config, size) if group.stage != "head"]
    figure, (axes,) = _plot(1, 3.3)
    lefts, widths = _positions(parts)
    entering = 0
    for group, left, width in zip(parts, lefts, widths, strict=True):
        dense = group.stage.startswith("denseblock")
        color = INPUT if group.stage == "stem" else stage_color(group.stage)
        options = {"align": "edge", "edgecolor": "white", "linewidth": 0.3}
        if dense:
            axes.bar(left, entering, width, color=INPUT, **options)
            axes.bar(left, group.channels - entering, width, entering, color=color, **options)
        else:
            axes.bar(left, group.channels, width, color=color, **options)
            entering = group.channels
    _label_channels(axes, parts, lefts, widths)
    _label_stages(axes, parts, lefts, widths)
    axes.set_ylabel("channels", fontsize=TEXT)
    axes.margins(y=0.14)
    figure.alt = _growth_in_words(config, parts)
    return figure


def _growth_in_words(config: Config, parts: list[Group]) -> str:
    ends = {group.stage: group.channels for group in parts}
    words = ", ".join(f"{stage_title(stage)} {channels:,}" for stage, channels in ends.items())
    return f"Bars of the number of channels along {config.name}. Channels after: {words}."


def _positions(parts: Sequence[Group]) -> tuple[list[float], list[float]]:
    """Place the bars: layers have a width of 1; the stem and transitions have room for a number."""
    inside = [group.stage.startswith(("denseblock", "layer")) for group in parts]
    layers, others = sum(inside), len(inside) - sum(inside)
    wide = max(1.0, 0.075 * layers / (1 - 0.075 * others)) if others < 9 else 1.0
    widths = [1.0 if layer else wide for layer in inside]
    return [sum(widths[:i]) for i in range(len(widths))], widths


def _label_channels(
    axes: Axes, parts: Sequence[Group], lefts: Sequence[float], widths: Sequence[float]
) -> None:
    for i, group in enumerate(parts):
        last = i + 1 == len(parts) or parts[i + 1].stage != group.stage
        if last:
            inside = group.stage.startswith(("denseblock", "layer"))
            x = lefts[i] + (widths[i] if inside else widths[i] / 2)
            axes.annotate(
                f"{group.channels:,}",
                (x, group.channels),
                (0, 2),
                textcoords="offset points",
                ha="right" if inside else "center",
                va="bottom",
                fontsize=SMALL,
                color=INK,
            )


def _label_stages(
    axes: Axes, parts: Sequence[Group], lefts: Sequence[float], widths: Sequence[float]
) -> None:
    ticks: dict[str, list[float]] = {}
    for group, left, width in zip(parts, lefts, widths, strict=True):
        if group.stage.startswith(("denseblock", "layer")):
            ticks.setdefault(group.stage, []).extend([left, left + width])
    names = [stage_title(stage).replace("dense block", "block") for stage in ticks]
    axes.set_xticks([(min(t) + max(t)) / 2 for t in ticks.values()], names, fontsize=SMALL)
    axes.tick_params(axis="x", length=0)


def _plot(rows: int, height: float) -> tuple[Drawing, list[Axes]]:
    figure = Drawing(WIDTH, height, layout="constrained")
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False)
    for axes in grid[:, 0]:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=SMALL)
    return figure, list(grid[:, 0])


def stage_map(config: Config, image_size: int | None = None) -> Drawing:
    """Draw the forward pass of a network as boxes, with the shape after each of them.

    Args:
        config: a `DenseNetConfig` or a `ResNetConfig`.
        image_size: height and width of the image in pixels; the default is the configuration's.

    Returns:
        Boxes from top to bottom; beside each of them channels × height × width.

    Raises:
        ValueError: if the image is too small for the network.

    Source: arXiv:1608.06993, Table 1.
    """
    size = config.image_size if image_size is None else image_size
    stages = arithmetic.stages(config, size)
    lines = [("image", "", f"{config.in_channels} × {size} × {size}")]
    for stage in stages:
        shape = f"{stage.channels} × {stage.size} × {stage.size}"
        if stage.name == "head":
            shape = f"{stage.channels:,} classes"
        lines.append((stage.name, _details(config, stage.name), shape))
    sheet = Sheet()
    y = 0.0
    words = []
    for name, details, shape in lines:
        height = 0.6 if details else 0.36
        if y:
            sheet.arrow([(1.85, y), (1.85, y + 0.2)])
        y += 0.2 + height / 2
        text = stage_title(name) + (f"\n{details}" if details else "")
        sheet.box(1.85, y, 3.4, height, text, stage_color(name))
        sheet.text(3.7, y, shape, ha="left", fontweight="bold")
        words.append(f"{stage_title(name)} {shape}")
        y += height / 2
    return sheet.finish(
        y + 0.12, f"The parts of {config.name}, with the shape after each: {', '.join(words)}."
    )


def _details(config: Config, stage: str) -> str:
    kind = stage.rstrip("0123456789")
    if kind == "stem":
        return "7×7 conv, 3×3 max pooling" if config.stem == "imagenet" else "3×3 conv"
    if kind == "head":
        return "average pooling, linear"
    number = int(stage[len(kind) :])
    if isinstance(config, DenseNetConfig):
        if kind == "transition":
            return f"1×1 conv, 2×2 {config.pool} pooling"
        kernels = "3×3 conv" if config.bn_size is None else "1×1, 3×3 conv"
        return f"{config.block_config[number - 1]} × ({kernels}), k = {config.growth_rate}"
    kernels = "3×3, 3×3" if config.block == "basic" else "1×1, 3×3, 1×1"
    return f"{config.layers[number - 1]} × ({kernels} conv)"


def per_layer(config: Config, image_size: int | None = None, by: str = "layer") -> Drawing:
    """Draw where parameters, FLOPs and memory are, as bars along the network.

    Args:
        config: a `DenseNetConfig` or a `ResNetConfig`.
        image_size: height and width of the image in pixels; the default is the configuration's.
        by: "layer" for a bar for each dense layer or residual block, "stage" for one per block.

    Returns:
        Three rows of bars: parameters; FLOPs of one image; memory that one image keeps for the
        backward pass.

    Raises:
        ValueError: if the image is too small for the network, or `by` is something else.
    """
    check_choice("by", by, ("layer", "stage"))
    parts = groups(config, image_size)
    if by == "stage":
        parts = [
            Group(stage, [row for part in parts if part.stage == stage for row in part.rows])
            for stage in dict.fromkeys(part.stage for part in parts)
        ]
    figure, all_axes = _plot(3, 5.4)
    lefts, widths = _positions(parts)
    words = []
    for axes, (title, field, unit, scale) in zip(all_axes, _MEASURES, strict=True):
        values = [part.total(field) / scale for part in parts]
        colors = [stage_color(part.stage) for part in parts]
        axes.bar(lefts, values, widths, align="edge", color=colors, edgecolor=INK, linewidth=0.3)
        total = sum(values)
        axes.set_title(f"{title}: {total:,.3g} {unit}", fontsize=TEXT, loc="left")
        words.append(f"{title} {total:,.3g} {unit}")
    _label_stages(all_axes[-1], parts, lefts, widths)
    figure.alt = f"Bars along {config.name}, in three rows. In all: {'; '.join(words)}."
    return figure


_MEASURES: list[tuple[str, str, str, float]] = [
    ("parameters", "parameters", "million", 1e6),
    ("FLOPs", "flops", "billion", 1e9),
    ("kept for the backward pass", "kept_bytes", "MiB", 2**20),
]
