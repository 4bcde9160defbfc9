"""Trained networks that come along: what recorded runs have learned, in `book/results/weights`.

A file is one line of JSON, which says what follows, and then numbers, tensor after tensor: 16-bit
floats, the low byte first. The microscope on the book's pages reads the same files.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..configs import change, check_choice, get_config
from ..data.images import Images
from ..models import build
from . import records

FORMAT = "densenet_lesson weights 1"
TYPICAL = "typical."  # what the classifier usually reads: only the microscope asks for that
LEFT_OUT = "num_batches_tracked"  # counts training steps; no answer depends on it


def trained_names() -> list[str]:
    """Names of all trained networks, in alphabetical order: those of their recorded runs."""
    return sorted(
        {path.stem for folder in records.FOLDERS for path in folder.glob("weights/*.f16")}
    )


def load_trained(name: str) -> nn.Module:
    """Build a network and give it what a recorded run has learned.

    Args:
        name: one of `trained_names()`.

    Returns:
        The network, in evaluation mode. How it wants its images says its record:
        `predict(load_trained(name), images, **load_record(name).inputs)`.

    Raises:
        ValueError: if there is no such network.
    """
    check_choice("name", name, tuple(trained_names()))
    header, tensors = unpack(records.stored(f"weights/{name}.f16").read_bytes())
    model = build(change(get_config(header["build"]), header["config"]))
    counted = {key: value for key, value in model.state_dict().items() if LEFT_OUT in key}
    learned = {key: value for key, value in tensors.items() if not key.startswith(TYPICAL)}
    model.load_state_dict(learned | counted)
    return model.eval()


def garments() -> Images:
    """The first 1,000 test images of Fashion-MNIST, which come along. Chapter 0.

    No trained network has learned from them. Source: Xiao et al., arXiv:1708.07747.
    """
    with np.load(records.stored("weights/garments_images.npz")) as file:
        return Images.of(file["images"], file["labels"], file["class_names"].tolist())


def garment_labels() -> np.ndarray:
    """The right classes of all 10,000 test images of Fashion-MNIST, [10000]. Chapter 8.

    A record keeps what a network answered; with these you see which of its answers are right.
    """
    with np.load(records.stored("weights/garments_labels.npz")) as file:
        return file["labels"]


def pack(header: dict[str, Any], tensors: dict[str, Tensor]) -> bytes:
    """Return the content of a file.

    Args:
        header: what stands in its first line, beside the tensors' names and shapes.
        tensors: the numbers, by their names; what only counts training steps is left out.
    """
    kept = {name: tensor for name, tensor in tensors.items() if LEFT_OUT not in name}
    shapes = [[name, list(tensor.shape)] for name, tensor in kept.items()]
    line = json.dumps({"format": FORMAT, **header, "tensors": shapes}).encode()
    line += b" " * (len(line) % 2 == 0) + b"\n"  # the numbers begin at an even place
    numbers = (tensor.cpu().numpy().astype("<f2").tobytes() for tensor in kept.values())
    return line + b"".join(numbers)


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the header of a file and its tensors, as 32-bit floats.

    Raises:
        ValueError: if the content is something else, or cut short.
    """
    line, _, numbers = content.partition(b"\n")
    try:
        header = json.loads(line)
        sizes = [torch.Size(shape).numel() for _, shape in header["tensors"]]
        right = header["format"] == FORMAT and 2 * sum(sizes) == len(numbers)
    except (ValueError, TypeError, KeyError):
        right = False
    if not right:
        raise ValueError(f"content must be a whole file of the format {FORMAT!r}")
    parts = torch.frombuffer(bytearray(numbers), dtype=torch.float16).float().split(sizes)
    named = zip(header["tensors"], parts, strict=True)
    return header, {name: part.view(shape) for (name, shape), part in named}
