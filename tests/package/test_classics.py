"""The networks before ResNet and the Inception modules, against torchvision, timm and d2l."""

from __future__ import annotations

import importlib
import itertools
import warnings

import pytest
import torch
import torchvision
from test_arithmetic import check_against_built_network
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from densenet_lesson import CLASSICS, ClassicConfig, arithmetic, build, googlenet, lenet5
from densenet_lesson.arithmetic import output_size
from densenet_lesson.blocks import Scores
from densenet_lesson.classics import make_layer, make_layers
from densenet_lesson.classics.catalogue import (
    GOOGLENET_WIDTHS,
    googlenet_config,
    lenet5_config,
    vgg_config,
)
from densenet_lesson.classics.inception import (
    inception_resnet,
    inception_v1,
    inception_v2,
    inception_v3,
    inception_v4,
)
from densenet_lesson.classics.layers import (
    AdaptivePool,
    Branches,
    Conv,
    ConvUnit,
    Dropout,
    Layer,
    Linear,
    Pool,
)
from densenet_lesson.models import course_names

# torchvision.models.googlenet is the function of that name; these are the files
googlenet_file = importlib.import_module("torchvision.models.googlenet")
inception_file = importlib.import_module("torchvision.models.inception")

pytestmark = pytest.mark.usefixtures("one_thread")
PARAMETERS = {  # torchvision's; d2l's for LeNet-5; counted by hand from Figure 3 for ZFNet
    "lenet5": 61_706,
    "alexnet": 61_100_840,
    "zfnet": 62_357_608,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "googlenet": 13_004_888,
}
DEPTHS = {"lenet5": 5, "alexnet": 8, "zfnet": 8, "vgg16": 16, "vgg19": 19, "googlenet": 22}


def randomise(module):
    """Give a module weights and running statistics that no two channels share."""
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.1, 0.9) if tensor.dim() == 1 else tensor.normal_(0, 0.05)


def copy_in_order(source, target):
    """Copy all tensors of a module to another one whose layers come in the same order."""
    tensors = source.state_dict().values()
    target.load_state_dict(dict(zip(target.state_dict(), tensors, strict=True)))


def assert_same_in_both_modes(ours, theirs, x, seed=0):
    """Outputs in training and in evaluation, and the running statistics in between."""
    for training in (True, False):
        outputs = []
        for model in (ours.train(training), theirs.train(training)):
            torch.manual_seed(seed)  # the same dropout
            with torch.no_grad():
                outputs.append(model(x))
        torch.testing.assert_close(flat(outputs[0]), flat(outputs[1]), rtol=1e-4, atol=1e-5)
        statistics = [
            [t for name, t in model.named_buffers() if "running" in name]
            for model in (ours, theirs)
        ]
        torch.testing.assert_close(*statistics, rtol=1e-4, atol=1e-5)


def flat(output):
    """A tensor, or the main scores and the auxiliary ones, the first one first."""
    if isinstance(output, Scores):
        return [output.main, *output.auxiliary]
    if isinstance(output, tuple):  # torchvision's GoogLeNet: logits, aux_logits2, aux_logits1
        return [output[0], output[2], output[1]]
    return [output]


@pytest.mark.parametrize("name", sorted(CLASSICS))
def test_parameters_and_depth_are_the_published_ones(name):
    assert arithmetic.parameters(CLASSICS[name]) == PARAMETERS[name]
    assert CLASSICS[name].depth == DEPTHS[name]
    with torch.device("meta"):
        model = build(name)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_torchvision_weights_load_strictly_and_give_the_same_outputs(name):
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None)
    with torch.device("meta"):  # no weights of its own: it takes theirs over
        ours = build(name)
    ours.load_state_dict(theirs.state_dict(), assign=True)
    assert_same_in_both_modes(ours, theirs, torch.rand(2, 3, 64, 64))


def test_vgg19_has_torchvision_s_layers_of_the_kinds_that_vgg16_has():
    with torch.device("meta"):
        theirs, ours = torchvision.models.vgg19(), build("vgg19")
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == [
        (k, v.shape) for k, v in theirs.state_dict().items()
    ]
    sizes = [[m.kernel_size for m in net.modules() if isinstance(m, nn.MaxPool2d)]
             for net in (ours, theirs)]  # fmt: skip
    assert sizes[0] == sizes[1]


