"""Estimate the averages of a trained network's batch norms anew, for chapter 8.

    python -m tools.refresh runs/dropout

reads `checkpoint.pt` and `record.json` of that folder: a finished run of `switch_dropout_0`'s
recipe, in 32-bit floats. It counts the right answers on the test images before and after, and
writes `book/results/inside/refreshed.json`. It takes some minutes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from densenet_lesson import data
from densenet_lesson.training import predict
from densenet_lesson.training.checkpoint import write_atomically
from tools.pack_weights import RESULTS, finished_run

FILE = RESULTS / "inside" / "refreshed.json"


def refresh(network: nn.Module, images: data.Images, mean: list[float], std: list[float]) -> None:
    """Switch dropout off, and estimate all averages from these images. No weight changes."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    shift, scale = (torch.tensor(values).view(1, -1, 1, 1) for values in (mean, std))
    update_bn(((part / 255 - shift) / scale for part in images.images.split(64)), network)


def main(words: list[str] | None = None) -> int:
    """Refresh the network of a run, and write how many test images it read before and after."""
    (folder,) = map(Path, sys.argv[1:] if words is None else words)
    record, network = finished_run(folder)
    train_images, test_images = data.load(record.data["name"])
    learned = train_images.subset(record.data["subset"], seed=record.recipe["seed"])

    def right() -> int:
        answers = predict(network, test_images, **record.inputs).argmax(dim=1)
        return int((answers == test_images.labels).sum())

    result: dict[str, Any] = {"command": "python -m tools.refresh", "recipe": record.recipe}
    result |= {"images": len(test_images), "as it ended": right()}
    refresh(network, learned, record.data["mean"], record.data["std"])
    result["refreshed"] = right()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(FILE, (json.dumps(result, indent=1) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
