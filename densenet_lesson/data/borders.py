"""Chapter 7: arrays as people have them become what `Images` holds, or are refused in clear words.

Each function names the array it speaks of, such as "train_labels", what is wrong with it, and what
to do about it. Nothing is lost on the way: what 8 bits can't hold is refused, not rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

CHANNELS = (1, 3)
EXACT = 1e-3  # how far from a whole number of 255ths a 32-bit fraction may come to lie


def as_pixels(name: str, array: Any) -> np.ndarray:
    """Images as uint8 [N, C, H, W].

    Args:
        name: of the array, for errors.
        array: N×H×W, N×H×W×C or N×C×H×W with C = 1 or 3, of numpy or torch: whole numbers from 0
            to 255 of any type, or fractions from 0 to 1 that are 255ths, as torchvision's
            `ToTensor` makes them.

    Raises:
        ValueError: for another shape, or for values that 8 bits can't hold.
    """
    array = in_native_order(name, array)
    if array.ndim == 3:
        array = array[:, None]
    elif array.ndim == 4 and array.shape[-1] in CHANNELS and array.shape[1] not in CHANNELS:
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in CHANNELS:
        raise ValueError(
            f"{name} has the shape {list(array.shape)}: images must be [N, H, W], [N, H, W, C] or "
            "[N, C, H, W] with C = 1 (grey) or 3 (colour)"
        )
    if array.size == 0:
        raise ValueError(f"{name} is empty ({list(array.shape)}): at least one image is needed")
    return np.ascontiguousarray(in_8_bits(name, array))


def in_8_bits(name: str, array: np.ndarray) -> np.ndarray:
    """The same pixels as uint8; ValueError for what would not be the same."""
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "b":
        return array * np.uint8(255)
    if array.dtype.kind == "f" and np.isnan(array).any():
        first = np.argwhere(np.isnan(array))[0]
        raise ValueError(
            f"{name} holds NaN, first in image {first[0]}: fill or leave out such images"
        )
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise ValueError(
            f"{name} goes from {low:.4g} to {high:.4g}: pixels go from 0 to 255 (or from 0 to 1); "
            "undo a normalisation, or scale the values"
        )
    scaled = array * 255.0 if array.dtype.kind == "f" and high <= 1 else array
    whole = np.rint(scaled)
    if np.abs(scaled - whole).max() > EXACT:
        raise ValueError(
            f"{name} holds fractions between the 256 steps that are kept: if rounding is fine, "
            f"write (255 * {name}).round().astype('uint8'), for values from 0 to 1"
        )
    return whole.astype(np.uint8)


def as_labels(name: str, array: Any) -> np.ndarray:
    """Labels as int64 [N].

    Args:
        name: of the array, for errors.
        array: [N] or [N, 1], whole numbers of any type, counted from 0.

    Raises:
        ValueError: for another shape, such as one column for each class, or for fractions.
    """
    array = in_native_order(name, array)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        raise ValueError(
            f"{name} has a column for each of {array.shape[1]} classes, but one number for each "
            f"image is wanted: use {name}.argmax(1)"
        )
    if array.ndim != 1:
        raise ValueError(f"{name} has the shape {list(array.shape)}: one number an image, [N]")
    if array.dtype.kind not in "iuf" or (array != np.floor(array)).any():
        raise ValueError(
            f"{name} ({array.dtype}) must hold whole numbers, counted from 0: number the classes, "
            f"for example by numpy.unique({name}, return_inverse=True)"
        )
    return array.astype(np.int64)


def check_count(images: str, labels: str, pixels: np.ndarray, numbers: np.ndarray) -> None:
    """Raise a ValueError unless there is a label for each image."""
    if len(pixels) != len(numbers):
        raise ValueError(
            f"{images} holds {len(pixels)} images and {labels} {len(numbers)} labels: there must "
            "be one for each, in the same order"
        )


def as_classes(names: Iterable[Any] | None, **labels: np.ndarray) -> tuple[str, ...]:
    """Names of the classes as texts: bytes are read as UTF-8, ends of lines and spaces go.

    None numbers the classes.

    Raises:
        ValueError: if the labels count from 1, or are not those that have a name.
    """
    if names is not None:
        texts = (name.decode() if isinstance(name, bytes) else str(name) for name in names)
        names = tuple(text.strip() for text in texts)
    low = min(numbers.min() for numbers in labels.values())
    high = max(numbers.max() for numbers in labels.values())
    count = high + 1 if names is None else len(names)
    if low == 1 and (names is None or high == count):
        raise ValueError(
            f"{' and '.join(labels)} go from 1 to {high}, but classes are counted from 0: "
            "subtract 1 from each"
        )
    for name, numbers in labels.items():
        if numbers.min() < 0 or numbers.max() >= count:
            raise ValueError(
                f"{name} goes from {numbers.min()} to {numbers.max()}: labels must be 0 to "
                f"{count - 1}, one for each of {count} classes"
            )
    return tuple(map(str, range(count))) if names is None else names


def in_native_order(name: str, array: Any) -> np.ndarray:
    """The array as numpy's, in this machine's byte order; ValueError for one of objects."""
    array = np.asarray(array)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, and holds {array.dtype}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)
