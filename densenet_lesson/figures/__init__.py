"""Every drawing of the book, made from the same configurations and numbers as the networks.

Each function returns a matplotlib figure and shows nothing by itself: a notebook shows a figure
that is the last line of a cell. `figure.alt` says in words what the picture shows.
"""

from __future__ import annotations

from .blocks import connectivity, dense_block, dense_layer, residual_block, transition
from .drawing import INPUT, NEW, PLAIN, SUM, SVG_OPTIONS, TRANSITION
from .networks import channel_growth, per_layer, stage_map
from .pictures import image_grid

__all__ = [
    "INPUT",
    "NEW",
    "PLAIN",
    "SUM",
    "TRANSITION",
    "channel_growth",
    "connectivity",
    "dense_block",
    "dense_layer",
    "image_grid",
    "per_layer",
    "residual_block",
    "stage_map",
    "transition",
    "use_svg",
]


def use_svg() -> None:
    """Let a notebook show figures as SVG, the same file each time; elsewhere, do nothing."""
    import matplotlib

    matplotlib.rcParams.update(SVG_OPTIONS)
    try:
        from IPython import get_ipython
        from IPython.core.pylabtools import select_figure_formats
        from matplotlib_inline.config import InlineBackend
    except ImportError:
        return
    shell = get_ipython()
    if shell is None:
        return
    options = {"bbox_inches": "tight", "metadata": {"Date": None}}
    backend = InlineBackend.instance(parent=shell)
    backend.figure_formats = {"svg"}  # for when pyplot is imported later
    backend.print_figure_kwargs = options
    select_figure_formats(shell, {"svg"}, **options)  # for now
