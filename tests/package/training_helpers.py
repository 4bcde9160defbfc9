"""Small networks and images for the tests of training."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from densenet_lesson.data import Images
from densenet_lesson.training import Recipe

NAMES = ("up", "down", "left", "right")
# Every random thing at once: order, augmentation, dropout; and a rate that changes at every step.
FULL = Recipe(
    epochs=3, batch_size=8, lr=0.05, schedule="cosine", warmup_epochs=0.5, augment="crop-flip"
)


def make_images(n: int = 20, seed: int = 0, channels: int = 1, size: int = 8) -> Images:
    """Noise with one brighter side, which is the class."""
    generator = torch.Generator().manual_seed(seed)
    shape = (n, channels, size, size)
    images = torch.randint(0, 128, shape, generator=generator, dtype=torch.uint8)
    labels = torch.arange(n) % 4
    half = size // 2
    sides = (slice(0, half), slice(half, size))
    for image, label in zip(images, labels.tolist(), strict=True):
        if label < 2:
            image[:, sides[label]] += 100
        else:
            image[:, :, sides[label - 2]] += 100
    return Images(images, labels, NAMES)


def save_npz(path: Path, train: Images, test: Images) -> str:
    """Write grey images as a data set of one's own, and return where it is."""
    arrays = {"class_names": np.array(train.class_names)}
    for part, images in (("train", train), ("test", test)):
        arrays[f"{part}_images"] = images.images.squeeze(1).numpy()
        arrays[f"{part}_labels"] = images.labels.numpy()
    np.savez(path, **arrays)
    return str(path)


def make_model(seed: int = 0, channels: int = 1, drop_rate: float = 0.3) -> nn.Sequential:
    """[N, channels, H, W] -> [N, 4], with batch norm and dropout."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(drop_rate),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 4),
    )


def numbers(history) -> list[dict]:
    """The rows of a history without what a clock decides."""
    return [{k: v for k, v in row.items() if not k.endswith("seconds")} for row in history.rows]


def assert_same_weights(model: nn.Module, other: nn.Module, **tolerance: float) -> None:
    """Equal to the last bit, unless a tolerance is given."""
    tolerance = tolerance or {"rtol": 0, "atol": 0}
    state, expected = model.state_dict(), other.state_dict()
    assert state.keys() == expected.keys()
    for name, tensor in state.items():
        torch.testing.assert_close(tensor, expected[name], **tolerance, msg=lambda m, n=name: n + m)
