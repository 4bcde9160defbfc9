"""Measure what each connection of a trained network is worth, for chapter 10.

    python -m tools.lesions

takes the garments' DenseNet and its residual twin, makes one lesion after the other, counts the
right answers on the 1,000 test images that come along, and writes
`book/results/inside/lesions.json`. It takes about ten minutes.
"""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from densenet_lesson.training import predict
from densenet_lesson.training.checkpoint import write_atomically
from densenet_lesson.training.lesions import (
    hidden,
    hiding,
    silenced,
    silencing,
    silencing_all,
    sources,
)
from densenet_lesson.training.records import load_record
from densenet_lesson.training.trained import garments, load_trained

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
DENSE, TWIN = "microscope_garments", "microscope_twin_garments"
EXITS = ("transition1", "transition2", "norm5")  # each reads a whole block

Lesion = AbstractContextManager[Any]


def all_of(modules: nn.Module) -> ExitStack:
    """The lesion that silences all parts of a block."""
    stack = ExitStack()
    for module in modules.children():
        stack.enter_context(silenced(module))
    return stack


def dense_lesions(network: nn.Module) -> dict[str, Lesion]:
    """Each lesion by its name: one layer for all, a source for one reader, a whole block."""
    found: dict[str, Lesion] = {}
    for b, leave in enumerate(EXITS, start=1):
        block = network.features.get_submodule(f"denseblock{b}")
        places = sources(block)
        for s, layer in enumerate(block.children(), start=1):
            found[silencing(b, s)] = silenced(layer)
        readers = [*block.children(), network.features.get_submodule(leave)]
        for r, reader in enumerate(readers, start=1):
            for s, channels in enumerate(places[:r]):
                found[hiding(b, s, r)] = hidden(channels, reader)
    return found


def main() -> int:
    """Make all lesions, and write what is left of the right answers."""
    torch.set_num_threads(1)
    images = garments()
    result: dict[str, Any] = {"command": "python -m tools.lesions", "images": len(images)}
    for name in (DENSE, TWIN):
        network = load_trained(name).to(memory_format=torch.channels_last)
        inputs = load_record(name).inputs

        def right(lesion: Lesion, network=network, inputs=inputs) -> int:
            with lesion:
                answers = predict(network, images, batch_size=50, **inputs).argmax(dim=1)
            return int((answers == images.labels).sum())

        counts = {"unharmed": right(nullcontext())}
        if name == DENSE:
            for lesion, made in tqdm(dense_lesions(network).items(), desc=name):
                counts[lesion] = right(made)
            for b in range(1, len(EXITS) + 1):
                block = network.features.get_submodule(f"denseblock{b}")
                counts[silencing_all(b)] = right(all_of(block))
        else:
            for stage in tqdm((network.layer1, network.layer2, network.layer3), desc=name):
                for block in stage:
                    counts[f"block {len(counts)}"] = right(silenced(block.bn2))  # f(x) = x + 0
        result[name] = counts
    text = json.dumps(result, indent=1) + "\n"
    write_atomically(RESULTS / "inside" / "lesions.json", text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
