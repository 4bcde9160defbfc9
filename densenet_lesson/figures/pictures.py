"""Pictures of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from ..configs import check_positive
from .drawing import SMALL, WIDTH, Drawing

if TYPE_CHECKING:
    from ..data.images import Images

COLUMNS = 5
MOST = 4  # pictures side by side


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


def side_by_side(pictures: Mapping[str, Tensor], seen: str) -> Drawing:
    """Show pictures of any number of pixels equally large, side by side. Chapters 3, 5 and 6.

    Args:
        pictures: for each title, a picture [C, H, W] of numbers from 0 to 1: colour for C = 3, grey
            for C = 1, from black to white.
        seen: what there is to see, in words, for those who don't see it.

    Returns:
        A row of up to four pictures.

    Raises:
        ValueError: if there are none or too many, or one is no picture.
    """
    if not 1 <= len(pictures) <= MOST:
        raise ValueError(f"pictures={list(pictures)} must be 1 to {MOST} pictures")
    for title, picture in pictures.items():
        if picture.dim() != 3 or len(picture) not in (1, 3):
            raise ValueError(
                f"pictures[{title!r}] has the shape {tuple(picture.shape)}: it must be [C, H, W], "
                "with 1 or 3 channels"
            )
    figure = Drawing(WIDTH, 0.4 + WIDTH / len(pictures), layout="constrained")
    row = figure.subplots(1, len(pictures), squeeze=False)[0]
    for axes, (title, picture) in zip(row, pictures.items(), strict=True):
        pixels = picture.detach().clamp(0, 1).permute(1, 2, 0).cpu().numpy()  # [H, W, C]
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="none")
        axes.set_title(title, fontsize=SMALL, pad=4)
        axes.set_axis_off()
    figure.settle()
    sizes = [f"{title} ({p.shape[1]} × {p.shape[2]} pixels)" for title, p in pictures.items()]
    figure.alt = f"Side by side: {', '.join(sizes)}. {seen}".replace("\n", " ")
    return figure


def _titles(images: Images, num: int, titles: Sequence[str] | None) -> list[str]:
    if titles is None:
        return [images.class_names[label] for label in images.labels[:num].tolist()]
    if len(titles) != num:
        raise ValueError(
            f"titles must hold num={num} titles, one for each image; got {len(titles)}"
        )
    return [str(title) for title in titles]
