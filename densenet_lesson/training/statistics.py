"""How sure a difference between two networks is, image by image. Chapter 8.

Several runs of a network are arrays of one row a run and one column a test image. Row i of one
network is compared with row i of the other, so a row is a seed, and the images are the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


def paired_bootstrap(
    one: ArrayLike, other: ArrayLike, level: float = 0.95, samples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Say within which bounds a difference in accuracy lies, over images *and* seeds.

    Draws as many seeds and as many images as there are, both with replacement, and takes the
    difference in mean accuracy on them; and so on, `samples` times. One seed is drawn each time.

    Args:
        one, other: whether each run got each image right, [seeds, images].
        level: the share of the drawn differences that is to lie within the bounds.
        samples: how often to draw.
        seed: of the drawing.

    Returns:
        The lower and the upper bound of mean accuracy of `one` minus that of `other`.

    Raises:
        ValueError: if the two differ in shape, or an argument makes no sense.

    Source: Owen, arXiv:0712.1111, Section 3 (the "pigeonhole" bootstrap).
    """
    differences = as_runs("one", one).astype(float) - like(one, other)
    if not (0 < level < 1 and samples >= 1):
        raise ValueError(f"level={level} must be between 0 and 1, samples={samples} at least 1")
    num_seeds, num_images = differences.shape
    dice = np.random.default_rng(seed)
    # Images on which all seeds differ alike are interchangeable: draw how many there are of each.
    columns, counts = np.unique(differences, axis=1, return_counts=True)
    images = dice.multinomial(num_images, counts / num_images, size=samples) / num_images
    seeds = dice.multinomial(num_seeds, [1 / num_seeds] * num_seeds, size=samples) / num_seeds
    drawn = (images @ columns.T * seeds).sum(axis=1)  # [samples]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


class McNemar(NamedTuple):
    """On how many images only one of two runs was right, and how often luck splits them so."""

    only_one: int
    only_other: int
    p: float


def mcnemar(one: ArrayLike, other: ArrayLike) -> McNemar:
    """Compare two runs on the images where only one of them is right.

    If both are equally good, each of these images is a toss of a coin.

    Args:
        one, other: whether each of the two runs got each image right, [images].

    Returns:
        Both numbers of images, and the probability of a split at least as uneven.

    Raises:
        ValueError: if the two differ in shape.

    Source: McNemar, 1947, doi:10.1007/BF02295996, in its exact form.
    """
    (one,), (other,) = as_runs("one", [one]), like([one], [other])
    counts = int((one & ~other).sum()), int((other & ~one).sum())
    total, tail, splits = sum(counts), 0, 1  # ways to split all images so that one gets k of them
    for k in range(min(counts) + 1):
        tail += splits
        splits = splits * (total - k) // (k + 1)
    return McNemar(*counts, min(1.0, 2 * tail / 2**total))


def as_runs(name: str, values: ArrayLike) -> NDArray[np.bool_]:
    """Return right and wrong as an array [seeds, images], or raise a ValueError."""
    array = np.asarray(values)
    if array.ndim != 2 or array.size == 0 or array.dtype != bool:
        raise ValueError(
            f"{name} must be booleans of shape [seeds, images], not {array.dtype} of {array.shape}"
        )
    return array


def like(one: ArrayLike, other: ArrayLike) -> NDArray[np.bool_]:
    """Return the second of two networks' runs; as many seeds and images as of the first."""
    first, second = as_runs("one", one), as_runs("other", other)
    if first.shape != second.shape:
        raise ValueError(
            f"other has shape {second.shape}, and must have that of one, {first.shape}"
        )
    return second
