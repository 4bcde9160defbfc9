"""Real images: `load` finds a data set on this machine or on the network, and reads it.

`from densenet_lesson import data` also brings `Images`, which holds a data set, and `Batches`,
which hands it out.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from .batches import Batches, channel_statistics, resize
from .images import Images

__all__ = ["Batches", "DataError", "Images", "channel_statistics", "load", "resize"]

TORCHVISION_NAMES = {
    "fashion_mnist": "FashionMNIST",
    "mnist": "MNIST",
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
}
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
DOWNLOAD_TIMEOUT = 30.0  # seconds of silence after which a server counts as gone


class DataError(RuntimeError):
    """A data set is missing, damaged or out of reach; the message says what to do about it."""


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