def test_googlenet_equals_torchvision_s_with_its_weights():
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the initialisation
        theirs = torchvision.models.GoogLeNet(init_weights=False)
    ours = googlenet()
    ours.load_state_dict(course_names(theirs.state_dict(), "googlenet"))
    assert_same_in_both_modes(ours, theirs, torch.rand(2, 3, 64, 64))


def test_lenet_equals_the_one_of_d2l_with_the_same_weights():
    d2l = pytest.importorskip("d2l.torch")
    torch.manual_seed(0)
    x = torch.rand(2, 1, 28, 28)
    theirs = d2l.LeNet().net
    theirs(x)  # builds the lazy layers
    ours = build(lenet5_config("sigmoid"))
    copy_in_order(theirs, ours)
    assert_same_in_both_modes(ours, theirs, x)


def zfnet_by_hand():
    """The network of Figure 3 of arXiv:1311.2901, written out layer by layer."""
    convs = [(96, 7, 2, 1), (256, 5, 2, 0), (384, 3, 1, 1), (384, 3, 1, 1), (256, 3, 1, 1)]
    pools = [1, 1, None, None, 0]  # padding of the 3×3 pooling after it
    layers, channels = [], 3
    for (out, *window), pool in zip(convs, pools, strict=True):
        layers += [nn.Conv2d(channels, out, *window), nn.ReLU()]
        layers += [] if pool is None else [nn.MaxPool2d(3, 2, pool)]
        channels = out
    layers += [nn.Flatten(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Dropout()]
    return nn.Sequential(*layers, nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()).append(
        nn.Linear(4096, 1000)
    )


def test_zfnet_has_the_sizes_of_its_paper_and_the_layers_in_order():
    sizes = [stage.size for stage in arithmetic.stages(CLASSICS["zfnet"])]
    # Figure 3: 110 after the first convolution, 55 after its pooling, 26, 13, 13, 13, 13, 6
    assert sizes[:8] == [110, 55, 26, 13, 13, 13, 13, 6]
    torch.manual_seed(0)
    theirs = zfnet_by_hand()
    with torch.device("meta"):
        ours = build("zfnet")
    tensors = theirs.state_dict().values()
    ours.load_state_dict(dict(zip(ours.state_dict(), tensors, strict=True)), assign=True)
    assert_same_in_both_modes(ours, theirs, torch.rand(1, 3, 224, 224))


# ------------------------------------------------------------------ Inception modules


def test_inception_v1_equals_torchvision_s_and_its_branches_stand_in_the_paper_s_order():
    torch.manual_seed(0)
    theirs = googlenet_file.Inception(192, 64, 96, 128, 16, 32, 32)
    ours = make_layer(inception_v1(64, 96, 128, 16, 32, 32, kernel5=3), 192)
    randomise(theirs)
    ours.load_state_dict(theirs.state_dict())
    assert_same_in_both_modes(ours, theirs, torch.rand(2, 192, 9, 9))


# Table 1 of arXiv:1409.4842, column "params", in units of 1,024
PAPER_PARAMS = {
    "inception3a": 159,
    "inception3b": 380,
    "inception4a": 364,
    "inception4b": 437,
    "inception4c": 463,
    "inception4d": 580,
    "inception4e": 840,
    "inception5a": 1072,
    "inception5b": 1388,
}
INPUTS = dict(zip(GOOGLENET_WIDTHS, [192, 256, 480, 512, 512, 512, 528, 832, 832], strict=True))


@pytest.mark.parametrize("name", GOOGLENET_WIDTHS)
def test_inception_v1_with_a_5x5_has_the_parameters_of_the_paper_s_table(name):
    module = make_layer(inception_v1(*GOOGLENET_WIDTHS[name], norm=False), INPUTS[name])
    weights = sum(p.numel() for p in module.parameters() if p.dim() == 4)
    exact = name in ("inception3a", "inception3b", "inception4b")
    # the other figures of the table don't follow from its own widths: they are up to 7 % off
    assert weights / 1024 == pytest.approx(PAPER_PARAMS[name], rel=0.006 if exact else 0.08)


def test_the_branches_of_inception_v2_equal_those_of_torchvision():
    torch.manual_seed(0)
    v3 = inception_file.InceptionA(192, pool_features=32)
    v1 = googlenet_file.Inception(192, 64, 64, 64, 16, 32, 32)
    randomise(v3)
    randomise(v1)
    # Table of arXiv:1502.03167, Figure 5, inception (3a): 64, 64-64, 64-96, avg 32
    ours = make_layer(inception_v2(64, 64, 64, 64, 96, 32), 192)
    for m in ours.modules():
        if isinstance(m, nn.AvgPool2d):
            m.count_include_pad = True  # torchvision counts the padding
    pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1), v3.branch_pool)
    double = nn.Sequential(v3.branch3x3dbl_1, v3.branch3x3dbl_2, v3.branch3x3dbl_3)
    theirs = Side(v3.branch1x1, v1.branch2, double, pooled)
    copy_in_order(theirs, ours)
    assert_same_in_both_modes(ours, theirs, torch.rand(2, 192, 9, 9))


