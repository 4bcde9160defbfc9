"""What chapter 10 finds inside networks: who reads whom, numbers by depth, where it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import LogLocator, NullFormatter
from torch import Tensor
from torch.nn import functional as F

from ..configs import check_choice
from .curves import COLORS
from .drawing import INK, LINES, NEW, PLAIN, SMALL, TEXT, WIDTH, Drawing

DASHES = {"dense": "-", "sum": "--", "plain": ":"}
MOST = 5  # pictures in a row


def reuse_maps(
    blocks: Mapping[str, Tensor],
    exits: Sequence[str],
    label: str,
    alt: str,
    most: float | None = None,
) -> Drawing:
    """Draw who reads whom in each dense block, as the paper's Figure 5. Chapter 10.

    Args:
        blocks: for each block's title [sources, readers], the block's input and the first layer
            first; NaN where a reader can't read a source.
        exits: for each block, what its last reader is called.
        label: what the squares show: the darker, the more.
        alt: what the picture shows, in a sentence or more.
        most: what is black; without it, the largest of these numbers.

    Raises:
        ValueError: if there is no block, or a block's exit has no name.
    """
    if not blocks or len(blocks) != len(exits):
        raise ValueError(f"exits={list(exits)} must name one exit for each of {list(blocks)}")
    figure = Drawing(WIDTH, 2.75, layout="constrained")
    row = figure.subplots(1, len(blocks), squeeze=False, sharey=True)[0]
    if most is None:
        most = max(values[~values.isnan()].max().item() for values in blocks.values())
    for axes, (title, values), leave in zip(row, blocks.items(), exits, strict=True):
        options = {"cmap": "Greys", "vmin": 0, "vmax": most, "interpolation": "none"}
        shown = axes.imshow(values.numpy(), **options)
        sources, readers = values.shape
        axes.set_xticks(range(readers), [*map(str, range(1, readers)), leave], fontsize=SMALL)
        axes.set_yticks(range(sources), ["input", *map(str, range(1, sources))], fontsize=SMALL)
        axes.axvline(readers - 1.5, color=INK, linewidth=0.8)  # the exit is no layer of the block
        axes.tick_params(length=0)
        axes.set_title(title, fontsize=TEXT)
    row[0].set_ylabel("written by", fontsize=TEXT)
    row[len(row) // 2].set_xlabel("read by", fontsize=TEXT)
    bar = figure.colorbar(shown, ax=list(row), location="bottom", aspect=40, pad=0.04)
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    figure.settle()
    figure.alt = alt
    return figure


def by_depth(
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    kinds: Mapping[str, str],
    alt: str,
) -> Drawing:
    """Draw a number for each layer of several networks, from the first to the last. Chapter 10.

    Args:
        panels: for each title, the numbers of each network, more than 0. Two panels to a row; all
            have one logarithmic axis.
        kinds: for each network "dense", "sum" or "plain": the colour and the dashes of its line.
        alt: what the picture shows, in a sentence or more.

    Raises:
        ValueError: if there is no panel, or a kind is missing or unknown.
    """
    if not panels:
        raise ValueError("panels={} must have at least one panel")
    for name in {name for lines in panels.values() for name in lines}:
        check_choice(f"kinds[{name!r}]", kinds.get(name), tuple(COLORS))
    rows = -(-len(panels) // 2)
    figure = Drawing(WIDTH, 0.5 + 1.9 * rows, layout="constrained")
    grid = figure.subplots(rows, min(2, len(panels)), squeeze=False, sharex=True, sharey="row")
    for axes, (title, lines) in zip(grid.flat, panels.items(), strict=False):
        for name, numbers in lines.items():
            color = LINES.get(COLORS[kinds[name]], COLORS[kinds[name]])
            axes.plot(
                range(1, len(numbers) + 1), numbers, DASHES[kinds[name]], color=color, label=name
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(title, fontsize=TEXT)
        axes.tick_params(labelsize=SMALL)
        axes.grid(axis="y", color=PLAIN)
    for axes in grid[-1]:
        axes.set_xlabel("layer", fontsize=TEXT)
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=3, fontsize=SMALL)
    figure.settle()
    figure.alt = alt
    return figure


def where_it_looks(
    pictures: Tensor, maps: Mapping[str, Tensor], titles: Sequence[str], alt: str
) -> Drawing:
    """Lay over pictures what spoke for an answer: the more orange, the more. Chapter 10.

    Args:
        pictures: [N, C, H, W] of numbers from 0 to 1, up to five; C is 1 or 3.
        maps: for the name of each row [N, h, w]: what is below 0 counts as 0.
        titles: what stands above each picture.
        alt: what the picture shows, in a sentence or more.

    Raises:
        ValueError: if the numbers of pictures, maps and titles don't agree, or are too many.
    """
    counts = {len(pictures), len(titles), *map(len, maps.values())}
    if len(counts) > 1 or not 1 <= len(pictures) <= MOST:
        raise ValueError(
            f"pictures, titles and each of maps must be of one length from 1 to {MOST}; they are "
            f"{len(pictures)}, {len(titles)} and {[len(values) for values in maps.values()]}"
        )
    rows = {"": None, **maps}
    side = (WIDTH - 0.25) / len(pictures)  # the names of the rows take the rest
    height = side * pictures.shape[2] / pictures.shape[3]
    figure = Drawing(WIDTH, 0.3 + len(rows) * height, layout="constrained")
    grid = figure.subplots(len(rows), len(pictures), squeeze=False)
    for line, (name, values) in zip(grid, rows.items(), strict=True):
        for i, axes in enumerate(line):
            _show(axes, pictures[i], None if values is None else values[i])
        line[0].set_ylabel(name, fontsize=SMALL)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=SMALL, pad=4)
    figure.settle()
    figure.alt = alt
    return figure


def _show(axes: Axes, picture: Tensor, values: Tensor | None) -> None:
    """Show a picture, and what a map says of it in orange over it."""
    pixels = picture.detach().float().expand(3, -1, -1)  # [3, H, W]
    if values is not None:
        heat = values.detach().float().clamp(min=0)[None, None]
        heat = F.interpolate(heat, pixels.shape[1:], mode="bilinear", align_corners=False)[0]
        heat = 0.8 * heat / heat.max().clamp(min=1e-12)  # [1, H, W]
        orange = torch.tensor(to_rgb(NEW)).view(3, 1, 1)
        pixels = (1 - heat) * pixels + heat * orange
    axes.imshow(pixels.permute(1, 2, 0).clamp(0, 1).numpy(), interpolation="none")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
