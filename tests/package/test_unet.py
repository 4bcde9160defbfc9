"""U-Nets and FC-DenseNets: counts, shapes, what crosses over, sizes that don't fit, and records."""

import json
import tomllib
from dataclasses import replace

import pytest
import torch
from test_arithmetic import check_against_built_network
from torch import nn

from densenet_lesson import arithmetic, build
from densenet_lesson.blocks import DenseBlock
from densenet_lesson.classics.unet import (
    FC_DENSENETS,
    FCDenseNetConfig,
    NewChannels,
    UNet,
    UNetConfig,
)
from densenet_lesson.data.scenes import make_scenes, photographs
from densenet_lesson.training import records
from densenet_lesson.training.trained import garments, unpack
from tools import segmentation as tool

SMALL = FCDenseNetConfig("small", (2, 1, 3), growth_rate=4, num_init_features=6)


@pytest.fixture(params=[None, 2])
def config(request):
    return UNetConfig(widths=(8, 16, 32), dense_layers=request.param)


def by_hand(widths, classes=2, in_channels=3):
    """Parameters of a U-Net of pairs, level by level."""
    total, channels = 0, in_channels
    for width in widths:
        total += 9 * channels * width + 9 * width * width + 4 * width
        channels = width
    for width in widths[:-1]:
        total += 4 * 2 * width * width + width  # the transposed convolution, with a bias
        total += 9 * 2 * width * width + 9 * width * width + 4 * width
    return total + widths[0] * classes + classes


def test_a_u_net_of_pairs_has_the_parameters_that_one_counts_by_hand():
    widths = (64, 128, 256, 512, 1024)
    assert arithmetic.parameters(UNetConfig(num_classes=2)) == by_hand(widths) == 31_037_698


def test_dense_blocks_leave_less_than_half_of_the_parameters():
    counts = [
        arithmetic.parameters(UNetConfig(widths=(16, 32, 64, 128), dense_layers=layers))
        for layers in (None, 2, 4)
    ]
    assert counts == [482_822, 215_118, 229_126]


@pytest.mark.parametrize(
    ("name", "layers", "count", "remembered"),
    [
        ("fc_densenet56", 56, 1_376_795, 21_168),  # the paper says 1.5 M
        ("fc_densenet67", 67, 3_463_243, 39_680),  # 3.5 M
        ("fc_densenet103", 103, 9_322_091, 103_072),  # 9.4 M
    ],
)
def test_fc_densenets_have_as_many_convolutions_as_their_names_say(name, layers, count, remembered):
    config = FC_DENSENETS[name]
    with torch.device("meta"):
        net = build(config)
    assert sum(isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)) for m in net.modules()) == layers
    assert arithmetic.parameters(config) == count
    assert arithmetic.running_statistics(config) == remembered


def test_the_stacks_of_fc_densenet103_are_those_of_its_authors_program():
    stages = arithmetic.stages(FC_DENSENETS["fc_densenet103"])
    stacks = [s.channels for s in stages if not s.name.startswith("pool")]
    assert stacks == [48, 112, 192, 304, 464, 656, 896, 1088, 816, 576, 384, 256, 11]
    assert [s.size for s in stages][-1] == 224


def test_the_trace_of_a_u_net_is_what_a_built_one_puts_out(config):
    check_against_built_network(replace(config, image_size=24))
    names = {stage.name for stage in arithmetic.stages(config)}
    assert names >= {"down1", "pool1", "bottom", "up2", "classifier"}


def test_new_channels_are_a_dense_block_s_without_its_input():
    torch.manual_seed(0)
    block, new = DenseBlock(2, 5, 3).eval(), NewChannels(2, 5, 3).eval()
    new.load_state_dict(block.state_dict())
    x = torch.randn(2, 5, 4, 4)
    assert torch.equal(new(x), block(x)[:, 5:]) and new(x).shape == (2, 6, 4, 4)


def test_every_level_crosses_over_and_every_parameter_learns(config):
    torch.manual_seed(0)
    net = UNet(config)
    x = torch.randn(2, 3, 16, 24)
    scores = net(x)
    assert scores.shape == (2, config.num_classes, 16, 24)
    scores.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
    for step in net.up:
        hook = step.register_forward_pre_hook(lambda m, i: (i[0], torch.zeros_like(i[1])))
        assert not torch.allclose(net(x), scores)
        hook.remove()


def test_a_size_that_can_t_be_halved_is_refused_with_the_next_one_that_can(config):
    message = r"x of 22×13 pixels does not fit .* multiples of 4\. Pad the images to 24×16"
    with pytest.raises(ValueError, match=message):
        UNet(config)(torch.zeros(2, 3, 22, 13))


