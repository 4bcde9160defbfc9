"""Every drawing of the book, made from the same configurations and numbers as the networks.

Each function returns a matplotlib figure and shows nothing by itself: a notebook shows a figure
that is the last line of a cell. `figure.alt` says in words what the picture shows, from the same
numbers. Each colour means one thing in the whole book (see `drawing`).
"""

from __future__ import annotations

from typing import Any

import matplotlib

from .bars import bars, stacked
from .blocks import connectivity, dense_block, dense_layer, residual_block, transition
from .branches import inception_module
from .curves import curves
from .drawing import INK, INPUT, NEW, PLAIN, SUM, SVG_OPTIONS, TRANSITION, Drawing
from .family import family
from .grids import number_grids
from .inside import by_depth, reuse_maps, where_it_looks
from .intervals import intervals
from .maps import feature_maps, weight_map
from .masks import class_maps
from .networks import channel_growth, stage_map
from .pictures import image_grid, side_by_side
from .roofline import roofline
from .seeds import seeds
from .tables import Table
from .variants import links, mixing_layers
from .whole import whole

__all__ = [
    "INK",
    "INPUT",
    "NEW",
    "PLAIN",
    "SUM",
    "TRANSITION",
    "Drawing",
    "Table",
    "bars",
    "by_depth",
    "channel_growth",
    "class_maps",
    "connectivity",
    "curves",
    "dense_block",
    "dense_layer",
    "family",
    "feature_maps",
    "image_grid",
    "inception_module",
    "intervals",
    "links",
    "mixing_layers",
    "number_grids",
    "residual_block",
    "reuse_maps",
    "roofline",
    "seeds",
    "side_by_side",
    "stacked",
    "stage_map",
    "transition",
    "use_svg",
    "weight_map",
    "where_it_looks",
    "whole",
]


def use_svg() -> None:
    """Let a notebook show figures as SVG, the same file each time. Elsewhere, show nothing."""
    matplotlib.rcParams.update(SVG_OPTIONS)
    shell = _notebook_shell()
    if shell is None:
        return
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib_inline.config import InlineBackend

    options = {"bbox_inches": "tight", "metadata": {"Date": None}}
    backend = InlineBackend.instance(parent=shell)
    backend.figure_formats = {"svg"}  # for when pyplot starts later, which sets the formats anew
    backend.print_figure_kwargs = options
    select_figure_formats(shell, {"svg"}, **options)  # from now on


def _notebook_shell() -> Any:
    """Return the IPython that runs this code, or None."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()