class Side(nn.Module):
    """Modules side by side, concatenated."""

    def __init__(self, *ways):
        super().__init__()
        self.ways = nn.ModuleList(ways)

    def forward(self, x):
        return torch.cat([way(x) for way in self.ways], dim=1)


def test_inception_v3_equals_torchvision_s():
    torch.manual_seed(0)
    theirs = inception_file.InceptionC(768, channels_7x7=128)
    ours = make_layer(inception_v3(192, 128), 768)
    randomise(theirs)
    copy_in_order(theirs, ours)
    for module in ours.modules():
        if isinstance(module, nn.AvgPool2d):
            module.count_include_pad = True  # torchvision counts the padding
    assert_same_in_both_modes(ours, theirs, torch.rand(2, 768, 9, 9))


@pytest.mark.parametrize(
    ("layer", "channels", "theirs"),
    [
        (inception_v4(), 1024, ("inception_v4", "InceptionB", {})),
        (inception_resnet(0.1), 1088, ("inception_resnet_v2", "Block17", {"scale": 0.1})),
    ],
)
def test_inception_v4_and_inception_resnet_equal_those_of_timm(layer, channels, theirs):
    torch.manual_seed(0)
    file, name, options = theirs
    theirs = getattr(importlib.import_module(f"timm.models.{file}"), name)(**options)
    randomise(theirs)
    ours = make_layer(layer, channels)
    copy_in_order(theirs, ours)
    for module in itertools.chain(ours.modules(), theirs.modules()):
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.001  # timm's default here is 1e-5
    assert_same_in_both_modes(ours, theirs, torch.rand(2, channels, 9, 9))


def field_of_view(module, channels, size=17):
    """Height and width of the pixels that one output pixel depends on."""
    x = torch.rand(1, channels, size, size, requires_grad=True)
    module.eval()(x)[0, :, size // 2, size // 2].sum().backward()
    rows, columns = x.grad[0].abs().sum(0).nonzero().unbind(1)
    return (rows.max() - rows.min() + 1).item(), (columns.max() - columns.min() + 1).item()


def test_two_3x3_convolutions_see_as_far_as_one_5x5():
    torch.manual_seed(0)
    v1 = make_layer(inception_v1(8, 8, 8, 8, 8, 8), 16)
    v2 = make_layer(inception_v2(8, 8, 8, 8, 8, 8), 16)
    assert field_of_view(v1.branch3, 16) == field_of_view(v2.branch3, 16) == (5, 5)


def test_a_1x7_and_a_7x1_convolution_see_as_far_as_one_7x7():
    torch.manual_seed(0)
    v3 = make_layer(inception_v3(8, 8), 16)
    assert field_of_view(v3.branch2, 16) == (7, 7)
    assert field_of_view(v3.branch3, 16) == (13, 13)


# ------------------------------------------------------------------ arithmetic

SMALL = {
    "lenet5": {"image_size": 28},
    "alexnet": {"image_size": 64},
    "zfnet": {"image_size": 96},
    "vgg16": {"image_size": 40},
    "googlenet": {"image_size": 47},
}


@pytest.mark.parametrize("name", sorted(SMALL))
def test_arithmetic_equals_the_built_network(name):
    check_against_built_network(build_config(name))


def test_layers_without_a_classifier_are_counted_too():
    config = ClassicConfig("alone", (conv := googlenet_config().features[0],), ())
    alone = make_layer(conv, config.in_channels)
    assert arithmetic.parameters(config) == sum(p.numel() for p in alone.parameters())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        alone.eval()(torch.zeros(1, config.in_channels, config.image_size, config.image_size))
    assert arithmetic.flops(config) == counter.get_total_flops()


def build_config(name):
    config = CLASSICS[name]
    return type(config)(**{**vars(config), "num_classes": 7, **SMALL[name]})


@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (inception_v1(8, 6, 10, 4, 7, 5), 12),
        (inception_v1(8, 6, 10, 4, 7, 5, norm=False), 12),
        (inception_v2(8, 6, 10, 4, 7, 5, pool="max"), 12),
        (inception_v3(8, 6, n=5), 12),
        (inception_v4(), 20),
        (inception_resnet(), 24),
        (Branches(((), (Conv(3, 1),), (Pool("max", 3, 1, 1),))), 4),
    ],
)
def test_a_description_knows_the_shape_that_the_built_module_puts_out(layer, channels):
    module = make_layer(layer, channels, size=9)
    expected = layer.after(channels, 9)
    x = torch.rand(2, channels, 9, 9)
    assert module(x).shape == (2, expected[0], expected[1], expected[1])


