"""Real images: `load` finds a data set on this machine or on the network, and reads it."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from .borders import as_classes, as_labels, as_pixels, check_count
from .images import Images

TORCHVISION_NAMES = {
    "fashion_mnist": "FashionMNIST",
    "mnist": "MNIST",
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
}
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
NEEDED = ("train_images", "train_labels", "test_images", "test_labels")
ARRAYS = (*NEEDED, "class_names", "label_names")
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
            file of your own: train_images and test_images (N×H×W, N×H×W×C or N×C×H×W; C is 1 or
            3; 0 to 255, or 0 to 1), train_labels and test_labels (whole numbers from 0 on), and if
            you like the names of the classes as class_names (or label_names). `borders` says what
            else fits.
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
        raise ValueError(
            f"name={name!r} must be one of {known}, or a path that ends in .npz (for a "
            "folder of photographs there is load_folder)"
        )
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
            arrays = {name: _array(file, name) for name in ARRAYS if name in file.files}
            missing = [name for name in NEEDED if name not in file.files]
            if missing:
                there = ", ".join(file.files) or "nothing"
                raise ValueError(f"{', '.join(missing)} missing; there is {there}")
        return _as_pair(**arrays)
    except Exception as error:  # a damaged file can make numpy raise almost anything
        raise DataError(
            f"{path} can't be used ({reason(error)}). Write it with numpy.savez_compressed: "
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
            f"{DEBIAN_FASHION_MNIST} is damaged ({reason(error)}). Install it again: "
            "sudo apt-get install --reinstall dataset-fashion-mnist"
        ) from error


def _read_local(dataset: type, place: Path, folder: str) -> tuple[Images, Images]:
    try:
        return _read(dataset, place)
    except Exception as error:  # a damaged file can make the readers raise almost anything
        raise DataError(
            f"{(place / folder).resolve()} is incomplete or damaged ({reason(error)}). "
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
            f"The download of {dataset.__name__} to {root} failed ({reason(error)}). "
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


def _array(file: Any, name: str) -> Any:
    """Read one array of an .npz file; an array of Python objects is refused by its name."""
    try:
        return file[name]
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise ValueError(
            f"{name} is an array of Python objects, which could run code when it is read: write it "
            f"as numpy.array({name}.tolist())"
        ) from error


def _as_pair(**arrays: Any) -> tuple[Images, Images]:
    """Make (train, test) of arrays named as in an .npz file."""
    pixels, labels = {}, {}
    for part in ("train", "test"):
        images_name, labels_name = f"{part}_images", f"{part}_labels"
        pixels[part] = as_pixels(images_name, arrays[images_name])
        labels[labels_name] = as_labels(labels_name, arrays[labels_name])
        check_count(images_name, labels_name, pixels[part], labels[labels_name])
    names = as_classes(arrays.get("class_names", arrays.get("label_names")), **labels)
    shapes = [list(part.shape[1:]) for part in pixels.values()]
    if shapes[0] != shapes[1]:
        raise ValueError(f"train_images and test_images must be alike, got [C, H, W] = {shapes}")
    pairs = zip(pixels.values(), labels.values(), strict=True)
    train, test = (
        Images(torch.from_numpy(images), torch.from_numpy(numbers), names)
        for images, numbers in pairs
    )
    return train, test


def reason(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _other_ways(root: Path, folder: str) -> str:
    debian = "install Debian's package dataset-fashion-mnist, " if folder == "FashionMNIST" else ""
    return (
        f"{debian}copy a folder {folder} made by torchvision into {root}, "
        "or use load('digits'), which needs no network"
    )
