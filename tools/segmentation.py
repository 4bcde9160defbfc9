"""Train chapter 13's three U-Nets with three seeds each, and record what came.

    python -m tools.segmentation

makes 4,000 scenes to learn from and 500 to be judged by, trains each network for five epochs, and
writes `book/results/segmentation/unet_NAME_SEED.json`, and of one run what the network has learned.
It takes about half an hour of one core. A run that was cut off goes on after its last epoch, and
one that is recorded is not repeated. `python -m tools.segmentation dense 0` makes one run only.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from densenet_lesson import data
from densenet_lesson.classics.unet import UNet, UNetConfig
from densenet_lesson.data.scenes import KINDS, Scenes, make_scenes, photographs
from densenet_lesson.training.checkpoint import write_atomically
from densenet_lesson.training.trained import garments, pack

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "book" / "results" / "segmentation"
UNFINISHED = ROOT / "runs" / "segmentation"
NETWORKS = {
    "plain": UNetConfig(widths=(16, 32, 64, 128)),
    "dense": UNetConfig("dense U-Net", widths=(16, 32, 64, 128), dense_layers=2),
    "narrow": UNetConfig("narrow U-Net", widths=(11, 22, 44, 88)),
}
SEEDS = (0, 1, 2)
SHIPPED = ("dense", 0)  # whose weights come along
SCENES, JUDGED, EPOCHS, BATCH, RATE = 4000, 500, 5, 16, 3e-3


def prepared(images: Tensor) -> Tensor:
    """Pixels of uint8 [N, 3, H, W] as a network reads them: about -2 to 2."""
    x = (images.float() / 255 - 0.5) / 0.25
    return x.contiguous(memory_format=torch.channels_last)


def train_epoch(net: nn.Module, optimizer: Any, schedule: Any, scenes: Scenes) -> float:
    """Learn from every scene once; return the mean loss."""
    losses = []
    net.train()
    for chosen in tqdm(torch.randperm(len(scenes)).split(BATCH)):
        scores = net(prepared(scenes.images[chosen]))  # [N, 6, H, W]
        loss = F.cross_entropy(scores, scenes.masks[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@torch.inference_mode()
def confusion(net: nn.Module, scenes: Scenes) -> Tensor:
    """Pixels by what they are and what the network takes them for: int64 [6, 6]."""
    net.eval()
    answers = torch.cat([net(prepared(x)).argmax(1) for x in scenes.images.split(50)])
    pairs = len(KINDS) * scenes.masks + answers  # [N, H, W]
    return torch.bincount(pairs.flatten(), minlength=len(KINDS) ** 2).view(len(KINDS), -1)


def mean_iou(table: Tensor) -> float:
    """The mean over the classes of intersection over union, from a confusion matrix [6, 6]."""
    hits = table.diag()
    return (hits / (table.sum(0) + table.sum(1) - hits)).mean().item()


def run(name: str, seed: int) -> None:
    """Train one network with one seed, or go on with it, and record it."""
    learned = make_scenes(data.load("fashion_mnist")[0], SCENES, photographs("train"), seed=0)
    judged = make_scenes(garments(), JUDGED, photographs("test"), seed=1)
    torch.manual_seed(seed)
    net = UNet(NETWORKS[name]).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE)
    steps = EPOCHS * -(-SCENES // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps)
    parts = {"net": net, "optimizer": optimizer, "schedule": schedule}
    rows: list[dict[str, Any]] = []
    unfinished = UNFINISHED / f"{name}_{seed}.pt"
    if unfinished.exists():
        state = torch.load(unfinished)
        for key, part in parts.items():
            part.load_state_dict(state[key])
        torch.set_rng_state(state["random"])
        rows = state["rows"]
    while len(rows) < EPOCHS:
        begin = time.process_time()
        loss = train_epoch(net, optimizer, schedule, learned)
        seconds = round(time.process_time() - begin, 1)
        rows.append({"loss": loss, "confusion": confusion(net, judged).tolist(), "cpu": seconds})
        state = {key: part.state_dict() for key, part in parts.items()}
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state | {"random": torch.get_rng_state(), "rows": rows}, unfinished)
    record(name, seed, net, rows)


def record(name: str, seed: int, net: nn.Module, rows: list[dict[str, Any]]) -> None:
    """Write what came, and of one run what was learned."""
    found = {
        "command": f"python -m tools.segmentation {name} {seed}",
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "torch": torch.__version__,
        "rows": rows,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    if (name, seed) == SHIPPED:
        write_atomically(RESULTS / f"unet_{name}.f16", pack({"network": name}, net.state_dict()))
    write_atomically(RESULTS / f"unet_{name}_{seed}.json", (json.dumps(found) + "\n").encode())


def main(words: list[str] | None = None) -> int:
    """Make the run that is named, or all that are not recorded yet."""
    words = sys.argv[1:] if words is None else words
    torch.set_num_threads(1)
    runs = [(words[0], int(words[1]))] if words else [(n, s) for s in SEEDS for n in NETWORKS]
    for name, seed in runs:
        if words or not (RESULTS / f"unet_{name}_{seed}.json").exists():
            run(name, seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
