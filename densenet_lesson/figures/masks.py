"""What each pixel is, and what a network takes it for. Chapter 13."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, to_hex
from matplotlib.patches import Patch
from torch import Tensor

from .drawing import INK, PLAIN, SMALL, WIDTH, Drawing

MOST = 6  # pictures in a row
SHADES = 0.22, 0.8  # of viridis, from dark to light: apart from ink and from paper, in grey too
TRUTH = {"cmap": ListedColormap(["white", INK]), "vmin": 0, "vmax": 1}


def shades(number: int) -> list[str]:
    """Return colours for so many classes, from dark to light."""
    return [to_hex(color) for color in colormaps["viridis"](np.linspace(*SHADES, number))]


def class_maps(
    pictures: Tensor, maps: Mapping[str, Tensor], names: Sequence[str], alt: str
) -> Drawing:
    """Show pictures, and below them a class for each pixel, or which pixels are wrong. Chapter 13.

    Args:
        pictures: [N, 3, H, W] of numbers from 0 to 1, up to six.
        maps: for the name of each row [N, H, W]: whole numbers are classes, and truth values black
            pixels on white.
        names: of the classes, the background first, which is grey. The others run from dark to
            light, so that no kind of colour vision mixes them up.
        alt: what the picture shows, in a sentence or more.

    Raises:
        ValueError: if there are no or too many pictures, or a map is of another size.
    """
    if not 1 <= len(pictures) <= MOST:
        raise ValueError(f"pictures must be 1 to {MOST}; there are {len(pictures)}")
    shape = (len(pictures), *pictures.shape[2:])
    for row, values in maps.items():
        if tuple(values.shape) != shape:
            raise ValueError(
                f"maps[{row!r}] must be {shape}, as pictures; is {tuple(values.shape)}"
            )
    side = (WIDTH - 0.25) / len(pictures)  # the names of the rows take the rest
    figure = Drawing(WIDTH, 0.45 + (1 + len(maps)) * side, layout="constrained")
    grid = figure.subplots(1 + len(maps), len(pictures), squeeze=False)
    colors = ListedColormap([PLAIN, *shades(len(names) - 1)])
    kinds = {"cmap": colors, "vmin": 0, "vmax": len(names) - 1}
    for line, row in zip(grid, ["scene", *maps], strict=True):
        shown = maps.get(row, pictures.clamp(0, 1).permute(0, 2, 3, 1))
        options = TRUTH if shown.dtype == torch.bool else kinds  # colours ignore both
        for axes, values in zip(line, shown, strict=True):
            axes.imshow(values.cpu().numpy(), interpolation="none", **options)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_linewidth(0.5)
        line[0].set_ylabel(row, fontsize=SMALL)
    patches = [Patch(facecolor=color, edgecolor=INK, linewidth=0.5) for color in colors.colors]
    place = {"loc": "outside lower center", "ncols": 3, "frameon": False, "fontsize": SMALL}
    figure.legend(patches, names, **place)
    figure.settle()
    figure.alt = alt
    return figure
