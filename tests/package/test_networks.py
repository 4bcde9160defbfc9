"""Whole networks, against torchvision and d2l with the same weights."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import densenet_lesson
from densenet_lesson import (
    DENSENETS,
    DenseNet,
    DenseNetConfig,
    ResNetConfig,
    arithmetic,
    build,
    densenet_cifar,
    densenet_d2l,
    get_config,
    resnet_cifar,
)

TORCHVISION = ["densenet121", "densenet161", "resnet18", "resnet34", "resnet50"]
DEEPER = ["densenet169", "densenet201", "resnet101", "resnet152"]  # more of the same layers


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision_weights_load_strictly_and_give_the_same_outputs(name):
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None)
    with torch.device("meta"):  # no weights of its own: it takes theirs over
        ours = getattr(densenet_lesson, name)()
    ours = ours.to_empty(device="cpu")
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


@pytest.mark.parametrize("name", [*DEEPER, "densenet264"])
def test_deeper_networks_have_torchvision_s_parameters_by_name_shape_and_order(name):
    with torch.device("meta"):
        if name == "densenet264":  # torchvision has its class only
            theirs = torchvision.models.DenseNet(block_config=(6, 12, 64, 48))
        else:
            theirs = getattr(torchvision.models, name)(weights=None)
        pairs = [model.state_dict().items() for model in (build(name), theirs)]
    ours, theirs = ([(key, tensor.shape) for key, tensor in items] for items in pairs)
    assert ours == theirs


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


def test_deep_supervision_adds_a_classifier_to_each_dense_block_but_the_last():
    torch.manual_seed(0)
    model = build("densenet_digits", block_config=(2, 2, 2), deep_supervision=True)
    x = torch.rand(4, 1, 8, 8)
    output = model.train()(x)
    assert [scores.shape for scores in output.auxiliary] == [(4, 10), (4, 10)]
    # they read the blocks' outputs, and leave the network itself as it is
    plain = build("densenet_digits", block_config=(2, 2, 2))
    own = {k: t for k, t in model.state_dict().items() if not k.startswith("auxiliary")}
    plain.load_state_dict(own)
    torch.testing.assert_close(plain.eval()(x), model.eval()(x))
    head = model.train().auxiliary["denseblock1"]
    block = model.features.denseblock1(model.features.conv0(x))
    assert block.shape[1] == 16 + 2 * 12
    averages = F.batch_norm(block, None, None, training=True).relu().mean((2, 3))
    torch.testing.assert_close(
        head(block), F.linear(averages, head.linear.weight, head.linear.bias)
    )


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
        (lambda: build("densenet123"), "unknown network 'densenet123': choose one of alexnet"),
        (lambda: build("densenet121", groth_rate=3), "unknown option groth_rate=3: choose one of"),
        (lambda: DenseNet(stem="mnist"), "stem='mnist' must be 'imagenet' or 'cifar'"),
        (lambda: DenseNet(block_config=()), "block_config=.* at least one positive integer"),
        (lambda: DenseNet(block_config=(3, 0)), "block_config=0 must be a positive integer"),
        (lambda: DenseNet(deep_supervision=1), "deep_supervision=1 must be True or False"),
        (lambda: DenseNet(compression=0), "compression=0 must be more than 0"),
        (lambda: get_config("resnet18", block="wide"), "block='wide' must be 'basic' or"),
        (lambda: ResNetConfig(layers=(2, 2)), r"widths=\(64, 128, 256, 512\) must have one width"),
        (lambda: densenet_cifar(41, 12), "depth=41 must be 4 more than a positive multiple of 3"),
        (lambda: densenet_cifar(40, 12, bottleneck=True, compression=2), "compression=2 must be"),
        (lambda: densenet_cifar(4, 12), "depth=4 must be 4 more than a positive multiple"),
        (lambda: resnet_cifar(21), "depth=21 must be 2 more than a positive multiple of 6"),
        (lambda: resnet_cifar(20, "D"), "shortcut='D' must be 'A' or 'B' or 'C'"),
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


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_cifar_resnets_have_6n_plus_2_layers_and_three_widths(shortcut):
    model = resnet_cifar(20, shortcut).eval()
    assert model.config.depth == 20
    shapes = [model.get_submodule(f"layer{i}")[-1].conv2.out_channels for i in (1, 2, 3)]
    assert shapes == [16, 32, 64]
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    plain = sum(p.numel() for p in model.parameters()) - sum(
        p.numel() for name, p in model.named_parameters() if "downsample" in name
    )
    assert plain == 269_722  # only the projections of B and C add parameters


def test_shortcut_options_of_resnet34_change_only_the_projections():
    count = {o: arithmetic.parameters(get_config("resnet34", shortcut=o)) for o in "ABC"}
    assert count["B"] == 21_797_672  # torchvision's
    # from 64 to 128, from 128 to 256, from 256 to 512: weights, and the norm's scale and shift
    projections = sum(a * 2 * a + 2 * 2 * a for a in (64, 128, 256))
    assert count["A"] == count["B"] - projections
    blocks = {64: 3, 128: 3, 256: 5, 512: 2}  # those that keep their shape
    assert count["C"] == count["B"] + sum(n * (c * c + 2 * c) for c, n in blocks.items())


def test_an_identity_projection_makes_option_c_equal_to_option_b():
    torch.manual_seed(0)
    b, c = (build("resnet20", shortcut=option).eval() for option in "BC")
    missing = c.load_state_dict(b.state_dict(), strict=False).missing_keys
    for name in missing:
        block = c.get_submodule(name.rsplit(".", 2)[0])
        nn.init.dirac_(block[0].weight)
        block[1].running_mean.zero_()
        block[1].running_var.fill_(1 - block[1].eps)
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(b(x), c(x), rtol=1e-4, atol=1e-4)


def test_a_plain_network_is_a_residual_one_without_the_addition():
    torch.manual_seed(0)
    plain, residual = (build("resnet20", block=block).eval() for block in ("plain", "basic"))
    residual.load_state_dict(plain.state_dict())  # option A: the same parameters
    x = torch.rand(2, 16, 8, 8)
    ours, theirs = plain.layer1[0], residual.layer1[0]
    g = theirs.bn2(theirs.conv2(F.relu(theirs.bn1(theirs.conv1(x)))))
    torch.testing.assert_close(ours(x), F.relu(g))
    torch.testing.assert_close(theirs(x), F.relu(g + x))
    assert arithmetic.flops(plain.config) == arithmetic.flops(residual.config)
