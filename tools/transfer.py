"""Let the garments' network learn digits from few labels, in three ways, for chapter 11.

    python -m tools.transfer

makes 45 runs: three ways, 10, 100 and 1,000 labels, five seeds. It writes how many of the 360 test
digits each reads rightly into `book/results/transfer/digits.json`, run by run: cut off and called
again, it goes on. In all it takes about ten minutes of one core.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from densenet_lesson import data
from densenet_lesson.training import predict, train
from densenet_lesson.training.checkpoint import write_atomically
from densenet_lesson.training.transfer import SEEDS, SIZE, WAYS, recipe, start

FILE = Path(__file__).resolve().parents[1] / "book" / "results" / "transfer" / "digits.json"


def right(way: str, labels: int, seed: int, pool: data.Images, test: data.Images) -> int:
    """Train once; the number of test images that are read rightly."""
    model = start(way, seed)
    some = pool.subset(labels, seed)
    train(model, some, test.subset(10), recipe(labels, seed), device="cpu", progress=False)
    answers = predict(model, test, size=SIZE).argmax(dim=1)
    return int((answers == test.labels).sum())


def main() -> int:
    """Make the runs that are still missing."""
    torch.set_num_threads(1)
    pool, test = data.load("digits")
    result: dict[str, Any] = {"command": "python -m tools.transfer", "images": len(test)}
    if FILE.exists():
        result = json.loads(FILE.read_text(encoding="utf-8"))
    FILE.parent.mkdir(exist_ok=True)
    todo = [(n, seed, way) for n in (10, 100, 1000) for seed in SEEDS for way in WAYS]
    for labels, seed, way in tqdm(todo):
        runs = result.setdefault(way, {}).setdefault(str(labels), {})
        if f"seed {seed}" not in runs:
            runs[f"seed {seed}"] = right(way, labels, seed, pool, test)
            write_atomically(FILE, (json.dumps(result, indent=1) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