def test_images_of_other_channels_or_too_small_are_refused(config):
    with pytest.raises(ValueError, match=r"takes images \[N, 3, H, W\]"):
        UNet(config)(torch.zeros(2, 1, 16, 16))
    with pytest.raises(ValueError, match="use at least 4 pixels"):
        UNet(config)(torch.zeros(2, 3, 2, 2))


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (6, 9), (2, 3)])
def test_an_fc_densenet_answers_for_every_pixel_of_an_image_of_any_size(size):
    net = build(SMALL).eval()
    assert net(torch.randn(1, 3, *size)).shape == (1, 11, *size)


def test_what_an_fc_densenet_says_of_a_pixel_stays_where_it_is_in_odd_images():
    torch.manual_seed(0)
    net = build(SMALL).eval()
    x = torch.randn(1, 3, 17, 19)
    moved = torch.autograd.functional.jacobian(lambda x: net(x)[0, 0, 8, 9], x)[0].abs().sum(0)
    rows, columns = moved.sum(1).nonzero().flatten(), moved.sum(0).nonzero().flatten()
    assert abs((rows.min() + rows.max()) / 2 - 8) <= 1
    assert abs((columns.min() + columns.max()) / 2 - 9) <= 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UNetConfig(widths=(8, 24)), r"widths=\(8, 24\) must double"),
        (lambda: UNetConfig(widths=(6, 12), dense_layers=2), "must begin with a multiple of 4"),
        (lambda: UNetConfig(num_classes=0), "num_classes=0 must be"),
        (lambda: FCDenseNetConfig("x", (4, 4), 12), "must hold an odd number of blocks"),
        (lambda: FCDenseNetConfig("x", (4,), 12, drop_rate=1.0), "drop_rate=1.0 must be"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def recorded(path):
    found = json.loads(path.read_text("utf-8"))
    return found, [tool.mean_iou(torch.tensor(row["confusion"])) for row in found["rows"]]


@pytest.mark.parametrize("name", tool.NETWORKS)
def test_recorded_runs_are_whole_and_within_their_band(name):
    bands = tomllib.loads(records.stored("bands.toml").read_text("utf-8"))
    low, high = bands[f"unet_{name}"]["mean_iou"]
    for seed in tool.SEEDS:
        found, means = recorded(tool.RESULTS / f"unet_{name}_{seed}.json")
        assert found["parameters"] == arithmetic.parameters(tool.NETWORKS[name])
        pixels = torch.tensor(found["rows"][-1]["confusion"]).sum()
        assert pixels == tool.JUDGED * 48 * 48 and len(means) == tool.EPOCHS
        assert low <= means[-1] <= high and means[0] < means[-1]


def test_the_trained_network_that_comes_along_is_the_recorded_one(one_thread):
    path = records.stored("segmentation/unet_dense.f16")
    assert path.stat().st_size < 500_000
    header, learned = unpack(path.read_bytes())
    net = UNet(tool.NETWORKS[header["network"]])
    net.load_state_dict(net.state_dict() | learned)
    few = make_scenes(garments(), 60, photographs("test"), seed=1)
    means = recorded(records.stored("segmentation/unet_dense_0.json"))[1]
    assert tool.mean_iou(tool.confusion(net, few)) == pytest.approx(means[-1], abs=0.08)


@pytest.fixture
def tiny_runs(monkeypatch):
    """Runs of two epochs on eight scenes."""
    for name, value in {"SCENES": 8, "JUDGED": 2, "BATCH": 4, "EPOCHS": 2}.items():
        monkeypatch.setattr(tool, name, value)
    monkeypatch.setattr(tool, "NETWORKS", {"dense": UNetConfig(widths=(8, 16), dense_layers=2)})
    monkeypatch.setattr(tool.data, "load", lambda name: (garments(), garments()))


def only_once(train_epoch):
    """The same, interrupted at the second time."""
    turns = iter([train_epoch])

    def interrupted(*parts):
        for train in turns:
            return train(*parts)
        raise KeyboardInterrupt

    return interrupted


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(
    tiny_runs, monkeypatch, tmp_path, one_thread
):
    ends = []
    for folder in ("whole", "cut"):
        monkeypatch.setattr(tool, "RESULTS", tmp_path / folder)
        monkeypatch.setattr(tool, "UNFINISHED", tmp_path / folder / "unfinished")
        if folder == "cut":
            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(tool, "train_epoch", only_once(tool.train_epoch))
                tool.run("dense", 0)
        tool.main(["dense", "0"])
        rows = json.loads((tmp_path / folder / "unet_dense_0.json").read_text())["rows"]
        ends.append([(row["loss"], row["confusion"]) for row in rows])
    assert ends[0] == ends[1] and len(ends[0]) == 2
