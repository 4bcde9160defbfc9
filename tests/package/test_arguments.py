"""Arguments: numbers of numpy and torch are numbers, and what is none is refused."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from densenet_lesson import DenseBlock, arithmetic, build, data, get_config
from densenet_lesson.classics.catalogue import vgg_config
from densenet_lesson.classics.layers import Conv, Dropout, Pool
from densenet_lesson.training.recipe import Recipe


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"num_classes": np.array([0, 3]).max() + 1}, 4),
        ({"num_classes": np.uint8(4)}, 4),
        ({"num_classes": torch.tensor(4)}, 4),
        ({"block_config": np.array([2, 3])}, (2, 3)),
        ({"block_config": torch.tensor([2, 3])}, (2, 3)),
        ({"block_config": [np.int64(2), 3]}, (2, 3)),
        ({"block_config": np.int32(2)}, (2,)),
        ({"drop_rate": np.float32(0.25)}, 0.25),
        ({"compression": np.float64(0.5)}, 0.5),
        ({"compression": torch.tensor(0.5)}, 0.5),
        ({"compression": 1}, 1),
        ({"bias": np.bool_(True)}, True),
    ],
)
def test_numbers_of_numpy_and_torch_are_numbers_and_become_python_s(change, expected):
    config = get_config("densenet_digits", **change)
    ((name, _),) = change.items()
    value = getattr(config, name)
    assert value == expected and type(value) is type(expected)
    assert "np." not in repr(config) and "tensor" not in repr(config)
    assert json.loads(json.dumps(asdict(config)))["growth_rate"] == 12
    build(config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": "no"}, "bias='no' must be True or False"),
        ({"bias": 1}, "bias=1 must be True or False"),
        ({"compression": "0.5"}, "compression='0.5' must be more than 0 and at most 1"),
        ({"compression": None}, "compression=None must be more than 0"),
        ({"drop_rate": np.array([0.1, 0.2])}, "drop_rate=.* must be at least 0 and less than 1"),
        ({"drop_rate": float("nan")}, "drop_rate=nan must be"),
        ({"negative_slope": True}, "negative_slope=True must be"),
        ({"num_classes": np.bool_(True)}, "num_classes=.*True.* must be a positive integer"),
        ({"num_classes": torch.tensor(True)}, "num_classes=.*True.* must be a positive integer"),
        ({"num_classes": 4.0}, "num_classes=4.0 must be a positive integer"),
        ({"num_classes": "4"}, "num_classes='4' must be a positive integer"),
        ({"block_config": np.array([])}, r"block_config=\(\) must hold at least one"),
        ({"block_config": np.array([2.5])}, "block_config=2.5 must be a positive integer"),
        ({"stem": np.array(["cifar", "x"])}, "stem=.* must be 'imagenet' or 'cifar'"),
        ({"compression": 0.01}, "compression=0.01 of channels=64 leaves no channel"),
    ],
)
def test_what_is_no_number_gets_an_error_that_says_what_is_right(change, message):
    with pytest.raises(ValueError, match=message):
        build("densenet_digits", **change)


def test_residual_networks_refuse_what_is_no_switch():
    with pytest.raises(ValueError, match="shortcut_norm='no' must be True or False"):
        get_config("resnet18", shortcut_norm="no")
    assert get_config("resnet18", widths=np.array([8, 8, 8, 8])).widths == (8,) * 4


def test_blocks_layers_recipes_subsets_and_sizes_take_them_too():
    block = DenseBlock(np.int64(2), torch.tensor(3), np.int32(4), drop_rate=np.float32(0.5))
    assert block(torch.rand(2, 3, 4, 4)).shape == (2, 11, 4, 4)
    assert "np." not in repr(block) and "tensor" not in repr(block)
    assert Conv(np.int64(3), (np.int64(1), 3)) == Conv(3, (1, 3))
    assert Pool("max", np.int8(3)) == Pool("max", 3) and Dropout(np.float64(0.5)) == Dropout(0.5)
    assert vgg_config(np.array([2, 2, 3, 3, 3])) == get_config("vgg16")
    recipe = Recipe(epochs=np.int64(3), lr=np.float32(0.5), nesterov=np.bool_(False))
    assert repr(recipe) == repr(Recipe(epochs=3, lr=0.5, nesterov=False))
    assert len(data.load("digits")[0].subset(np.int64(10))) == 10
    config = get_config("resnet18")
    assert arithmetic.flops(config, np.int64(64)) == arithmetic.flops(config, 64)
    assert arithmetic.activation_bytes(config, np.int64(2), 64) > 0
    assert (
        arithmetic.output_size_written(np.int64(96), 7, 2, 3) == "⌊(96 + 2 × 3 − 7) / 2⌋ + 1 = 48"
    )
