"""Lesions of trained networks: silenced layers, hidden channels, and what is recorded of them."""

import pytest
import torch

from densenet_lesson import DenseBlock, DenseNet, get_config
from densenet_lesson.training.evaluation import evaluate
from densenet_lesson.training.lesions import hidden, load_lesions, silenced, sources
from densenet_lesson.training.records import load_record
from densenet_lesson.training.trained import garments, load_trained
from tools import lesions as tool


@pytest.fixture
def block():
    torch.manual_seed(0)
    return DenseBlock(num_layers=3, in_channels=5, growth_rate=4, bn_size=2).eval()


def test_the_sources_of_a_block_are_its_input_and_each_of_its_layers(block):
    assert sources(block) == [slice(0, 5), slice(5, 9), slice(9, 13), slice(13, 17)]


def test_a_silenced_layer_writes_zeros_and_afterwards_what_it_wrote_before(block):
    x = torch.randn(2, 5, 4, 4)
    before = block(x)
    with silenced(block.denselayer2):
        after = block(x)
    assert (after[:, 9:13] == 0).all() and torch.equal(after[:, :9], before[:, :9])
    assert not torch.equal(after[:, 13:], before[:, 13:])  # layer 3 has read the zeros
    assert torch.equal(block(x), before)


def test_channels_are_hidden_from_one_reader_and_from_nobody_else(block):
    x = torch.randn(2, 5, 4, 4)
    before = block(x)
    with hidden(sources(block)[1], block.denselayer3):
        after = block(x)
    assert torch.equal(after[:, :13], before[:, :13])  # layer 1 still stands there, layer 2 read it
    assert not torch.equal(after[:, 13:], before[:, 13:])
    seen = before[:, :13].clone()
    seen[:, 5:9] = 0
    torch.testing.assert_close(after[:, 13:], block.denselayer3(seen))
    assert torch.equal(block(x), before)


@pytest.mark.parametrize("lesion", [silenced, lambda layer: hidden(slice(0, 5), layer)])
def test_an_error_leaves_no_lesion_behind(block, lesion):
    x = torch.randn(2, 5, 4, 4)
    before = block(x)
    with pytest.raises(KeyboardInterrupt), lesion(block.denselayer1):
        raise KeyboardInterrupt
    assert torch.equal(block(x), before)


def test_the_tool_makes_every_lesion_of_a_layer_and_of_a_connection_once():
    made = tool.dense_lesions(DenseNet(get_config("densenet_bc40")))
    network = DenseNet(load_trained("microscope_garments").config)
    assert len(tool.dense_lesions(network)) == 18 + 3 * (1 + 2 + 3 + 4 + 5 + 6 + 7) == 102
    assert len(made) == len(set(made))


def test_the_recorded_lesions_are_complete_and_start_from_the_recorded_networks():
    found = load_lesions()
    assert found.images == len(garments()) == 1000
    assert (len(found.layers), len(found.blocks), len(found.residual_blocks)) == (18, 3, 9)
    for number in (1, 2, 3):
        lost = found.lost(number)
        assert lost.shape == (7, 7) and (~lost.isnan()).sum() == 28
        assert torch.equal(lost.isnan(), torch.ones(7, 7).tril(-1).bool())
    for name, counts in (
        ("microscope_garments", found.dense),
        ("microscope_twin_garments", found.residual),
    ):
        recorded = load_record(name).rows[-1]["test_accuracy"]  # of ten times as many images
        assert counts["unharmed"] / found.images == pytest.approx(recorded, abs=0.03)


@pytest.mark.slow
def test_a_recorded_lesion_can_be_repeated(one_thread):
    network = load_trained("microscope_garments")
    few = garments().subset(100)
    inputs = load_record("microscope_garments").inputs
    unharmed = evaluate(network, few, **inputs)[1]
    places = sources(network.features.denseblock1)
    shares = []
    for reader in (network.features.denseblock1.denselayer6, network.features.transition1):
        with hidden(places[4], reader):
            shares.append(evaluate(network, few, **inputs)[1])
    found = load_lesions()
    recorded = [found.right(1, 4, reader) / found.images for reader in (6, 7)]
    assert unharmed == pytest.approx(found.share("unharmed"), abs=0.07)
    assert shares == pytest.approx(recorded, abs=0.1)  # a tenth of the images
