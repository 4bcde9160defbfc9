"""Whole networks, against torchvision and d2l with the same weights."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

import densenet_lesson
from densenet_lesson import (
    DENSENETS,
    DenseNet,
    DenseNetConfig,
    ResNetConfig,
    build,
    densenet_cifar,
    densenet_d2l,
    get_config,
)

TORCHVISION = [
    *("densenet121", "densenet161", "densenet169", "densenet201"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
]


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision_weights_load_strictly_and_give_the_same_outputs(name):
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None)
    ours = getattr(densenet_lesson, name)()
    ours.load_state_dict(theirs.state_dict())  # strict: every name, every shape
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        # training mode first: it moves the running statistics, which evaluation then uses
        torch.testing.assert_close(ours.train()(x), theirs.train()(x), rtol=1e-4, atol=1e-4)
        for (key, a), b in zip(
            ours.state_dict().items(), theirs.state_dict().values(), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=key)
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=1e-4, atol=1e-4)


def test_gradients_equal_those_of_torchvision():
    torch.manual_seed(0)
    changes = {"block_config": (2, 2), "growth_rate": 8, "num_init_features": 16}
    theirs = torchvision.models.DenseNet(**changes, num_classes=5).double()
    ours = DenseNet(**changes, num_classes=5).double()
    ours.load_state_dict(theirs.state_dict())
    x = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    for model in (ours, theirs):
        model(x).square().sum().backward()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def d2l_densenet():
    """The network of d2l.ai's chapter, put together from what the chapter describes."""

    def conv_block(channels):
        return nn.Sequential(
            nn.LazyBatchNorm2d(), nn.ReLU(), nn.LazyConv2d(channels, kernel_size=3, padding=1)
        )

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(conv_block(32) for _ in range(4))

        def forward(self, x):
            for layer in self.layers:
                x = torch.cat((x, layer(x)), dim=1)
            return x

    def transition(channels):
        return nn.Sequential(
            nn.LazyBatchNorm2d(), nn.ReLU(), nn.LazyConv2d(channels, 1), nn.AvgPool2d(2, 2)
        )

    stem = [nn.LazyConv2d(64, 7, 2, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    body = [Block(), transition(96), Block(), transition(112), Block(), transition(120), Block()]
    head = [nn.LazyBatchNorm2d(), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten()]
    return nn.Sequential(*stem, *body, *head, nn.LazyLinear(10))


def test_d2l_network_gives_the_same_outputs_with_the_same_weights():
    torch.manual_seed(0)
    x = torch.rand(2, 1, 96, 96)
    theirs, ours = d2l_densenet(), densenet_d2l()
    theirs(x)  # builds the lazy layers
    values = list(theirs.state_dict().values())
    ours.load_state_dict(dict(zip(ours.state_dict(), values, strict=True)))
    assert sum(p.numel() for p in theirs.parameters()) == 758_226
    with torch.no_grad():
        torch.testing.assert_close(ours.train()(x), theirs.train()(x))
        torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_resnet18_equals_the_one_of_d2l_with_the_same_weights():
    d2l = pytest.importorskip("d2l.torch")
    torch.manual_seed(0)
    x = torch.rand(2, 1, 32, 32)
    # d2l's package has a 3×3 stem without pooling
    ours = build("resnet18_d2l", stem="cifar").eval()
    theirs = d2l.resnet18(10)
    theirs(x)
    theirs.eval()
    # d2l lists the shortcut's projection (conv3) before the norms
    keys = sorted(ours.state_dict(), key=d2l_order)
    ours.load_state_dict(dict(zip(keys, theirs.state_dict().values(), strict=True)))
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x))


def d2l_order(key):
    stage, _, rest = key.partition(".")
    stages = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"]
    block, _, part = rest.partition(".")
    parts = ["conv1", "conv2", "downsample", "bn1", "bn2"]
    inner = parts.index(part.split(".")[0]) if stage.startswith("layer") else 0
    return stages.index(stage), block if stage.startswith("layer") else "", inner


def test_every_named_network_runs_on_its_own_images():
    for name in ("densenet_d2l", "densenet_digits", "densenet40", "densenet_bc100", "resnet18_d2l"):
        model = build(name).eval()
        config = model.config
        x = torch.rand(1, config.in_channels, config.image_size, config.image_size)
        with torch.no_grad():
            assert model(x).shape == (1, config.num_classes), name


def test_cifar_networks_start_with_16_channels_or_twice_the_growth_rate():
    assert densenet_cifar(40, 12).config.num_init_features == 16
    assert densenet_cifar(100, 12, bottleneck=True).config.num_init_features == 16
    assert densenet_cifar(40, 12, compression=0.5).config.num_init_features == 16
    bc = densenet_cifar(100, 12, bottleneck=True, compression=0.5, num_classes=100)
    assert bc.config.num_init_features == 24
    assert bc.config.name == "DenseNet-BC (L=100, k=12)"
    assert bc.classifier.out_features == 100


def test_a_configuration_and_its_changes_build_the_same_network():
    by_changes = DenseNet(DENSENETS["densenet_d2l"], growth_rate=8)
    by_name = build("densenet_d2l", growth_rate=8)
    assert by_changes.config == by_name.config
    assert by_changes.state_dict().keys() == by_name.state_dict().keys()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: build("densenet123"), "unknown network 'densenet123': choose one of densenet100"),
        (lambda: build("densenet121", groth_rate=3), "unknown option groth_rate=3: choose one of"),
        (lambda: DenseNet(stem="mnist"), "stem='mnist' must be 'imagenet' or 'cifar'"),
        (lambda: DenseNet(block_config=()), "block_config=.* at least one positive integer"),
        (lambda: DenseNet(block_config=(3, 0)), "block_config=0 must be a positive integer"),
        (lambda: DenseNet(compression=0), "compression=0 must be more than 0"),
        (lambda: get_config("resnet18", block="wide"), "block='wide' must be 'basic' or"),
        (lambda: ResNetConfig(layers=(2, 2)), r"widths=\(64, 128, 256, 512\) must have one width"),
        (lambda: densenet_cifar(41, 12), "depth=41 must be 4 more than a positive multiple of 3"),
        (lambda: densenet_cifar(40, 12, bottleneck=True, compression=2), "compression=2 must be"),
        (lambda: densenet_cifar(4, 12), "depth=4 must be 4 more than a positive multiple"),
    ],
)
def test_wrong_options_get_an_error_that_says_what_is_right(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", ["densenet_digits", "resnet18_d2l"])
def test_images_that_do_not_fit_get_an_error_that_says_what_does(name):
    model = build(name).eval()
    with pytest.raises(ValueError, match=r"takes images \[N, 1, H, W\]"):
        model(torch.rand(2, 3, 32, 32))
    with pytest.raises(ValueError, match=r"x of shape \(1, 32, 32\) does not fit"):
        model(torch.rand(1, 32, 32))


def test_images_too_small_for_the_poolings_get_an_error_with_the_smallest_size():
    model = DenseNet(DenseNetConfig(block_config=(1, 1, 1, 1), growth_rate=4)).eval()
    with pytest.raises(ValueError, match="image_size=28 is too small .* use at least 29 pixels"):
        model(torch.rand(1, 3, 28, 40))
