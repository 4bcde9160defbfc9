"""Garments on textures and photographs, with a class for each pixel. Chapter 13.

The masks are exact, because a scene is made by them: a pixel is the garment's where the mask says
so, and the background's elsewhere. All random numbers are whole ones, so that the same seed makes
the same scenes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..configs import check_choice, check_positive
from .batches import resize
from .images import Images

KINDS = ("background", "top", "trousers", "dress", "shoe", "bag")
KIND_OF = (1, 2, 1, 3, 1, 4, 1, 4, 5, 4)  # of Fashion-MNIST's ten classes
VISIBLE = 20  # grey, of 255: the edge of a garment
MOST = 3  # garments in a scene
WIDEST = 160  # pixels of a photograph that a background shows, each way


@dataclass(frozen=True, eq=False)
class Scenes:
    """Colour images with the class of each pixel.

    Args:
        images: uint8 [N, 3, H, W].
        masks: int64 [N, H, W], places in `KINDS`.
    """

    images: Tensor
    masks: Tensor

    def __len__(self) -> int:
        return len(self.images)


def make_scenes(
    garments: Images, count: int, photographs: Sequence[Tensor], size: int = 48, seed: int = 0
) -> Scenes:
    """Lay one to three garments on each of many backgrounds, half of them photographs' crops.

    Args:
        garments: grey images of Fashion-MNIST's ten classes, in its order.
        count: scenes to make.
        photographs: uint8 [3, H, W] each, to cut backgrounds out of; see `photographs`.
        size: height and width of a scene, at least the garments' own.
        seed: any whole number of at least 0.

    Raises:
        ValueError: if the garments are too large, in colour, or of other classes, or a photograph
            is too small.
    """
    check_positive("count", count)
    if any(min(photograph.shape[1:]) < max(size, WIDEST) for photograph in photographs):
        raise ValueError(f"photographs must have at least {max(size, WIDEST)} pixels each way")
    high, wide = garments.images.shape[2:]
    if check_positive("size", size) < max(high, wide):
        raise ValueError(f"size={size} must be at least {max(high, wide)}, that of the garments")
    if garments.channels != 1 or garments.num_classes != len(KIND_OF):
        raise ValueError(f"garments={garments} must be grey, of Fashion-MNIST's ten classes")
    draw = torch.Generator().manual_seed(seed)
    images = torch.empty(count, 3, size, size, dtype=torch.uint8)
    masks = torch.zeros(count, size, size, dtype=torch.int64)
    for i in range(count):
        make = crop if i % 2 else texture
        images[i] = make(photographs, size, draw)
        for _ in range(_number(1, MOST, draw)):
            which = _number(0, len(garments) - 1, draw)
            top, left = _number(0, size - high, draw), _number(0, size - wide, draw)
            place = (slice(top, top + high), slice(left, left + wide))
            grey = garments.images[which]  # [1, h, w]
            here = grey[0] >= VISIBLE  # [h, w]
            tint = torch.randint(64, 256, (3, 1, 1), generator=draw)
            images[i][:, *place][:, here] = (grey * tint // 255).to(torch.uint8)[:, here]
            masks[i][place][here] = KIND_OF[garments.labels[which]]
    return Scenes(images, masks)


def crop(photographs: Sequence[Tensor], size: int, draw: torch.Generator) -> Tensor:
    """A square of a photograph, at a random scale: uint8 [3, size, size]."""
    photograph = photographs[_number(0, len(photographs) - 1, draw)]
    side = _number(size, max(size, WIDEST), draw)
    top, left = (_number(0, n - side, draw) for n in photograph.shape[1:])
    return resize(photograph[None, :, top : top + side, left : left + side], size)[0]


def texture(_: Sequence[Tensor], size: int, draw: torch.Generator) -> Tensor:
    """Stripes or checks of two colours, with noise: uint8 [3, size, size]."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    a, b, period = _number(-3, 3, draw), _number(1, 3, draw), _number(4, 16, draw)
    pattern = (a * x + b * y) // period
    if _number(0, 1, draw):
        pattern = pattern + (b * x - a * y) // period
    colours = torch.randint(0, 256, (2, 3), generator=draw)
    noise = torch.randint(-24, 25, (3, size, size), generator=draw)
    return (colours[pattern % 2].permute(2, 0, 1) + noise).clamp(0, 255).to(torch.uint8)


def photographs(part: str) -> list[Tensor]:
    """Two colour photographs that come with scikit-learn, cut apart: uint8 [3, H, W] each.

    Args:
        part: "train" for the left three quarters, "test" for the rest; they share no pixel.

    Raises:
        ValueError: for another part.
    """
    from sklearn.datasets import load_sample_image

    check_choice("part", part, ("train", "test"))
    cut = slice(0, 480) if part == "train" else slice(480, None)
    both = (load_sample_image(name) for name in ("china.jpg", "flower.jpg"))
    return [torch.from_numpy(pixels.transpose(2, 0, 1)[:, :, cut].copy()) for pixels in both]


def _number(low: int, high: int, draw: torch.Generator) -> int:
    """A random whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=draw))
