"""Hand images out batch by batch: shuffled, augmented, resized and normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..configs import check_choice, check_positive
from .images import Images, check_images

PAD = 4  # pixels of padding for the random crop
AUGMENTATIONS = (False, "flip", "crop", "crop-flip")


def resize(images: Tensor, size: int) -> Tensor:
    """Resize a batch of images to squares, bilinear with antialiasing, as Pillow does it.

    Square images come out equal to `PIL.Image.resize(..., BILINEAR)` bit for bit, on every device.
    (`torch.nn.functional.interpolate` rounds its weights more coarsely: off by 1 here and there.)
    Others too, except that Pillow 13 may begin with the height where we begin with the width.

    Args:
        images: uint8 [N, C, H, W].
        size: height and width to make.

    Returns:
        uint8 [N, C, size, size]; `images` itself if that is its size already.

    Raises:
        ValueError: if images or size does not fit.

    Source: Pillow, src/libImaging/Resample.c (integer weights, one pass for each direction).
    """
    check_images(images)
    check_positive("size", size)
    height, width = images.shape[-2:]
    if height == width == size:
        return images
    rows, columns = (
        [part.to(images.device) for part in _resize_weights(old, size)] for old in (height, width)
    )
    resized = images.new_empty(*images.shape[:2], size, size)
    pieces = zip(images.split(64), resized.split(64), strict=True)  # in the processor's cache
    for old, new in pieces:
        wide = _weigh(old.int(), -1, *columns)  # [64, C, H, size]
        new.copy_(_weigh(wide, -2, *rows))  # [64, C, size, size]
    return resized


class Batches:
    """Go through images in batches: `for x, y in Batches(train, 64, shuffle=True): ...`.

    Order and augmentation depend only on (seed, epoch), and are drawn on the CPU, so that they are
    the same on every device. A training loop sets the attribute `epoch` before each epoch; going
    through the batches does not change it.

    Args:
        images: what to go through; the batches are on its device.
        batch_size: images in a batch; the last batch may hold fewer.
        size: height and width to resize to; None leaves them as they are.
        shuffle: whether to draw a new order for each epoch.
        augment: False, "crop" (pad with 4 black pixels, cut out the old size at a random place),
            "flip" (mirror half of the images, left to right) or "crop-flip" (both). It comes before
            resizing.
        seed: any whole number.
        drop_last: whether to leave out a last batch that is not full.
        mean, std: one number for each channel, for (x - mean) / std; None leaves x in [0, 1].
        part: (number, count): hand out only this part of each batch, for a process that shares
            the work with others. All parts together are the batches that one process would get.

    Yields:
        (x, y): float32 [B, C, size, size] (or PyTorch's default type) and int64 [B].

    Raises:
        ValueError: if an argument does not fit.

    Source: the augmentation "C10+" of the DenseNet paper, arXiv:1608.06993, section 4.1.
    """

    def __init__(
        self,
        images: Images,
        batch_size: int,
        size: int | None = None,
        shuffle: bool = False,
        augment: bool | str = False,
        seed: int = 0,
        drop_last: bool = False,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        check_positive("batch_size", batch_size)
        check_positive("size", 1 if size is None else size)
        check_choice("augment", augment, AUGMENTATIONS)
        if drop_last and batch_size > len(images):
            raise ValueError(
                f"batch_size={batch_size} must be at most {len(images)}, the number of images: "
                "with drop_last=True there would be no batch at all"
            )
        self.images, self.batch_size, self.size = images, batch_size, size
        self.shuffle, self.augment, self.seed, self.drop_last = shuffle, augment, seed, drop_last
        self.part = part
        self.statistics = _check_statistics(images, mean, std)
        self.epoch = 0

    def __len__(self) -> int:
        full, rest = divmod(len(self.images), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    @property
    def sizes(self) -> list[int]:
        """Number of images in each batch, all parts together."""
        last = len(self.images) - self.batch_size * (len(self) - 1)
        return [self.batch_size] * (len(self) - 1) + [min(last, self.batch_size)]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, labels = self.images.images, self.images.labels
        # torch keeps 32 bits of a seed, so seed and epoch share them.
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + self.epoch) % 2**32)
        order = torch.arange(len(images))
        if self.shuffle:
            order = torch.randperm(len(images), generator=generator)
        for chosen in order.split(self.batch_size)[: len(self)]:
            draws = _draw_changes(len(chosen), self.augment, generator) if self.augment else ()
            # this process's part of the batch, and of what was drawn for it
            number, count = self.part
            chosen, *draws = (each.tensor_split(count)[number] for each in (chosen, *draws))
            chosen = chosen.to(images.device)
            yield self._prepare(images[chosen], draws), labels[chosen]

    def _prepare(self, x: Tensor, draws: Sequence[Tensor]) -> Tensor:
        if draws:
            x = _change(x, *draws)
        if self.size is not None:
            x = resize(x, self.size)
        x = x.to(torch.get_default_dtype()).div_(255)  # in place: new memory costs more
        if self.statistics:
            mean, std = self.statistics  # [C, 1, 1] each
            x = (x - mean) / std
        return x


def channel_statistics(images: Images) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel, pixels counted from 0 to 1.

    Args:
        images: the training images; test images are to be normalised with the same numbers.

    Returns:
        (mean, std), each with one float for each channel. Of a channel that is the same everywhere
        the deviation is given as 1: divided by it, the channel stays 0.
    """
    values = torch.arange(256, dtype=torch.float64) / 255
    mean, std = [], []
    for channel in images.images.unbind(1):
        # There are only 256 values: counting each is exact and needs no float copy of the images.
        share = torch.bincount(channel.flatten(), minlength=256).cpu().double() / channel.numel()
        mean.append((share @ values).item())
        std.append((share @ (values - mean[-1]) ** 2).sqrt().item() or 1.0)
    return tuple(mean), tuple(std)


def _draw_changes(
    batch: int, augment: str, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw, for each image, where its crop begins (top, left) and whether to mirror it."""
    top, left = torch.randint(0, 2 * PAD + 1, (2, batch, 1), generator=generator)
    mirror = torch.rand(batch, 1, generator=generator) < 0.5
    if "crop" not in augment:
        top, left = torch.full_like(top, PAD), torch.full_like(left, PAD)  # where it was
    return top, left, mirror & ("flip" in augment)


def _change(x: Tensor, top: Tensor, left: Tensor, mirror: Tensor) -> Tensor:
    """Pad and cut each image of uint8 [B, C, H, W] at its own place, and mirror some."""
    batch, _, height, width = x.shape
    device = x.device  # only the random numbers come from the CPU
    top, left, mirror = top.to(device), left.to(device), mirror.to(device)
    rows = top + torch.arange(height, device=device)  # [B, H]
    columns = left + torch.arange(width, device=device)  # [B, W]
    columns = torch.where(mirror, columns.flip(1), columns)
    padded = torch.nn.functional.pad(x, (PAD, PAD, PAD, PAD))  # [B, C, H + 8, W + 8]
    each = torch.arange(batch, device=device)[:, None, None]
    crops = padded[each, :, rows[:, :, None], columns[:, None, :]]  # [B, H, W, C]
    return crops.permute(0, 3, 1, 2).contiguous()


def _resize_weights(old: int, new: int) -> tuple[Tensor, Tensor]:
    """Return where each new pixel looks, and what counts how much: int [n, new] each.

    The weights are those of a triangle around each new pixel, as Pillow rounds them: in units of
    2⁻²². n old pixels are as many as any new one needs.
    """
    scale = old / new
    centre = (torch.arange(new, dtype=torch.float64)[:, None] + 0.5) * scale
    distance = (torch.arange(old, dtype=torch.float64) + 0.5 - centre).abs()
    weights = (1 - distance / max(scale, 1.0)).clamp(min=0)  # wider when shrinking: antialias
    weights = weights / weights.sum(1, keepdim=True)
    weights = (weights * 2**22 + 0.5).int()  # [new, old], few are not 0
    n = int((weights > 0).sum(1).max())
    first = (weights > 0).int().argmax(1).clamp(max=old - n)
    places = first[:, None] + torch.arange(n)
    return places.T.contiguous(), weights.gather(1, places).T.contiguous()


def _weigh(x: Tensor, dim: int, places: Tensor, weights: Tensor) -> Tensor:
    """Weigh and add pixels along the dimension -2 or -1 of int32 x, and round to whole numbers."""
    shape = (-1, 1) if dim == -2 else (-1,)
    total = 2**21  # a half
    for place, weight in zip(places, weights, strict=True):
        total = x.index_select(dim, place).mul_(weight.view(shape)).add_(total)
    return total.bitwise_right_shift_(22)


def _check_statistics(
    images: Images, mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[Tensor, Tensor] | None:
    if mean is None and std is None:
        return None
    if mean is None or std is None:
        raise ValueError(f"mean and std must be given together, got mean={mean!r}, std={std!r}")
    pair = tuple(torch.as_tensor(value, dtype=torch.get_default_dtype()) for value in (mean, std))
    if any(value.shape != (images.channels,) for value in pair) or not (pair[1] > 0).all():
        raise ValueError(
            f"mean and std must hold {images.channels} numbers, one for each channel, and std "
            f"only positive ones; got mean={mean!r}, std={std!r}"
        )
    return tuple(value[:, None, None].to(images.images.device) for value in pair)
