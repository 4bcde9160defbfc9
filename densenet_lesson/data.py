"""Real images, each data set as one tensor.

`load` finds a data set and reads it, `Images` holds it, `Batches` hands it out piece by piece.
All images of a set stand in one uint8 tensor: it moves to the device once, and every step after
that (shuffling, augmentation, resizing) works on a whole batch instead of on one image at a time.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from .checks import check_choice, check_positive

TORCHVISION_NAMES = {
    "fashion_mnist": "FashionMNIST",
    "mnist": "MNIST",
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
}
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
DOWNLOAD_TIMEOUT = 30.0  # seconds of silence after which a server counts as gone
PAD = 4  # pixels of padding for the random crop
AUGMENTATIONS = (False, "crop", "crop-flip")


class DataError(RuntimeError):
    """A data set is missing, damaged or out of reach; the message says what to do about it."""


@dataclass(frozen=True, eq=False)
class Images:
    """Images with their labels and the names of the classes.

    Args:
        images: uint8 [N, C, H, W], values 0 to 255, C is 1 (grey) or 3 (colour).
        labels: int64 [N], on the same device; label i means `class_names[i]`.
        class_names: one name for each class.

    Raises:
        ValueError: if a type, a shape or a label does not fit.
    """

    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_images(self.images)
        labels, names = self.labels, self.class_names
        if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.dim() != 1:
            raise ValueError(f"labels must be an int64 tensor [N], got {_describe(labels)}")
        if len(labels) != len(self.images) or labels.device != self.images.device:
            raise ValueError(
                f"labels must go with images, one each and on the same device: got {len(labels)} "
                f"labels on {labels.device}, {len(self.images)} images on {self.images.device}"
            )
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"class_names must be a tuple of strings, got {names!r}")
        low, high = labels.min().item(), labels.max().item()
        if low < 0 or high >= len(names):
            raise ValueError(
                f"labels must be 0 to {len(names) - 1}, since class_names holds {len(names)}; "
                f"got {low} to {high}"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        shape = "×".join(str(n) for n in self.images.shape[1:])
        return f"Images({len(self):,} of {shape}, {self.num_classes} classes, {self.images.device})"

    @property
    def channels(self) -> int:
        return self.images.shape[1]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def to(self, device: torch.device | str) -> "Images":
        """Return the same set on another device."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))

    def subset(self, n: int, seed: int = 0) -> "Images":
        """Return n images drawn at random, as many of each class as possible.

        The classes take turns, so their counts differ by at most 1 until one of them runs out.
        The same seed gives the same images in the same order, on every device.

        Raises:
            ValueError: if n is not between 1 and the number of images.
        """
        check_positive("n", n)
        if n > len(self):
            raise ValueError(f"n={n} must be at most {len(self)}, the number of images")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        labels = self.labels.cpu()[order]
        seen = torch.nn.functional.one_hot(labels, self.num_classes).cumsum(0)  # [N, classes]
        turn = seen.gather(1, labels[:, None]).squeeze(1)  # 1 for the first of its class, 2, ...
        chosen = order[turn.argsort(stable=True)[:n]].to(self.labels.device)
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])


