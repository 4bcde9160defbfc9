"""Link patterns, blocks and networks that follow them, and how they are drawn and recorded."""

import json
from dataclasses import replace
from math import log2

import pytest
import torch

from densenet_lesson import DenseNet, DenseNetConfig, arithmetic, figures
from densenet_lesson.classics.variants import LINKS, LinkedBlock, LinkedConfig
from densenet_lesson.models import build
from densenet_lesson.training import records
from tools import variants as tool

SIZES = {"block_config": (4, 5, 3), "growth_rate": 4, "num_init_features": 6}
SMALL = replace(tool.FULL, **SIZES, num_classes=3, image_size=14)


def test_the_patterns_read_what_their_names_say():
    read = {name: pattern(8) for name, pattern in LINKS.items()}
    assert read == {
        "all": [0, 1, 2, 3, 4, 5, 6, 7],
        "powers": [0, 4, 6, 7],
        "last": [5, 6, 7],
        "second": [1, 3, 5, 7],
    }


@pytest.mark.parametrize("pattern", LINKS.values())
def test_a_layer_reads_its_neighbour_and_nothing_twice_nor_from_the_future(pattern):
    for layer in range(1, 65):
        sources = pattern(layer)
        assert sources == sorted(set(sources)) and sources[0] >= 0 and sources[-1] == layer - 1


def test_powers_of_two_need_a_logarithm_of_links():
    assert all(len(LINKS["powers"](layer)) == int(log2(layer)) + 1 for layer in range(1, 200))


def test_a_layer_depends_on_its_sources_and_on_nothing_else():
    block = LinkedBlock(LINKS["second"], 4, 5, 3).eval()
    written = {}
    for number, layer in enumerate(block, start=1):
        layer.register_forward_hook(lambda m, i, out, number=number: written.update({number: out}))
    x = torch.randn(1, 5, 6, 6)
    out = block(x)
    torch.testing.assert_close(out, torch.cat([x, *written.values()], dim=1))
    layer = block.denselayer4  # reads layers 1 and 3
    torch.testing.assert_close(written[4], layer(torch.cat([written[1], written[3]], dim=1)))


def test_a_linked_network_with_all_links_is_the_densenet():
    fields = {name: getattr(SMALL, name) for name in DenseNetConfig.__dataclass_fields__}
    dense, linked = DenseNet(DenseNetConfig(**fields)).eval(), build(SMALL).eval()
    linked.load_state_dict(dense.state_dict())
    x = torch.randn(2, 1, 14, 14)
    torch.testing.assert_close(linked(x), dense(x))


@pytest.mark.parametrize("links", LINKS)
@pytest.mark.parametrize("cross_links", [False, True])
def test_the_configuration_knows_the_channels_of_the_network(links, cross_links):
    config = replace(SMALL, links=links, cross_links=cross_links)
    network = build(config)
    assert network(torch.randn(2, 1, 14, 14)).shape == (2, 3)
    read = [network.features.get_submodule(f"denseblock{b}").denselayer1 for b in (1, 2, 3)]
    assert [layer.norm1.num_features for layer in read] == config.block_inputs()
    counted = {stage.name: stage.channels for stage in arithmetic.stages(config)}
    assert [counted[f"denseblock{b}"] for b in (1, 2, 3)] == config.block_outputs()
    assert arithmetic.parameters(config) == sum(p.numel() for p in network.parameters())


def test_cross_links_hand_earlier_inputs_down_averaged():
    network = build(replace(SMALL, cross_links=True)).eval()
    seen = {}
    for b in (1, 2, 3):
        layer = network.features.get_submodule(f"denseblock{b}").denselayer1
        layer.register_forward_pre_hook(lambda m, inputs, b=b: seen.update({b: inputs[0]}))
    network(torch.randn(1, 1, 14, 14))
    half = torch.nn.functional.avg_pool2d(seen[1], 2)
    torch.testing.assert_close(seen[2][:, :6], half)
    assert seen[3].shape == (1, 6 + 11 + 18, 3, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"links": "some"}, "links='some' must be 'all' or"),
        ({"cross_links": 2}, "cross_links=2 must be True or False"),
        ({"memory": "recompute"}, "memory='recompute' must be 'plain'"),
        ({"deep_supervision": True}, "deep_supervision=True must be False"),
        ({"growth_rate": 0}, "growth_rate=0 must be a positive integer"),
    ],
)
def test_what_makes_no_sense_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **change)


def test_a_linked_network_is_not_taken_for_a_densenet_that_answers_faster():
    with pytest.raises(ValueError, match="links of its own"):
        build(replace(SMALL, links="powers")).eval().optimize_for_inference()


def test_the_drawing_of_patterns_counts_their_links():
    drawing = figures.links({"one": LINKS["all"], "two": LINKS["powers"]}, num_layers=4)
    assert "one, 10 links" in drawing.alt and "two, 8 links" in drawing.alt
    assert len(drawing.axes[0].patches) == 10 + 8 + 2 * 5  # arrows and boxes
    with pytest.raises(ValueError, match="num_layers=9 must be at most 8"):
        figures.links(LINKS, num_layers=9)


def test_the_drawing_of_mixing_layers_says_what_goes_in_and_out():
    texts = [text.get_text() for text in figures.mixing_layers(48, 32).axes[0].texts]
    assert {"1×1 conv 192 → 32", "1×1 conv 192 → 48", "[x, new]:  80", "x + new:  48"} <= {*texts}


def test_the_recorded_variants_are_equal_in_parameters_and_complete():
    record = json.loads(records.stored("variants/links.json").read_text(encoding="utf-8"))
    goal = arithmetic.parameters(tool.FULL)
    assert record["images"] == tool.IMAGES and record["recipe"]["epochs"] == tool.RECIPE.epochs
    for name, found in record["variants"].items():
        config, single = LinkedConfig(**found["config"]), name in ("max pooling", "leaky ReLU")
        assert arithmetic.parameters(config) == pytest.approx(goal, rel=0.003)
        assert [run["seed"] for run in found["runs"]] == list(range(1 if single else 3))
        assert all(0.86 < run["test"] < 0.885 for run in found["runs"])
    assert LinkedConfig(**record["variants"]["full"]["config"]) == tool.FULL
