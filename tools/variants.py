"""Train the variants of chapter 12, each with as many parameters as the full dense network.

    python -m tools.variants

trains one run after the other, as far as it isn't done yet, and writes
`book/results/variants/links.json`. A run takes two minutes on a free core, all 17 about half an
hour. `python -m tools.variants powers 0` does one run only; cut off and called again, each goes
on.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from densenet_lesson.arithmetic import parameters
from densenet_lesson.classics.variants import LinkedConfig
from densenet_lesson.data import Images, load
from densenet_lesson.models import build
from densenet_lesson.training import Recipe, evaluate, train
from densenet_lesson.training.checkpoint import write_atomically

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "book" / "results" / "variants" / "links.json"
RUNS = ROOT / "runs" / "variants"
FULL = LinkedConfig(
    name="full",
    block_config=(8, 8, 8),
    growth_rate=8,
    num_init_features=16,
    stem="cifar",
    in_channels=1,
    num_classes=10,
    image_size=8,
)
RECIPE = Recipe(
    epochs=4, weight_decay=5e-4, schedule="cosine", warmup_epochs=1, size=8, normalize=True
)
IMAGES, HELD_OUT = 20_000, 5_000


def equal(config: LinkedConfig, parameters_wanted: int) -> LinkedConfig:
    """Choose growth rate and stem so that the parameters come as close as they can."""
    sizes = [(k, stem) for k in range(6, 12) for stem in range(16, 25)]
    found = [replace(config, growth_rate=k, num_init_features=stem) for k, stem in sizes]
    return min(found, key=lambda one: abs(parameters(one) - parameters_wanted))


def variants() -> dict[str, tuple[LinkedConfig, int]]:
    """Each variant's configuration by its name, and how many seeds it is trained with."""
    goal = parameters(FULL)
    others = {name: replace(FULL, name=name, links=name) for name in ("powers", "last", "second")}
    others["cross"] = replace(FULL, name="cross", cross_links=True)
    found = {"full": (FULL, 3)} | {name: (equal(c, goal), 3) for name, c in others.items()}
    found["max pooling"] = replace(FULL, name="max pooling", pool="max"), 1
    found["leaky ReLU"] = replace(FULL, name="leaky ReLU", negative_slope=0.1), 1
    return found


def run(config: LinkedConfig, seed: int, images: tuple[Images, Images]) -> dict[str, Any]:
    """Train one network, judge it on the images held out, and at the end on the test images."""
    RUNS.mkdir(parents=True, exist_ok=True)
    place = RUNS / f"{config.name.replace(' ', '_')}_{seed}"
    done = place.with_suffix(".json")
    if done.exists():
        return json.loads(done.read_text(encoding="utf-8"))
    training, held_out = images[0].split(HELD_OUT)
    recipe = replace(RECIPE, seed=seed)
    torch.manual_seed(seed)
    model = build(config).to(memory_format=torch.channels_last)
    subset, checkpoint = training.subset(IMAGES, seed=seed), place.with_suffix(".pt")
    how = {"device": "cpu", "checkpoint": checkpoint, "validation": True, "progress": 30.0}
    history = train(model, subset, held_out, recipe, **how)
    _, test = evaluate(model, images[1], **history.inputs)
    last = history.rows[-1]
    result = {
        "seed": seed,
        "train": last["train_accuracy"],
        "validation": last["test_accuracy"],
        "test": test,
        "seconds": round(history.seconds),
    }
    write_atomically(done, json.dumps(result).encode())
    return result


def main(argv: list[str]) -> int:
    """Do the run that was named, or all that are missing, and then write the record."""
    torch.set_num_threads(1)
    images = load("fashion_mnist")
    if argv:
        print(run(variants()[argv[0]][0], int(argv[1]), images))
        return 0
    record: dict[str, Any] = {
        "command": "python -m tools.variants",
        "images": IMAGES,
        "validation": HELD_OUT,
        "recipe": asdict(RECIPE),
        "variants": {
            name: {
                "config": asdict(config),
                "runs": [run(config, seed, images) for seed in range(seeds)],
            }
            for name, (config, seeds) in variants().items()
        },
    }
    write_atomically(RECORD, (json.dumps(record, indent=1) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