def load(
    name: str | Path, root: str | Path | None = None, download: bool = True
) -> tuple[Images, Images]:
    """Load a data set as a pair: images to train on, images to test on.

    "digits" comes with scikit-learn and needs no network. "fashion_mnist" is taken from Debian's
    package `dataset-fashion-mnist` where that is installed. Otherwise torchvision reads the set
    from root, ./data or ../data, the first that has it, or else downloads it into root.

    Args:
        name: "digits", "fashion_mnist", "mnist", "cifar10", "cifar100", or the path of an .npz
            file of your own: uint8 arrays train_images and test_images (N×H×W, N×H×W×C or
            N×C×H×W; C is 1 or 3), integer arrays train_labels and test_labels (N), and if you
            like the names of the classes as class_names (or label_names).
        root: folder of the downloads; by default the environment variable DENSENET_LESSON_DATA,
            else ~/.cache/densenet_lesson.
        download: whether a set that is not on this machine may be downloaded.

    Returns:
        (train, test), two `Images` on the CPU.

    Raises:
        ValueError: if name is not one of the above.
        DataError: if the data are missing, damaged or out of reach. Nothing half-written stays.
    """
    if name == "digits":
        return _load_digits()
    if str(name).endswith(".npz"):
        return _load_npz(Path(name).expanduser())
    known = ["digits", *TORCHVISION_NAMES]
    if name not in known:
        raise ValueError(f"name={name!r} must be one of {known}, or a path that ends in .npz")
    root = root or os.environ.get("DENSENET_LESSON_DATA") or "~/.cache/densenet_lesson"
    return _load_torchvision(name, Path(root).expanduser(), download)


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
    _check_images(images)
    check_positive("size", size)
    height, width = images.shape[-2:]
    if height == width == size:
        return images
    # Apple's GPUs have no float64, and only float64 holds the products exactly.
    device = "cpu" if images.device.type == "mps" else images.device
    rows = _resize_weights(height, size).to(device)
    columns = _resize_weights(width, size).T.to(device)
    pieces = []
    for piece in images.to(device).split(8):  # small pieces stay in the processor's cache
        wide = (piece.double() @ columns).add_(0.5).floor_()  # [8, C, H, size]
        pieces.append((rows @ wide).add_(0.5).to(torch.uint8))  # [8, C, size, size]
    return torch.cat(pieces).to(images.device)


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
        augment: False, "crop" (pad with 4 black pixels, cut out the old size at a random place)
            or "crop-flip" (and mirror half of the images, left to right). It comes before resizing.
        seed: any whole number.
        drop_last: whether to leave out a last batch that is not full.
        mean, std: one number for each channel, for (x - mean) / std; None leaves x in [0, 1].

    Yields:
        (x, y): float32 [B, C, size, size] and int64 [B].

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
        self.statistics = _check_statistics(images, mean, std)
        self.epoch = 0

    def __len__(self) -> int:
        full, rest = divmod(len(self.images), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, labels = self.images.images, self.images.labels
        # torch keeps 32 bits of a seed, so seed and epoch share them.
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + self.epoch) % 2**32)
        order = torch.arange(len(images))
        if self.shuffle:
            order = torch.randperm(len(images), generator=generator)
        for chosen in order.split(self.batch_size)[: len(self)]:
            chosen = chosen.to(images.device)
            yield self._prepare(images[chosen], generator), labels[chosen]

    def _prepare(self, x: Tensor, generator: torch.Generator) -> Tensor:
        if self.augment:
            x = _random_crop(x, self.augment == "crop-flip", generator)
        if self.size is not None:
            x = resize(x, self.size)
        x = x.float() / 255
        if self.statistics:
            mean, std = self.statistics  # [C, 1, 1] each
            x = (x - mean) / std
        return x


