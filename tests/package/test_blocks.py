"""The building blocks: shapes, values and errors."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from densenet_lesson import (
    BottleneckResidual,
    DenseBlock,
    DenseLayer,
    Residual,
    Transition,
    conv_block,
)
from densenet_lesson.blocks import activation, init_weights, make_shortcut


def images(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_dense_block_of_chapter_3_goes_from_3_to_23_channels():
    assert DenseBlock(2, 3, 10)(images(4, 3, 8, 8)).shape == (4, 23, 8, 8)


def test_dense_block_of_chapter_4_goes_from_64_to_256_channels():
    assert DenseBlock(6, 64, 32, bn_size=4)(images(1, 64, 16, 16)).shape == (1, 256, 16, 16)


def test_transition_of_chapter_5_goes_from_23_to_10_channels_and_halves_the_size():
    assert Transition(23, 10)(images(4, 23, 8, 8)).shape == (4, 10, 4, 4)


@pytest.mark.parametrize("bn_size", [None, 4])
def test_dense_block_keeps_its_input_in_front_and_appends_every_layer_in_order(bn_size):
    block = DenseBlock(3, 5, 4, bn_size).eval()
    x = images(2, 5, 6, 6)
    seen = x
    for layer in block:
        seen = torch.cat([seen, layer(seen)], dim=1)
    out = block(x)
    assert torch.equal(out[:, :5], x)
    assert torch.equal(out, seen)


def test_dense_layer_is_norm_relu_conv_in_this_order():
    layer = DenseLayer(5, 4).eval()
    x = images(2, 5, 6, 6)
    expected = layer.conv1(torch.relu(layer.norm1(x)))
    assert torch.equal(layer(x), expected)
    assert [type(step).__name__ for step in layer] == ["BatchNorm2d", "ReLU", "Conv2d"]


def test_bottleneck_layer_has_bn_size_times_growth_rate_channels_in_the_middle():
    layer = DenseLayer(64, 32, bn_size=4)
    assert layer.conv1.weight.shape == (128, 64, 1, 1)
    assert layer.conv2.weight.shape == (32, 128, 3, 3)


def test_dropout_follows_every_convolution_of_a_layer():
    kinds = [type(step).__name__ for step in DenseLayer(8, 4, bn_size=2, drop_rate=0.2)]
    conv_then_drop = ["BatchNorm2d", "ReLU", "Conv2d", "Dropout"]
    assert kinds == conv_then_drop * 2
    assert isinstance(Transition(8, 4, drop_rate=0.2).drop, nn.Dropout)


def test_no_convolution_has_a_bias_unless_asked():
    for bias in (False, True):
        convs = [m for m in DenseBlock(2, 4, 4, 2, bias=bias).modules() if isinstance(m, nn.Conv2d)]
        assert convs and all((conv.bias is not None) == bias for conv in convs)


@pytest.mark.parametrize("pool", ["avg", "max"])
def test_transition_pools_the_way_it_is_told(pool):
    transition = Transition(6, 3, pool).eval()
    x = images(1, 6, 4, 4)
    before = transition.conv(torch.relu(transition.norm(x))).unfold(2, 2, 2).unfold(3, 2, 2)
    expected = before.mean((-2, -1)) if pool == "avg" else before.amax((-2, -1))
    torch.testing.assert_close(transition(x), expected)


def test_leaky_relu_lets_the_given_share_of_negative_values_through():
    x = torch.tensor([-2.0, 3.0])
    assert activation(0.1)(x.clone()).tolist() == pytest.approx([-0.2, 3.0])
    assert activation()(x.clone()).tolist() == [0.0, 3.0]


def test_conv_block_is_the_pre_activation_block_of_d2l():
    block = conv_block(3, 7, bias=True).eval()
    reference = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 7, 3, padding=1)).eval()
    reference[2].load_state_dict(block.conv.state_dict())
    x = images(2, 3, 8, 8)
    assert torch.equal(block(x), reference(x))


@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
@pytest.mark.parametrize(("block", "channels"), [(Residual, 16), (BottleneckResidual, 64)])
def test_residual_blocks_halve_the_size_with_every_kind_of_shortcut(block, channels, shortcut):
    assert block(8, 16, 2, shortcut)(images(2, 8, 6, 6)).shape == (2, channels, 3, 3)


def test_residual_block_whose_g_is_zero_returns_its_input():
    block = Residual(6, 6)
    nn.init.zeros_(block.bn2.weight)  # g(x) = 0
    x = images(2, 6, 5, 5).abs()  # the last ReLU leaves positive numbers as they are
    assert torch.equal(block(x), x)


def test_residual_block_equals_the_one_of_d2l_with_the_same_weights():
    d2l = pytest.importorskip("d2l.torch")
    x = images(4, 3, 6, 6)
    theirs = d2l.Residual(6, use_1x1conv=True, strides=2)
    theirs(x)  # d2l's layers are lazy
    ours = Residual(3, 6, stride=2, bias=True, shortcut_norm=False)
    weights = {k.replace("conv3", "downsample.0"): v for k, v in theirs.state_dict().items()}
    ours.load_state_dict(weights)
    torch.testing.assert_close(ours(x), theirs(x))


def test_shortcut_a_pads_with_zero_channels_and_has_no_parameters():
    shortcut = make_shortcut(3, 5, 2, "A")
    x = images(1, 3, 4, 4)
    out = shortcut(x)
    assert torch.equal(out[:, :3], x[:, :, ::2, ::2])
    assert out[:, 3:].abs().sum() == 0
    assert not list(shortcut.parameters())


def test_shortcut_c_projects_even_where_the_shape_stays():
    assert isinstance(make_shortcut(4, 4, 1, "B"), nn.Identity)
    assert isinstance(make_shortcut(4, 4, 1, "C")[0], nn.Conv2d)


def test_init_weights_draws_from_he_et_al():
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 256, 3)
    init_weights(nn.Sequential(conv))
    expected = (2 / (64 * 9)) ** 0.5  # Equation 10 of arXiv:1502.01852
    assert conv.weight.std().item() == pytest.approx(expected, rel=0.02)
    assert conv.bias.abs().sum() == 0


def test_init_weights_refuses_a_model_with_nothing_to_initialise():
    # Applied to lazy modules it would match nothing, and say nothing.
    with pytest.raises(ValueError, match="no convolution or linear layer"):
        init_weights(nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DenseBlock(0, 3, 10), "num_layers=0 must be a positive integer"),
        (lambda: DenseBlock(2, 0, 10), "in_channels=0 must be a positive integer"),
        (lambda: DenseBlock(2, 3, -1), "growth_rate=-1 must be a positive integer"),
        (lambda: DenseBlock(2, 3, 10, bn_size=0), "bn_size=0 must be a positive integer"),
        (lambda: DenseBlock(2, 3, 10, drop_rate=1.0), "drop_rate=1.0 must be at least 0 and less"),
        (lambda: DenseLayer(3, 1.5), "growth_rate=1.5 must be a positive integer"),
        (lambda: DenseLayer(True, 4), "in_channels=True must be a positive integer"),
        (lambda: Transition(23, 0), "out_channels=0 must be a positive integer"),
        (lambda: Transition(23, 10, pool="mean"), "pool='mean' must be 'avg' or 'max'"),
        (lambda: Transition(23, 10, negative_slope=-1), "negative_slope=-1 must be at least 0"),
        (lambda: conv_block(3, 4, kernel_size=2), "kernel_size=2 must be odd"),
        (lambda: Residual(3, 6, stride=0), "stride=0 must be a positive integer"),
        (lambda: Residual(3, 6, shortcut="D"), "shortcut='D' must be 'A' or 'B' or 'C'"),
        (lambda: Residual(6, 3, shortcut="A"), "out_channels=3 must be at least in_channels=6"),
        (lambda: BottleneckResidual(8, 0), "width=0 must be a positive integer"),
    ],
)
def test_wrong_arguments_get_an_error_that_says_what_is_right(make, message):
    with pytest.raises(ValueError, match=message):
        make()
