"""What a network holds: the channels of one image, and the weights of a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from ..configs import check_positive
from .drawing import INK, SMALL, WIDTH, Drawing

LABEL = 1.15  # inches, to the left of a line


def feature_maps(rows: Mapping[str, Tensor], alt: str, columns: int = 8) -> Drawing:
    """Show the channels of one image as grey squares, a row for each layer. Chapters 0, 2 to 4, 10.

    Args:
        rows: for the name of each row, [C, H, W]: one image's channels.
        alt: what the picture shows, in a sentence or more.
        columns: channels in a line.

    Returns:
        Each row with its name on the left, in lines of `columns` channels. A channel's smallest
        number is black, its largest white.

    Raises:
        ValueError: if there is no row, or a row isn't [C, H, W], or `columns` isn't positive.
    """
    columns = check_positive("columns", columns)
    if not rows:
        raise ValueError("rows={} must have at least one row")
    for name, maps in rows.items():
        if maps.dim() != 3:
            raise ValueError(f"rows[{name!r}] has the shape {tuple(maps.shape)}, not [C, H, W]")
    lines = [(name, part) for name, maps in rows.items() for part in _lines(name, maps, columns)]
    size = (WIDTH - LABEL) / columns
    figure = Drawing(WIDTH, 0.1 + sum(size + _gap(label) for _, (label, _) in lines))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    y = 0.05
    for _, (label, maps) in lines:
        y += _gap(label)
        axes.text(0.05, y + size / 2, label, fontsize=SMALL, color=INK, va="center")
        for i, channel in enumerate(maps):
            _draw_channel(axes, channel, LABEL + i * size, y, size)
        y += size
    axes.set(xlim=(0, WIDTH), ylim=(y + 0.05, 0))
    figure.alt = alt
    return figure


def _lines(name: str, maps: Tensor, columns: int) -> list[tuple[str, Tensor]]:
    """Cut a row into lines; only the first one carries the name."""
    parts = maps.detach().float().split(columns)
    return [(name if number == 0 else "", part) for number, part in enumerate(parts)]


def _gap(label: str) -> float:
    """The room above a line: more where another row begins."""
    return 0.08 if label else 0.0


def _draw_channel(axes: Axes, channel: Tensor, x: float, y: float, size: float) -> None:
    edge = 0.02
    low, high = channel.min().item(), channel.max().item()
    place = (x + edge, x + size - edge, y + size - edge, y + edge)
    limits = {"vmin": low, "vmax": high if high > low else low + 1}
    options = {"cmap": "gray", "interpolation": "none", "aspect": "auto"}
    axes.imshow(channel.numpy(), extent=place, **options, **limits)
    frame = {"edgecolor": INK, "linewidth": 0.4, "fill": False}  # for what is white at its rim
    axes.add_patch(Rectangle((place[0], place[3]), size - 2 * edge, size - 2 * edge, **frame))


def weight_map(
    weights: Tensor, readers: Sequence[str], sources: Sequence[str], alt: str
) -> Drawing:
    """Show how much each reader weighs each source: the darker, the more. Chapter 3.

    Args:
        weights: [readers, sources]; NaN where a reader can't read a source.
        readers: names of the rows.
        sources: names of the columns.
        alt: what the picture shows, in a sentence or more.

    Raises:
        ValueError: if the names don't fit the shape.
    """
    if tuple(weights.shape) != (len(readers), len(sources)):
        raise ValueError(
            f"weights has the shape {tuple(weights.shape)}, and there are {len(readers)} readers "
            f"and {len(sources)} sources"
        )
    figure = Drawing(WIDTH, 0.6 + 0.42 * len(readers), layout="constrained")
    axes = figure.subplots()
    axes.imshow(weights.numpy(), cmap="Greys", vmin=0, aspect="auto", interpolation="none")
    axes.set_xticks(range(len(sources)), sources, fontsize=SMALL)
    axes.set_yticks(range(len(readers)), readers, fontsize=SMALL)
    axes.tick_params(length=0)
    axes.set_facecolor("white")
    figure.settle()
    figure.alt = alt
    return figure
