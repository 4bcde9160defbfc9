"""Pack what a finished training run has learned, for the microscope on the book's pages.

    python -m tools.pack_weights runs/microscope_k12

reads `checkpoint.pt` and `record.json` of that folder, and writes the record to `book/results` and
the weights to `book/results/weights`, under the folder's name. The record needs a band in
`book/results/bands.toml`.

    python -m tools.pack_weights --images

writes the test images that the microscope offers, those that chapter 0 looks at, and the labels
that chapter 8 judges by.
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from densenet_lesson import DenseNet, build, data, get_config
from densenet_lesson.configs import change
from densenet_lesson.training.checkpoint import load_checkpoint, write_atomically
from densenet_lesson.training.evaluation import evaluate
from densenet_lesson.training.history import History
from densenet_lesson.training.trained import TYPICAL, pack

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
GARMENTS = 1000  # test images of Fashion-MNIST, from the first on
IMAGES = {"digits": 200, "fashion_mnist": 50}  # how many of the test images, from the first on

ENOUGH = 2000  # images of a large set, to see what is typical
WRITERS = r"features\.(conv0|denseblock\d\.denselayer\d+|transition\d)|relu|layer\d\.\d\.bn2"


@torch.inference_mode()
def averages(model: nn.Module, record: History) -> Tensor:
    """What each channel holds on average over training images and pixels: layer after layer, [C].

    The microscope writes it in place of a channel that is taken away.
    """
    means: dict[str, list[Tensor]] = {}
    for name, module in model.named_modules():
        if re.fullmatch(WRITERS, name):
            note = means.setdefault(name, []).append
            module.register_forward_hook(lambda _, __, y, note=note: note(y.mean((2, 3))))
    train, _ = data.load(record.data["name"])
    evaluate(model, train.subset(min(len(train), ENOUGH)), **record.inputs)
    return torch.cat([torch.cat(found).mean(0) for found in means.values()])


@torch.inference_mode()
def typical(model: nn.Module, record: History) -> dict[str, Tensor]:
    """What a DenseNet's classifier usually reads, so that a page can tell what is unlike that.

    Returns:
        The mean features of each class, over training images, [num_classes, C]; and the squared
        distance from the nearest of these that 98 of 100 test images stay within, [1].
    """
    read: list[Tensor] = []
    hook = model.classifier.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    features = []
    images = [part.subset(min(len(part), ENOUGH)) for part in data.load(record.data["name"])]
    for part in images:
        evaluate(model, part, **record.inputs)
        features.append(torch.cat(read))
        read.clear()
    hook.remove()
    labels = images[0].labels
    classes = range(images[0].num_classes)
    centres = torch.stack([features[0][labels == number].mean(0) for number in classes])
    distances = torch.cdist(features[1], centres).amin(1).square()
    return {f"{TYPICAL}centres": centres, f"{TYPICAL}distance": distances.quantile(0.98).view(1)}


def finished_run(folder: Path) -> tuple[History, nn.Module]:
    """The record of a finished run, and its network as the training has left it.

    Raises:
        ValueError: if the run hasn't finished.
    """
    record = History.from_json((folder / "record.json").read_text(encoding="utf-8"))
    state = load_checkpoint(folder / "checkpoint.pt")
    if state["epoch"] != record.recipe["epochs"]:
        raise ValueError(f"{folder}: the run has finished {state['epoch']} epochs only")
    model = build(change(get_config(record.model["build"]), record.model["config"]))
    model.load_state_dict(state["model"])
    return record, model


def pack_run(folder: Path) -> None:
    """Write the record and the weights of a finished run."""
    record, model = finished_run(folder)
    header = {
        "build": record.model["build"],
        "config": record.model["config"],
        "data": record.data["name"],
        "mean": record.data["mean"],
        "std": record.data["std"],
        "test_accuracy": record.rows[-1]["test_accuracy"],
    }
    tensors = dict(model.eval().state_dict())
    if isinstance(model, DenseNet):
        tensors |= typical(model, record)
    tensors[f"{TYPICAL}averages"] = averages(model, record)
    write_atomically(RESULTS / f"{folder.name}.json", (folder / "record.json").read_bytes())
    write_atomically(RESULTS / "weights" / f"{folder.name}.f16", pack(header, tensors))


def pack_images(name: str, count: int) -> bytes:
    """The first test images of a data set and their labels: a line of JSON, then a byte a pixel."""
    _, test = data.load(name)
    pixels = test.images[:count, 0]
    labels = test.labels[:count].tolist()
    header = {"size": pixels.shape[-1], "class_names": test.class_names, "labels": labels}
    return json.dumps(header).encode() + b"\n" + pixels.to(torch.uint8).numpy().tobytes()


def garments() -> dict[str, bytes]:
    """Fashion-MNIST's test images of chapter 0, and the right classes of all, by their files."""
    _, test = data.load("fashion_mnist")
    labels = test.labels.numpy().astype("uint8")
    some = {"images": test.images[:GARMENTS, 0].numpy(), "labels": labels[:GARMENTS]}
    return {
        "garments_images.npz": as_npz(**some, class_names=np.array(test.class_names)),
        "garments_labels.npz": as_npz(labels=labels),
    }


def as_npz(**arrays: np.ndarray) -> bytes:
    """Arrays as NumPy stores them."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def main(words: list[str] | None = None) -> int:
    """Pack each run that is named, or the images."""
    for word in sys.argv[1:] if words is None else words:
        if word != "--images":
            pack_run(Path(word))
            continue
        files = {f"{name}_images.u8": pack_images(name, count) for name, count in IMAGES.items()}
        for name, content in (files | garments()).items():
            write_atomically(RESULTS / "weights" / name, content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
