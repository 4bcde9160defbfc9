"""Small grids of numbers, such as what each pixel of an input counts for."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from torch import Tensor

from .drawing import INK, PLAIN, SMALL, TEXT, WIDTH, Drawing

MOST, LARGEST = 3, 8  # grids side by side; rows and columns of one
HIGHEST = 99  # two digits have room in a square


def number_grids(grids: Mapping[str, Tensor]) -> Drawing:
    """Show whole numbers in squares, side by side: the larger a number, the darker its square.

    Args:
        grids: for each title, numbers from 0 to 99, [rows, columns]; up to three grids of up to
            8 × 8.

    Returns:
        A row of grids. A number has the same grey in all of them; squares of 0 are empty.

    Raises:
        ValueError: if there are too many grids, or one is too large or holds other numbers.
    """
    check_grids(grids)
    figure = Drawing(WIDTH, 2.1, layout="constrained")
    row = figure.subplots(1, len(grids), squeeze=False)[0]
    highest = max(int(grid.max()) for grid in grids.values())
    for axes, (title, grid) in zip(row, grids.items(), strict=True):
        _draw_grid(axes, grid, highest)
        axes.set_title(title, fontsize=TEXT, color=INK)
    figure.settle()
    words = [f"{title}: {_rows(grid)}." for title, grid in grids.items()]
    figure.alt = (
        "Grids of numbers side by side, darker where they are larger. Row by row, without the "
        f"zeros around them: {' '.join(words)}"
    )
    return figure


def check_grids(grids: Mapping[str, Tensor]) -> None:
    """Raise a ValueError unless these are grids that have room."""
    if not 1 <= len(grids) <= MOST:
        raise ValueError(f"grids={list(grids)} must be 1 to {MOST} grids")
    for title, grid in grids.items():
        if grid.dim() != 2 or not 1 <= min(grid.shape) <= max(grid.shape) <= LARGEST:
            raise ValueError(
                f"grids[{title!r}] has the shape {tuple(grid.shape)}: it must be [rows, columns], "
                f"at most {LARGEST} each way"
            )
        if not ((grid >= 0) & (grid <= HIGHEST) & (grid == grid.round())).all():
            raise ValueError(f"grids[{title!r}] must hold whole numbers from 0 to {HIGHEST} only")


def _draw_grid(axes: Axes, grid: Tensor, highest: int) -> None:
    """Draw a square for each number, and write the number into it."""
    # by the root, a 1 differs from 0; the highest number is half grey, and letters can be read
    shades = PowerNorm(0.5, vmin=0, vmax=max(1, 4 * highest))
    axes.pcolormesh(grid.numpy(), cmap="Greys", norm=shades, edgecolors=PLAIN)
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.invert_yaxis()  # the first row is on top
    for row, column in grid.nonzero().tolist():
        number = str(int(grid[row, column]))
        middle = {"ha": "center", "va": "center"}
        axes.text(column + 0.5, row + 0.5, number, **middle, fontsize=SMALL, color=INK)


def _rows(grid: Tensor) -> str:
    """Write the numbers of the smallest rectangle that holds all but zeros: "1 2 1, 2 4 2"."""
    places = grid.nonzero()
    if len(places) == 0:
        return "zeros only"
    (top, left), (bottom, right) = places.amin(dim=0).tolist(), places.amax(dim=0).tolist()
    inside = grid[top : bottom + 1, left : right + 1].int().tolist()
    return ", ".join(" ".join(map(str, row)) for row in inside)
