"""Photographs of one's own: a folder for each class, `class/image.jpg`, of any size. Chapter 11.

What can't be used is named, one file at a time, with what to do about it. Nothing is left out in
silence, but what no person has put there: names that begin with a dot, and `Thumbs.db`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..configs import check_positive
from .images import Images
from .loading import DataError, reason

OWN_OF_SYSTEMS = ("thumbs.db", "desktop.ini", "__macosx")
MODES = {1: "L", 3: "RGB"}


def load_folder(folder: str | Path, size: int = 224, channels: int = 3) -> Images:
    """Read photographs that are sorted into one folder for each class. Chapter 11.

    Args:
        folder: `folder/cat/any name.jpg`, `folder/dog/another.png`, ...
        size: height and width to make: each image is cut to a square around its middle, and
            resized.
        channels: 3 for colour, 1 for grey.

    Returns:
        All images, class by class; the folders' names, in alphabetical order, are the classes.
        `.split()` holds a part of them out. 1,000 images of 224 pixels take 150 MB.

    Raises:
        ValueError: if size or channels doesn't fit.
        DataError: if there is no such folder, it isn't sorted into two classes or more, or a file
            in it is no image. The message names the file.
    """
    folder = Path(folder).expanduser()
    classes = [(path.name, _files(path)) for path in _classes(folder)]
    images = [read_image(path, size, channels) for _, paths in classes for path in paths]
    labels = [label for label, (_, paths) in enumerate(classes) for _ in paths]
    return Images(torch.stack(images), torch.tensor(labels), tuple(name for name, _ in classes))


def read_image(path: str | Path, size: int = 224, channels: int = 3) -> Tensor:
    """Read one photograph as uint8 [channels, size, size], cut square around its middle.

    It stands upright as the camera says (EXIF), and what is transparent becomes white.

    Raises:
        ValueError: if size or channels doesn't fit.
        DataError: if the file is missing, or is no whole image in a format that Pillow reads.
    """
    from PIL import Image, ImageOps

    check_positive("size", size)
    if channels not in MODES:
        raise ValueError(f"channels={channels!r} must be 3 (colour) or 1 (grey)")
    try:
        with Image.open(Path(path).expanduser()) as file:
            image = ImageOps.exif_transpose(file)
            if image.mode.startswith(("I", "F")):  # 16 bits and more: Pillow would cut them off
                raise ValueError(f"its pixels have more than 8 bits, mode {image.mode}")
            if "A" in image.getbands() or "transparency" in image.info:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            image = image.convert(MODES[channels])
            image = ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)
    except Exception as error:  # a damaged file can make Pillow raise almost anything
        raise DataError(
            f"{path} can't be read as an image ({reason(error)}). Save it anew as JPEG or PNG "
            "(a phone's HEIC, too), or take it out of the folder"
        ) from error
    pixels = np.array(image, dtype=np.uint8).reshape(size, size, channels)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _classes(folder: Path) -> list[Path]:
    """The folders of the classes; DataError for anything else."""
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder.resolve()}: check the path")
    found = _contents(folder)
    loose = [path for path in found if not path.is_dir()]
    if loose:
        raise DataError(
            f"{loose[0]} lies beside the classes' folders: move it into the folder of its class, "
            f"such as {folder / 'cat' / loose[0].name}, or away"
        )
    if len(found) < 2:
        raise DataError(
            f"{folder} must hold a folder for each class, two or more; it holds "
            f"{[path.name for path in found]}"
        )
    return found


def _files(folder: Path) -> list[Path]:
    """The files of one class; DataError if there are none, or folders among them."""
    found = _contents(folder)
    deeper = [path for path in found if path.is_dir()]
    if deeper:
        raise DataError(
            f"{deeper[0]} is a folder within a class: images belong right into {folder}. If "
            f"{folder.name!r} is no class, call load_folder with {str(folder)!r}"
        )
    if not found:
        raise DataError(f"{folder} holds no image: put some into it, or take the folder away")
    return found


def _contents(folder: Path) -> list[Path]:
    """What people have put into a folder, by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in OWN_OF_SYSTEMS
    )
