"""Pictures of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..checks import check_positive
from .drawing import SMALL, WIDTH, Drawing

if TYPE_CHECKING:
    from ..data import Images

COLUMNS = 5


def image_grid(images: Images, num: int = 20, titles: Sequence[str] | None = None) -> Drawing:
    """Show the first images of a data set, with the names of their classes.

    Args:
        images: the data set; grey or colour.
        num: how many to show.
        titles: what to write above each instead of the class name, such as a prediction.

    Returns:
        Rows of five images.

    Raises:
        ValueError: if `num` is more than there are, or `titles` does not have one for each.
    """
    check_positive("num", num)
    if num > len(images):
        raise ValueError(f"num={num} must be at most {len(images)}, the number of images")
    if titles is None:
        titles = [images.class_names[label] for label in images.labels[:num].tolist()]
    if len(titles) != num:
        raise ValueError(
            f"titles must hold one title for each of the num={num} images, got {len(titles)}"
        )
    rows = -(-num // COLUMNS)
    figure = Drawing(WIDTH, 1.25 * rows, layout="constrained")
    grid = figure.subplots(rows, COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    pixels = images.images[:num].cpu().permute(0, 2, 3, 1).numpy()  # [N, C, H, W] → [N, H, W, C]
    for axes, image, title in zip(grid.flat, pixels, titles, strict=False):
        axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
        axes.set_title(title, fontsize=SMALL, pad=3)
    height, width = pixels.shape[1:3]
    figure.alt = (
        f"{num} images of {height} × {width} pixels, in rows of {COLUMNS}, with a title each: "
        f"{', '.join(titles)}."
    )
    return figure
