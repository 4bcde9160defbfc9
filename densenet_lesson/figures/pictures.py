"""Pictures of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..arguments import check_positive
from .drawing import SMALL, WIDTH, Drawing

if TYPE_CHECKING:
    from ..images import Images

COLUMNS = 5


def image_grid(images: Images, num: int = 20, titles: Sequence[str] | None = None) -> Drawing:
    """Show the first images of a data set, with the names of their classes.

    Args:
        images: the data set, grey or colour.
        num: how many to show.
        titles: what to write above each image instead of its class, such as a prediction; "\\n"
            breaks the line.

    Returns:
        Rows of five images.

    Raises:
        ValueError: if `num` is not between 1 and the number of images, or `titles` is not as long.
    """
    check_positive("num", num)
    if num > len(images):
        raise ValueError(f"num={num} must be at most {len(images)}, the number of images")
    titles = _titles(images, num, titles)
    pixels = images.images[:num].permute(0, 2, 3, 1).cpu().numpy()  # [N, C, H, W] → [N, H, W, C]
    rows = -(-num // COLUMNS)
    lines = 1 + max(title.count("\n") for title in titles)
    # a row: the image, its title, and room that keeps the title off the image above
    figure = Drawing(WIDTH, rows * (1.06 + 0.17 * lines), layout="constrained")
    grid = figure.subplots(rows, COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, image, title in zip(grid.flat, pixels, titles, strict=False):
        # no interpolation: the SVG holds the image's own pixels
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
        axes.set_title(title, fontsize=SMALL, pad=4)
    figure.settle()
    height, width = pixels.shape[1:3]
    words = ", ".join(title.replace("\n", " ") for title in titles)
    figure.alt = f"{num} images of {height} × {width} pixels. Titles, row by row: {words}."
    return figure


def _titles(images: Images, num: int, titles: Sequence[str] | None) -> list[str]:
    if titles is None:
        return [images.class_names[label] for label in images.labels[:num].tolist()]
    if len(titles) != num:
        raise ValueError(
            f"titles must hold num={num} titles, one for each image; got {len(titles)}"
        )
    return [str(title) for title in titles]
