"""The residual twin of chapter 8: a DenseNet's frame, costs and depth, and + for [ , ]."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from matplotlib.text import Text

from densenet_lesson import DenseNet, arithmetic, build, figures, get_config
from densenet_lesson.classics import TWINS, Twin, TwinConfig

IMAGES = {"in_channels": 1, "num_classes": 10, "image_size": 28}
DENSE = get_config("densenet_bc40", **IMAGES)


def by_hand(config: TwinConfig) -> tuple[int, int]:
    """Parameters and FLOPs of a twin, written out."""
    size, (first, *_, last) = config.image_size, config.widths
    weights = 9 * config.in_channels * first
    parameters, flops = weights, 2 * weights * size**2
    following = [*config.widths[1:], None]
    for num_layers, width, after in zip(config.layers, config.widths, following, strict=True):
        inner = width // config.squeeze
        weights = num_layers * (width * inner + 9 * inner * width)
        parameters += weights + num_layers * 2 * (width + inner)
        if after:
            parameters += 2 * width + width * after
            weights += width * after
        flops += 2 * weights * size**2
        size //= 2
    return parameters + 2 * last + 10 * last + 10, flops + 2 * 10 * last


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_s_parameters_and_flops_are_those_counted_by_hand(name):
    config = get_config(name, **IMAGES)
    assert (arithmetic.parameters(config), arithmetic.flops(config)) == by_hand(config)
    built = build(config)
    assert sum(p.numel() for p in built.parameters()) == arithmetic.parameters(config)


def test_the_twin_costs_what_the_densenet_costs_and_is_as_deep():
    twin = get_config("twin40", **IMAGES)
    for cost in (arithmetic.parameters, arithmetic.flops):
        assert abs(cost(twin) / cost(DENSE) - 1) < 0.02, cost
    assert twin.depth == DENSE.depth == 40
    doubling = get_config("twin40_doubling", **IMAGES)
    assert abs(arithmetic.parameters(doubling) / arithmetic.parameters(DENSE) - 1) < 0.02


def modules(net, leave_out):
    parts = dict(net.named_children()) | dict(net.features.named_children())
    return [(name, type(part)) for name, part in parts.items() if not name.startswith(leave_out)]


def test_what_is_no_block_is_the_same_in_both():
    ours, theirs = build("twin40", **IMAGES), DenseNet(DENSE)
    assert modules(ours, ("stage", "features")) == modules(theirs, ("denseblock", "features"))


def test_a_stage_adds_what_each_layer_puts_out():
    net = build("twin40", **IMAGES).eval()
    x = torch.rand(2, 56, 7, 7)
    with torch.no_grad():
        expected = x
        for layer in net.features.stage1:
            expected = expected + layer(expected)
        torch.testing.assert_close(net.features.stage1(x), expected)
    rows = [row for row in arithmetic.trace(net.config) if row.kind == "add"]
    assert [row.channels for row in rows] == 6 * [56] + 6 * [60] + 6 * [64]


def test_a_twin_takes_changes_and_images_from_its_minimum_size_on():
    net = Twin(in_channels=1, layers=(1, 1), widths=(8, 12)).eval()
    smallest = arithmetic.minimum_size(net.config)
    assert net(torch.rand(1, 1, smallest, smallest)).shape == (1, 10)
    with pytest.raises(ValueError, match="image"):
        net(torch.rand(1, 1, smallest - 1, smallest - 1))


def test_a_twin_is_drawn_with_what_its_stages_hold():
    drawing = figures.stage_map(TWINS["twin40"])
    text = " ".join(part.get_text() for part in drawing.findobj(Text))
    assert "6 layers that add: 1×1, 3×3 conv" in text and "60 × 16 × 16" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widths": (8, 8)}, "widths=(8, 8) must have one width for each of the 3 stages"),
        ({"squeeze": 60}, "squeeze=60 leaves no channel of widths=(56, 60, 64): use at most 56"),
        ({"squeeze": 0}, "squeeze=0 must be a positive integer"),
        ({"layers": ()}, "layers=() must hold at least one positive integer"),
    ],
)
def test_a_twin_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(ValueError) as error:
        replace(TWINS["twin40"], **changes)
    assert message in str(error.value)