def channel_statistics(images: Images) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel, pixels counted from 0 to 1.

    Args:
        images: the training images; test images are to be normalised with the same numbers.

    Returns:
        (mean, std), each with one float for each channel.
    """
    values = torch.arange(256, dtype=torch.float64) / 255
    mean, std = [], []
    for channel in images.images.unbind(1):
        # There are only 256 values: counting each is exact and needs no float copy of the images.
        share = torch.bincount(channel.flatten(), minlength=256).cpu().double() / channel.numel()
        mean.append((share @ values).item())
        std.append((share @ (values - mean[-1]) ** 2).sqrt().item())
    return tuple(mean), tuple(std)


# ---- Batches and resize, inside ----


def _random_crop(x: Tensor, flip: bool, generator: torch.Generator) -> Tensor:
    """Pad and cut each image of uint8 [B, C, H, W] at its own place, and mirror about half."""
    batch, _, height, width = x.shape
    device = x.device  # only the random numbers come from the CPU
    top, left = torch.randint(0, 2 * PAD + 1, (2, batch, 1), generator=generator).to(device)
    mirror = flip & (torch.rand(batch, 1, generator=generator) < 0.5).to(device)
    rows = top + torch.arange(height, device=device)  # [B, H]
    columns = left + torch.arange(width, device=device)  # [B, W]
    columns = torch.where(mirror, columns.flip(1), columns)
    padded = torch.nn.functional.pad(x, (PAD, PAD, PAD, PAD))  # [B, C, H + 8, W + 8]
    each = torch.arange(batch, device=device)[:, None, None]
    crops = padded[each, :, rows[:, :, None], columns[:, None, :]]  # [B, H, W, C]
    return crops.permute(0, 3, 1, 2).contiguous()


def _resize_weights(old: int, new: int) -> Tensor:
    """Return the weights [new, old] of a triangle around each new pixel, as Pillow rounds them."""
    scale = old / new
    centre = (torch.arange(new, dtype=torch.float64)[:, None] + 0.5) * scale
    distance = (torch.arange(old, dtype=torch.float64) + 0.5 - centre).abs()
    weights = (1 - distance / max(scale, 1.0)).clamp(min=0)  # wider when shrinking: antialias
    weights = weights / weights.sum(1, keepdim=True)
    return (weights * 2**22 + 0.5).floor() / 2**22


def _check_statistics(
    images: Images, mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[Tensor, Tensor] | None:
    if mean is None and std is None:
        return None
    if mean is None or std is None:
        raise ValueError(f"mean and std must be given together, got mean={mean!r}, std={std!r}")
    pair = tuple(torch.as_tensor(value, dtype=torch.float32) for value in (mean, std))
    if any(value.shape != (images.channels,) for value in pair) or not (pair[1] > 0).all():
        raise ValueError(
            f"mean and std must hold {images.channels} numbers, one for each channel, and std "
            f"only positive ones; got mean={mean!r}, std={std!r}"
        )
    return tuple(value[:, None, None].to(images.images.device) for value in pair)


def _check_images(images: Tensor) -> None:
    if not isinstance(images, Tensor) or images.dtype != torch.uint8 or images.dim() != 4:
        raise ValueError(f"images must be a uint8 tensor [N, C, H, W], got {_describe(images)}")
    if images.shape[1] not in (1, 3) or images.numel() == 0:
        raise ValueError(
            f"images must be [N, C, H, W] with N, H and W at least 1 and C = 1 or 3, "
            f"got {list(images.shape)}"
        )


def _describe(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype} {list(value.shape)}"
    return type(value).__name__


# ---- Finding and reading the data ----


def _load_digits() -> tuple[Images, Images]:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = torch.from_numpy(digits.images * 255 / 16).round().to(torch.uint8).numpy()
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, digits.target, test_size=360, stratify=digits.target, random_state=0
    )
    return _as_pair(
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=digits.target_names,
    )


def _load_npz(path: Path) -> tuple[Images, Images]:
    import numpy as np

    if not path.is_file():
        raise DataError(f"There is no file {path}. Check the path, or use load('digits').")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _as_pair(**arrays)
    except Exception as error:  # a damaged file can make numpy raise almost anything
        raise DataError(
            f"{path} can't be used ({_reason(error)}). Write it with numpy.savez_compressed: "
            "train_images, train_labels, test_images, test_labels, and if you like class_names."
        ) from error


def _load_torchvision(name: str, root: Path, download: bool) -> tuple[Images, Images]:
    from torchvision import datasets

    dataset = getattr(datasets, TORCHVISION_NAMES[name])
    if name == "fashion_mnist" and DEBIAN_FASHION_MNIST.is_dir():
        return _read_debian(dataset)
    folder = getattr(dataset, "base_folder", dataset.__name__)  # what torchvision calls it
    places = [root, Path("data"), Path("../data")]  # d2l's notebooks download to ../data
    for place in places:
        if (place / folder).is_dir():
            return _read_local(dataset, place, folder)
    if download:
        return _download(dataset, root, folder)
    raise DataError(
        f"{name!r} is not on this machine: no folder {folder} in "
        f"{', '.join(str(place.resolve()) for place in places)}. Call load with download=True, "
        f"or {_other_ways(root, folder)}."
    )


def _read_debian(dataset: type) -> tuple[Images, Images]:
    from torchvision.datasets.utils import extract_archive

    try:
        with TemporaryDirectory() as folder:
            raw = Path(folder, dataset.__name__, "raw")
            raw.mkdir(parents=True)
            for file in DEBIAN_FASHION_MNIST.glob("*.gz"):
                extract_archive(file, raw)
            return _read(dataset, Path(folder))
    except Exception as error:  # a damaged file can make the readers raise almost anything
        raise DataError(
            f"{DEBIAN_FASHION_MNIST} is damaged ({_reason(error)}). Install it again: "
            "sudo apt-get install --reinstall dataset-fashion-mnist"
        ) from error


def _read_local(dataset: type, place: Path, folder: str) -> tuple[Images, Images]:
    try:
        return _read(dataset, place)
    except Exception as error:  # a damaged file can make the readers raise almost anything
        raise DataError(
            f"{(place / folder).resolve()} is incomplete or damaged ({_reason(error)}). "
            "Delete it or move it away, then call load again to download it afresh."
        ) from error


def _download(dataset: type, root: Path, folder: str) -> tuple[Images, Images]:
    """Download to a temporary folder inside root; what arrives whole moves to its place."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=root, prefix=".download-") as temporary, _timeout():
            pair = _read(dataset, Path(temporary), download=True)
            if not (root / folder).exists():  # someone else may have been faster
                os.replace(Path(temporary, folder), root / folder)
        return pair
    except Exception as error:
        raise DataError(
            f"The download of {dataset.__name__} to {root} failed ({_reason(error)}). "
            f"Nothing half-written is left. Check the network and that you may write to {root}, "
            f"then call load again; or {_other_ways(root, folder)}."
        ) from error


