"""How long a notebook waits for its imports, and its data."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from densenet_lesson.data import Batches, Images, load

from .clock import interleave, summary
from .contenders import is_there

IMPORTS = {"densenet_lesson": "import densenet_lesson", "d2l": "from d2l import torch"}
BATCH_SIZE, SIZE = 256, 96  # of d2l's chapter


def import_times(repeats: int) -> dict[str, dict[str, float]]:
    """Measure a new Python process that imports the course, and one that imports d2l."""
    actions = {
        name: lambda code=code: subprocess.run([sys.executable, "-c", code], check=True)
        for name, code in IMPORTS.items()
        if is_there(name)
    }
    return {who: summary(s) for who, s in interleave(actions, repeats, "imports").items()}


def loading_times(repeats: int, batches: int = 40) -> dict[str, Any]:
    """Measure how long some batches of Fashion-MNIST take, resized to 96 × 96 pixels.

    Args:
        repeats: rounds.
        batches: batches of 256 images in a round. d2l's workers start anew in each, as in every
            epoch: the more batches, the less it counts.

    Returns:
        For each loader "median", "low" and "high", in seconds for all the batches; "images" is
        the number of images, "equal_to_pil" whether our pixels are PIL's to the last bit.
    """
    train_images, _ = load("fashion_mnist")
    few = train_images.subset(batches * BATCH_SIZE, seed=0)
    loaders = {"ours": Batches(few, batch_size=BATCH_SIZE, size=SIZE, shuffle=True)}
    if is_there("d2l"):
        loaders["d2l, no workers"] = d2l_loader(few, workers=0)
        loaders["d2l, 4 workers"] = d2l_loader(few, workers=4)
    actions = {
        name: lambda loader=loader: sum(len(labels) for _, labels in loader)
        for name, loader in loaders.items()
    }
    times = interleave(actions, repeats, "loading")
    result: dict[str, Any] = {who: summary(seconds) for who, seconds in times.items()}
    return {**result, "images": len(few), "equal_to_pil": equal_to_pil(few.subset(64, seed=1))}


def d2l_loader(images: Images, workers: int) -> Iterable[tuple[Tensor, Tensor]]:
    """Return the training loader of d2l's own function, on files that hold these images."""
    from d2l import torch as d2l

    usual, here = d2l.get_dataloader_workers, Path.cwd()
    d2l.get_dataloader_workers = lambda: workers
    with TemporaryDirectory() as scratch:
        write_files(images, Path(scratch, "data", "FashionMNIST", "raw"))
        Path(scratch, "here").mkdir()
        try:
            os.chdir(Path(scratch, "here"))  # d2l reads ../data
            return d2l.load_data_fashion_mnist(BATCH_SIZE, resize=SIZE)[0]
        finally:
            os.chdir(here)
            d2l.get_dataloader_workers = usual


def write_files(images: Images, folder: Path) -> None:
    """Write images and labels in the format of the four original files (all parts alike)."""
    folder.mkdir(parents=True)
    count, _, height, width = images.images.shape
    pixels = struct.pack(">IIII", 0x803, count, height, width) + images.images.numpy().tobytes()
    labels = struct.pack(">II", 0x801, count) + images.labels.to(torch.uint8).numpy().tobytes()
    for part in ("train", "t10k"):
        Path(folder, f"{part}-images-idx3-ubyte").write_bytes(pixels)
        Path(folder, f"{part}-labels-idx1-ubyte").write_bytes(labels)


def equal_to_pil(images: Images) -> bool:
    """Whether our resized pixels are those of torchvision's transforms of PIL images."""
    from torchvision.transforms import Compose, Resize, ToPILImage, ToTensor

    transform = Compose([ToPILImage(), Resize(SIZE), ToTensor()])
    theirs = torch.stack([transform(image) for image in images.images])
    ours = torch.cat([x for x, _ in Batches(images, batch_size=len(images), size=SIZE)])
    return torch.equal(ours, theirs)