def test_output_size_with_ceil_equals_torch_s_pooling():
    for size, kernel, stride, padding in itertools.product(
        range(1, 12), range(1, 5), range(1, 4), range(3)
    ):
        if padding > kernel // 2:
            continue  # torch allows at most half the kernel
        try:
            x = torch.rand(1, 1, size, size)
            expected = F.max_pool2d(x, kernel, stride, padding, ceil_mode=True).shape[-1]
        except RuntimeError:
            with pytest.raises(ValueError, match="too small"):
                output_size(size, kernel, stride, padding, ceil=True)
        else:
            assert output_size(size, kernel, stride, padding, ceil=True) == expected


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "googlenet"])
def test_minimum_size_is_the_smallest_image_that_the_network_takes(name):
    smallest = arithmetic.minimum_size(CLASSICS[name])
    # what torchvision says of its own
    weights = torchvision.models.get_model_weights(name).DEFAULT
    assert (smallest, smallest) == weights.meta["min_size"]
    if name == "googlenet":  # the others would take their time
        model = build(name, num_classes=2).eval()
        assert model(torch.rand(1, 3, smallest, smallest)).shape == (1, 2)
        with pytest.raises(ValueError, match=f"use at least {smallest} pixels"):
            model(torch.rand(1, 3, smallest - 1, smallest))


def test_vgg_networks_are_one_configuration_apart():
    assert vgg_config((2, 2, 3, 3, 3)) == CLASSICS["vgg16"]
    assert vgg_config((1, 1, 2, 2, 2)).name == "VGG-11"
    assert arithmetic.parameters(vgg_config((1, 1, 2, 2, 2))) == 132_863_336  # torchvision's


def test_a_5x5_makes_googlenet_larger_than_torchvision_s():
    paper, torchvisions = googlenet_config(kernel5=5), googlenet_config(kernel5=3)
    more = sum((25 - 9) * w[3] * w[4] for w in GOOGLENET_WIDTHS.values())
    assert arithmetic.parameters(paper) - arithmetic.parameters(torchvisions) == more


# ------------------------------------------------------------------ behaviour


def test_auxiliary_classifiers_answer_in_training_only():
    model = googlenet(num_classes=3, image_size=32)
    x = torch.rand(2, 3, 32, 32)
    output = model.train()(x)
    assert isinstance(output, Scores) and output.main.shape == (2, 3)
    assert [scores.shape for scores in output.auxiliary] == [(2, 3), (2, 3)]
    assert model.eval()(x).shape == (2, 3)