@contextmanager
def _timeout() -> Iterator[None]:
    """Give up on a silent server; torchvision itself would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _read(dataset: type, place: Path, download: bool = False) -> tuple[Images, Images]:
    train, test = (dataset(place, train=part, download=download) for part in (True, False))
    return _as_pair(
        train_images=train.data,
        train_labels=train.targets,
        test_images=test.data,
        test_labels=test.targets,
        class_names=train.classes,
    )


def _as_pair(**arrays: object) -> tuple[Images, Images]:
    """Make (train, test) of arrays named as in an .npz file."""
    wanted = ("train_images", "train_labels", "test_images", "test_labels")
    if missing := [name for name in wanted if name not in arrays]:
        raise ValueError(f"{', '.join(missing)} missing; there is {', '.join(arrays) or 'nothing'}")
    values = {name: torch.as_tensor(arrays[name]) for name in wanted}
    names = arrays.get("class_names", arrays.get("label_names"))
    if names is None:
        names = range(int(max(values["train_labels"].max(), values["test_labels"].max())) + 1)
    names = tuple(str(name) for name in names)
    train, test = (_as_images(values, part, names) for part in ("train", "test"))
    if train.images.shape[1:] != test.images.shape[1:]:
        shapes = [list(part.images.shape[1:]) for part in (train, test)]
        raise ValueError(f"train_images and test_images must be alike, got [C, H, W] = {shapes}")
    return train, test


def _as_images(values: dict[str, Tensor], part: str, names: tuple[str, ...]) -> Images:
    images, labels = values[f"{part}_images"], values[f"{part}_labels"]
    if images.dim() == 3:
        images = images.unsqueeze(1)
    elif images.dim() == 4 and images.shape[-1] in (1, 3):
        images = images.permute(0, 3, 1, 2)
    if not labels.is_floating_point():
        labels = labels.long()
    try:
        return Images(images.contiguous(), labels, names)
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from error


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _other_ways(root: Path, folder: str) -> str:
    debian = "install Debian's package dataset-fashion-mnist, " if folder == "FashionMNIST" else ""
    return (
        f"{debian}copy a folder {folder} made by torchvision into {root}, "
        "or use load('digits'), which needs no network"
    )
