"""The arithmetic: what is written as on paper, what is measured, and networks really built."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from densenet_lesson import (
    DENSENETS,
    RESNETS,
    DenseNetConfig,
    ResNetConfig,
    arithmetic,
    build,
    get_config,
)

# The paper, the authors' README, torchvision and the code of d2l.ai.
PARAMETERS = {
    "densenet40": 1_019_722,
    "densenet100": 6_979_642,
    "densenet100_k24": 27_249_082,
    "densenet_bc100": 769_162,
    "densenet_bc250": 15_324_406,
    "densenet_bc190": 25_624_430,
    "densenet_d2l": 758_226,
    "densenet121": 7_978_856,
    "densenet161": 28_681_000,
    "densenet169": 14_149_480,
    "densenet201": 20_013_928,
    "densenet264": 33_337_704,
    "densenet_bc40": 176_122,  # pytorchcv's table (osmr/imgclsmob), DenseNet-BC-40 (k=12)
    "densenet_bc40_k36": 1_542_682,
    "densenet_bc40_k48": 2_733_130,
    "densenet_bc40_k60": 4_261_690,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnet18_d2l": 11_178_378,
    # akamaster/pytorch_resnet_cifar10, and He et al., Table 6, in millions: 0.27, 0.46, ..., 19.4
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet44": 658_586,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "resnet1202": 19_421_274,
}


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_parameters_are_the_published_ones(name):
    assert arithmetic.parameters((DENSENETS | RESNETS)[name]) == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("densenet121", 8_062_504), ("densenet169", 14_307_880), ("densenet201", 20_242_984)],
)
def test_with_running_statistics_the_counts_are_those_that_keras_publishes(name, expected):
    config = DENSENETS[name]
    assert arithmetic.parameters(config) + arithmetic.running_statistics(config) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("densenet_d2l", 0.258), ("densenet_bc100", 0.576), ("densenet121", 5.668)],
)
def test_flops_are_the_recorded_ones(name, expected):
    assert round(arithmetic.flops(DENSENETS[name]) / 1e9, 3) == expected


@pytest.mark.parametrize("name", sorted(DENSENETS | RESNETS))
def test_depth_is_the_number_in_the_name(name):
    # two networks are named after something else; the paper's DenseNet-264 is named one too low
    numbers = {"densenet_d2l": "21", "densenet_digits": "11", "densenet264": "265"}
    in_name = re.search(r"\d+", name.replace("_d2l", ""))
    assert (DENSENETS | RESNETS)[name].depth == int(numbers.get(name) or in_name[0])


def densenet_configs():
    return st.builds(
        DenseNetConfig,
        block_config=st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple),
        growth_rate=st.integers(3, 16),
        num_init_features=st.integers(8, 24),
        bn_size=st.none() | st.integers(1, 4),
        compression=st.sampled_from([0.29, 0.5, 0.75, 1.0]),
        drop_rate=st.sampled_from([0.0, 0.0, 0.2]),
        stem=st.sampled_from(["imagenet", "cifar"]),
        bias=st.booleans(),
        pool=st.sampled_from(["avg", "max"]),
        negative_slope=st.sampled_from([0.0, 0.1]),
        deep_supervision=st.sampled_from([False, False, True]),
        memory=st.sampled_from(["plain", "recompute", "one_buffer", "linear"]),
        in_channels=st.integers(1, 3),
        num_classes=st.integers(2, 11),
        image_size=st.integers(29, 45),
    )


def resnet_configs():
    stage = st.tuples(st.integers(1, 3), st.integers(1, 12))
    return st.lists(stage, min_size=1, max_size=4).flatmap(
        lambda stages: st.builds(
            ResNetConfig,
            block=st.sampled_from(["basic", "bottleneck", "plain"]),
            layers=st.just(tuple(layers for layers, _ in stages)),
            widths=st.just(tuple(sorted(width for _, width in stages))),  # option A can only add
            shortcut=st.sampled_from("ABC"),
            stem=st.sampled_from(["imagenet", "cifar"]),
            bias=st.booleans(),
            shortcut_norm=st.booleans(),
            in_channels=st.integers(1, 3),
            num_classes=st.integers(2, 11),
            image_size=st.integers(17, 33),
        )
    )


def saved_bytes(model, x):
    """Bytes of what autograd keeps: each storage once, parameters and buffers left out."""
    own = {t.untyped_storage().data_ptr() for t in [*model.parameters(), *model.buffers()]}
    storages = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            storages[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = model(x)
    total = sum(storage.nbytes() for storage in storages.values())
    del output
    return total


def output_shapes(model, x):
    shapes = {}

    def note(name, out):
        if isinstance(out, torch.Tensor):
            shapes[name] = out.shape

    hooks = [
        module.register_forward_hook(lambda m, i, out, name=name: note(name, out))
        for name, module in model.named_modules()
    ]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return shapes


def check_against_built_network(config):
    with torch.device("meta"):
        model = build(config)
    model = model.to_empty(device="cpu")  # with any weights: nothing is asked but sizes
    rows = arithmetic.trace(config)
    x = torch.rand(2, config.in_channels, config.image_size, config.image_size)

    # parameters and running statistics: in all, and those of each module
    assert arithmetic.parameters(config) == sum(p.numel() for p in model.parameters())
    statistics = [b.numel() for name, b in model.named_buffers() if "num_batches" not in name]
    assert arithmetic.running_statistics(config) == sum(statistics)
    modules = dict(model.named_modules())
    for row in rows:
        if row.kind in ("conv", "norm", "linear"):
            numel = sum(p.numel() for p in modules[row.name].parameters())
            assert row.parameters == numel, row

    # shapes: those of each module's output (the names of a ResNet's activations are not modules)
    shapes = output_shapes(model, x)
    for row in rows:
        if row.kind == "linear":
            assert shapes[row.name] == (2, row.channels)
        elif shapes.get(row.name, ())[2:] and row.kind not in ("concat", "add"):
            assert shapes[row.name] == (2, row.channels, row.size, row.size), row
    for stage in arithmetic.stages(config):
        inside = shapes.get(stage.name) or shapes.get(f"features.{stage.name}", ())
        if inside[2:]:  # an auxiliary classifier puts out numbers without a size
            assert inside == (2, stage.channels, stage.size, stage.size), stage

    # FLOPs, against torch's own counter
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(x)
    assert 2 * arithmetic.flops(config) == counter.get_total_flops()

    # activation memory, against what autograd really keeps
    assert arithmetic.activation_bytes(config, batch_size=2) == saved_bytes(model.train(), x)


ANY_CONFIG = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,  # the same examples everywhere
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.slow
@ANY_CONFIG
@given(densenet_configs())
def test_arithmetic_equals_the_built_densenet(config):
    check_against_built_network(config)


@pytest.mark.slow
@ANY_CONFIG
@given(resnet_configs())
def test_arithmetic_equals_the_built_resnet(config):
    check_against_built_network(config)


@pytest.mark.parametrize(
    "name", ["densenet_d2l", "densenet_bc100", "resnet18", "resnet50", "resnet20"]
)
def test_arithmetic_equals_the_named_network(name):
    check_against_built_network((DENSENETS | RESNETS)[name])


def test_calculations_are_written_as_on_paper():
    assert arithmetic.block_channels_written(3, 2, 10) == "3 + 2 × 10 = 23"
    assert arithmetic.block_channels_written(64, 6, 32) == "64 + 6 × 32 = 256"
    assert arithmetic.compressed_written(256, 0.5) == "256 → 128"
    assert arithmetic.output_size_written(96, 7, 2, 3) == "⌊(96 + 2 × 3 − 7) / 2⌋ + 1 = 48"
    assert arithmetic.conv_parameters_written(64, 32, 3, bias=True) == (
        "3 × 3 × 64 × 32 + 32 = 18,464"
    )
    assert arithmetic.conv_flops_written(64, 32, 3, 24) == (
        "2 × 3 × 3 × 64 × 32 × 24 × 24 = 21,233,664"
    )
    assert arithmetic.total_written([6, 12, 24, 16]) == "6 + 12 + 24 + 16 = 58"


def test_channels_of_the_d2l_network_are_written_part_by_part():
    config = DENSENETS["densenet_d2l"]
    path = "64 → 192 → 96 → 224 → 112 → 240 → 120 → 248"
    assert arithmetic.channel_path_written(config) == path
    assert arithmetic.written(config)[:3] == [
        "stem: 1 → 64",
        "dense block 1: 64 + 4 × 32 = 192",
        "transition 1: 192 → 96",
    ]
    assert arithmetic.written(config)[-1] == "dense block 4: 120 + 4 × 32 = 248"


def test_compression_rounds_down_without_floating_point_surprises():
    assert arithmetic.compressed(23) == 11
    assert arithmetic.compressed(100, 0.29) == 29  # 0.29 * 100 == 28.999999999999996
    assert arithmetic.compressed(7, 1.0) == 7


@settings(ANY_CONFIG, max_examples=4)
@given(densenet_configs())
def test_what_is_written_as_on_paper_is_what_is_measured(config):
    parts = ("stem", "denseblock", "transition")
    measured = [s.channels for s in arithmetic.stages(config) if s.name.startswith(parts)]
    assert arithmetic.channel_path(config) == measured

    modules = dict(build(config).named_modules())
    size = config.image_size
    for row in arithmetic.trace(config):
        module = modules[row.name]
        if row.kind in ("conv", "maxpool", "avgpool") and hasattr(module, "kernel_size"):
            kernel, stride, padding = (
                side[0] if isinstance(side, tuple) else side
                for side in (module.kernel_size, module.stride, module.padding)
            )
            size = arithmetic.output_size(size, kernel, stride, padding)
            assert row.size == size, row
        if row.kind == "conv":
            shape = module.in_channels, row.channels, kernel
            assert row.parameters == arithmetic.conv_parameters(*shape, bias=config.bias), row
            assert row.flops == arithmetic.conv_flops(*shape, size), row
        if row.kind == "linear":
            shape = module.in_features, module.out_features
            assert row.parameters == arithmetic.linear_parameters(*shape), row
            assert row.flops == 2 * module.in_features * module.out_features, row


GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text("utf-8"))
DEEP = 60  # layers: of deeper ones only the parameters, since each takes seconds to measure
CHANGES = {"deep_supervision": True, "drop_rate": 0.2, "pool": "max", "negative_slope": 0.1}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_numbers_of_a_named_network_are_those_that_were_once_recorded(name):
    recorded, (network, _, change) = dict(GOLDEN[name]), name.partition("+")
    config = get_config(network, **({change: CHANGES[change]} if change else {}))
    kept = recorded.pop("activation_bytes")
    for what, number in recorded.items():
        if config.depth <= DEEP or what in ("depth", "parameters"):
            found = config.depth if what == "depth" else getattr(arithmetic, what)(config)
            assert found == number, what
    for memory in kept if config.depth <= DEEP else ():
        one = get_config(config, memory=memory) if memory != "plain" else config
        assert arithmetic.activation_bytes(one, batch_size=3) == kept[memory], memory


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
@pytest.mark.parametrize("num_blocks", [1, 2, 3, 4])
def test_minimum_size_is_the_smallest_image_that_the_network_takes(stem, num_blocks):
    config = DenseNetConfig(
        block_config=(1,) * num_blocks, growth_rate=4, num_init_features=4, stem=stem, num_classes=2
    )
    model = build(config).eval()
    smallest = arithmetic.minimum_size(config)
    assert model(torch.rand(1, 3, smallest, smallest)).shape == (1, 2)
    if smallest > 1:
        # without our check, torch itself refuses one pixel less
        with pytest.raises(RuntimeError, match="too small|size"):
            model.features(torch.rand(1, 3, smallest - 1, smallest - 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arithmetic.block_channels(3, 2, 0), "growth_rate=0 must be a positive integer"),
        (lambda: arithmetic.block_channels(-3, 2, 10), "in_channels=-3 must be a positive integer"),
        (
            lambda: arithmetic.block_channels(3, 2.5, 10),
            "num_layers=2.5 must be a positive integer",
        ),
        (
            lambda: arithmetic.compressed(256, 1.5),
            "compression=1.5 must be more than 0 and at most 1",
        ),
        (
            lambda: arithmetic.compressed(1, 0.5),
            "use at least 2 channels, or a compression of at least 1",
        ),
        (lambda: arithmetic.output_size(2, 5), "size=2 is too small for kernel_size=5.*at least 5"),
        (
            lambda: arithmetic.trace(DENSENETS["densenet121"], 28),
            "image_size=28 .* at least 29 pixels",
        ),
        (
            lambda: arithmetic.activation_bytes(DENSENETS["densenet121"], batch_size=0),
            "batch_size=0 must be a positive integer",
        ),
        (
            lambda: arithmetic.total_written([]),
            "numbers=.* must hold at least one positive integer",
        ),
    ],
)
def test_wrong_arguments_get_an_error_that_says_what_is_right(call, message):
    with pytest.raises(ValueError, match=message):
        call()