def test_lenet_takes_other_images_when_it_is_built_for_them():
    model = lenet5(image_size=32, in_channels=3, num_classes=4)
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 4)
    assert model.classifier[0].in_features == 16 * 6 * 6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: lenet5(image_size=8), "image_size=8 is too small for LeNet-5.* at least 12"),
        (lambda: lenet5()(torch.rand(1, 1, 32, 32)), "image_size=32 does not fit LeNet-5.* 28"),
        (lambda: lenet5()(torch.rand(1, 1, 28, 32)), "image_size=32 does not fit LeNet-5"),
        (lambda: lenet5()(torch.rand(1, 3, 28, 28)), r"takes images \[N, 1, H, W\]"),
        (lambda: build("alexnet", image_size=40), "too small for AlexNet.* at least 63 pixels"),
        (lambda: build("vgg17"), "unknown network 'vgg17': choose one of alexnet"),
        (lambda: build("vgg16", stem="cifar"), "unknown option stem='cifar': choose one of name"),
        (lambda: Conv(0), "out_channels=0 must be a positive integer"),
        (lambda: Conv(3, (1, 7), stride=2), r"kernel_size=\(1, 7\) is not square"),
        (lambda: Pool("median"), "kind='median' must be 'max' or 'avg'"),
        (lambda: make_layer(Layer(), 3), "is not one of the layers"),
        (
            lambda: make_layer(Branches(((ConvUnit(3),), (Pool(),)), name="mine"), 3),
            "branches of mine turn images of size 28 into sizes 28, 14: .* must be equal",
        ),
        (
            lambda: make_layer(Branches(((Pool(), ConvUnit(3)),), residual=0.1), 3),
            "branches of the module turn images of size 28 into size 14: .* keep the size",
        ),
        (lambda: Branches(()), r"branches=\(\) must be a tuple of at least one branch"),
        (lambda: Branches((Conv(3),)), "branches=.* must be a tuple of layers"),
        (lambda: Branches(((Conv(3),),), residual="a"), "residual='a' must be None or a number"),
        (lambda: Conv(3, (3, 3, 3)), r"kernel_size=\(3, 3, 3\) must be a positive integer, or two"),
        (lambda: Conv(3, 2.5), "kernel_size=2.5 must be a positive integer, or two"),
        (lambda: Conv(3, 4), "kernel_size=4 must be odd, or padding given"),
        (lambda: Conv(3, padding=-1), "padding=-1 must be an integer of at least 0"),
        (lambda: Pool("max", 3, 2, padding=2), "padding=2 must be at most half of kernel_size=3"),
        (lambda: AdaptivePool(0), "size=0 must be a positive integer"),
        (lambda: Dropout(1.5), "p=1.5 must be at least 0 and less than 1"),
        (lambda: Dropout("a"), "p='a' must be at least 0 and less"),
        (lambda: Linear(0), "out_features=0 must be a positive integer"),
        (lambda: make_layer(Linear(), 3), "out_features=None must be a number here"),
        (lambda: make_layer(Conv(3), -1), "channels=-1 must be a positive integer"),
        (lambda: make_layers((Conv(3),), 0, 8), "channels=0 must be a positive integer"),
        (lambda: googlenet_config(kernel5=4), "kernel_size=4 must be odd"),
        (lambda: vgg_config((2, 2)), r"convs=\(2, 2\) must hold five numbers"),
        (lambda: vgg_config((0, 1, 1, 1, 1)), "convs=0 must be a positive integer"),
        (lambda: lenet5_config("gelu"), "activation='gelu' must be 'relu' or 'tanh' or 'sigmoid'"),
        (lambda: ClassicConfig("net", Conv(3), ()), "features=.* must be a tuple of layers"),
        (
            lambda: ClassicConfig("net", (Conv(3, name="c"), Conv(3, name="c")), ()),
            "features has two layers with the name 'c'",
        ),
        (
            lambda: ClassicConfig("net", (Conv(3, name="c"),), (), auxiliary="c"),
            "auxiliary='c' must be a tuple of names",
        ),
        (
            lambda: arithmetic.parameters(
                ClassicConfig("net", (Branches(((Conv(3),), (Pool(),))),), (), pool=1)
            ),
            "branches of the module turn images of size",
        ),
        (
            lambda: ClassicConfig("net", (Conv(3),), (Linear(),), auxiliary=("conv9",)),
            "auxiliary='conv9' must be a layer of features",
        ),
        (lambda: ClassicConfig("net", (Conv(3),), (), pool=0), "pool=0 must be a positive integer"),
    ],
)
def test_wrong_options_get_an_error_that_says_what_is_right(make, message):
    with pytest.raises(ValueError, match=message):
        make()
