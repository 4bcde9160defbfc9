"""The tools that people point at networks: hooks, extractors, tracers, exporters, wrappers."""

from __future__ import annotations

import copy
import io
import sys
import warnings
from functools import cache

import pytest
import torch
import torchvision
from torch import nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.feature_extraction import create_feature_extractor

from densenet_lesson import CLASSICS, DENSENETS, RESNETS, build, configs, densenet121
from densenet_lesson.models import course_names

pytestmark = pytest.mark.usefixtures("one_thread")
TWINS = ["alexnet", "googlenet", "resnet18", "resnet50", "densenet121"]
SMALL = {  # one of each family, as small as its code allows
    "densenet_digits": {"block_config": (2, 2), "growth_rate": 4},
    "densenet_bc40": {"block_config": (2, 2), "growth_rate": 4, "drop_rate": 0.1},
    "resnet20": {"layers": (1, 1), "widths": (4, 8)},
    "resnet50": {"layers": (1, 1), "widths": (4, 8), "num_classes": 5, "stem": "cifar"},
    "lenet5": {},
    "googlenet": {
        "features": CLASSICS["googlenet"].features[:9],  # to the first module that others listen to
        "auxiliary": ("inception4a",),
        "num_classes": 5,
        "image_size": 32,
    },
}
WAYS = ["plain", "recompute", "one_buffer", "optimized"]
networks = pytest.mark.parametrize("name", SMALL)
ways = pytest.mark.parametrize("way", WAYS)


def make(name):
    torch.manual_seed(0)
    return vary(build(name, **SMALL[name]))


def make_way(way):
    options = {"bn_size": 2, "stem": "imagenet", **SMALL["densenet_digits"]}
    model = vary(build("densenet_digits", **options))
    if way != "optimized":
        model.set_memory(way)
    return model.optimize_for_inference() if way == "optimized" else model


def vary(model):
    """Norms as after training: no activation has an easy life."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.bias, std=0.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.running_mean, std=0.3)
    return model.eval()


def images(model, count=2, more=0):
    config = model.config
    size = max(config.image_size if config.image_size < 100 else 32, 16) + more
    if getattr(config, "pool", 1) is None:
        size = config.image_size  # no other
    return torch.rand(count, config.in_channels, size, size)


def at_once(out):
    """A copy: torchvision's networks overwrite some outputs in place."""
    return out.clone() if isinstance(out, torch.Tensor) else out


def outputs_of(model, names, x):
    """What a forward pass makes each of these modules return, the last time it is called."""
    seen = {}
    hooks = [
        model.get_submodule(name).register_forward_hook(
            lambda module, inputs, out, name=name: seen.update({name: at_once(out)})
        )
        for name in names
    ]
    scores = model(x)
    for hook in hooks:
        hook.remove()
    return scores, seen


@cache
def twins(name):
    """A network of torchvision and ours, in evaluation mode, with the same trained-like weights.

    No test changes them.
    """
    torch.manual_seed(0)
    options = {"init_weights": False} if name == "googlenet" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = vary(getattr(torchvision.models, name)(weights=None, **options))
    with torch.device("meta"):
        ours = build(name).eval()
    ours.load_state_dict(course_names(theirs.state_dict(), name), assign=True)
    return theirs, ours


def ours_called(name, network):
    """Our name of one of torchvision's modules."""
    if network != "googlenet":
        return name
    return f"classifier.{name}" if name in ("fc", "dropout") else f"features.{name}"


@pytest.mark.parametrize("network", TWINS)
@torch.no_grad()
def test_every_module_of_a_torchvision_twin_is_called_and_acts_here_under_its_name(network):
    theirs, ours = twins(network)
    x = torch.rand(2, 3, 64, 64)
    names = [name for name, _ in theirs.named_modules() if name and not name.startswith("aux")]
    expected_scores, expected = outputs_of(theirs, names, x)
    called = [name for name in names if name in expected]
    if network == "googlenet":  # the features stand within `features`, the mean is outside
        inside = [name for name in called if name != "avgpool"]
        scores, found = outputs_of(ours, [ours_called(name, network) for name in inside], x)
        called = [name for name in inside if ours_called(name, network) in found]
        assert called == inside
    else:
        scores, found = outputs_of(ours, called, x)
    torch.testing.assert_close(scores, expected_scores, rtol=1e-4, atol=1e-4)
    for name in called:
        out, other = found[ours_called(name, network)], expected[name]
        torch.testing.assert_close(out, other, rtol=1e-3, atol=1e-3, msg=name)
    assert not any(
        list(ours.get_submodule(name).parameters(recurse=False))
        for name, _ in ours.named_modules()
        if name and name not in [ours_called(each, network) for each in names] and "aux" not in name
    )


@pytest.mark.parametrize("network", [name for name in TWINS if name != "googlenet"])
@torch.no_grad()
def test_children_stand_in_torchvision_s_order_and_all_but_the_last_give_the_features(network):
    theirs, ours = twins(network)
    for name, module in [("", theirs), *theirs.named_modules()]:
        expected = [child for child, _ in module.named_children()]
        found = [child for child, _ in ours.get_submodule(name).named_children()]
        assert [child for child in found if child in expected] == expected, name
    x = torch.rand(2, 3, 64, 64)
    *body, last = ours.children()
    features = nn.Sequential(*body)(x)
    torch.testing.assert_close(last(features.flatten(1)), ours(x))
    if network != "densenet121":  # where torchvision has its ReLU and its mean between the modules
        cut = nn.Sequential(*list(theirs.children())[:-1])(x)
        torch.testing.assert_close(features, cut, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("network", "layer"), [("resnet18", "layer4"), ("densenet121", "features")]
)
@torch.no_grad()
def test_an_intermediate_layer_getter_gives_the_features(network, layer):
    theirs, ours = twins(network)
    x = torch.rand(2, 3, 64, 64)
    got = [IntermediateLayerGetter(net, {layer: "f"})(x)["f"] for net in (ours, theirs)]
    torch.testing.assert_close(*got, rtol=1e-4, atol=1e-4)


def test_features_end_with_the_last_norm():
    assert list(dict(build("densenet_digits").features.named_children()))[-1] == "norm5"


@networks
def test_every_module_is_called(name):
    model = make(name).train()
    leaves = [name for name, module in model.named_modules() if name]
    _, seen = outputs_of(model, leaves, images(model))
    assert set(leaves) - set(seen) == set()


def test_hooks_on_features_fire_where_auxiliary_classifiers_listen_in_too():
    model = build("densenet_digits", block_config=(2, 2), deep_supervision=True)
    x = images(model)
    scores, seen = outputs_of(model.train(), ["features", "auxiliary.denseblock1"], x)
    assert seen["features"].shape == (2, 44, 8, 8)
    torch.testing.assert_close(scores.auxiliary, (seen["auxiliary.denseblock1"],))


@networks
def test_what_a_hook_has_kept_stays_and_backward_hooks_are_called(name):
    model = make(name)
    kept, called = {}, []
    for layer, module in model.named_modules():
        if list(module.children()) or not layer or layer.startswith("aux"):
            continue
        module.register_forward_hook(
            lambda m, i, out, layer=layer: kept.update({layer: (out, out.detach().clone())})
        )
        module.register_full_backward_hook(lambda *args, layer=layer: called.append(layer))
    model(images(model).requires_grad_()).sum().backward()
    for layer, (out, at_once) in kept.items():
        assert torch.equal(out, at_once), layer
    assert set(called) == set(kept)


def test_guided_backpropagation_reaches_every_activation_of_a_resnet():
    model = make("resnet20")
    activations = [m for m in model.modules() if isinstance(m, nn.ReLU)]
    assert len(activations) == 1 + 2 * 2
    negative = []
    for module in activations:
        module.register_full_backward_hook(
            lambda m, d_in, d_out: (negative.append((d_in[0] < 0).any()), (d_in[0].clamp(min=0),))[
                1
            ]
        )
    x = images(model).requires_grad_()
    model(x)[:, 0].sum().backward()
    assert len(negative) == len(activations) and any(negative)


# Tracers and exporters


@networks
def test_torch_jit_trace_takes_other_sizes_of_batch_and_image(name):
    model = make(name)
    traced = torch.jit.trace(model, images(model))
    x = images(model, 3, 8)
    torch.testing.assert_close(traced(x), model(x))


@networks
def test_torch_fx_traces_the_network_and_extracts_features(name):
    model = make(name)
    x = images(model)
    torch.testing.assert_close(torch.fx.symbolic_trace(model)(x), model(x))
    layer = next(n for n, m in model.named_modules() if isinstance(m, (nn.ReLU, nn.Tanh)))
    extracted = create_feature_extractor(model, [layer])(x)[layer]
    torch.testing.assert_close(extracted, outputs_of(model, [layer], x)[1][layer])


def exported(model, dynamic):
    shapes = (dict.fromkeys(dynamic, torch.export.Dim.AUTO),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inputs = (images(model, 3),)
        return torch.export.export(model, inputs, dynamic_shapes=shapes, strict=False).module()


@networks
def test_torch_export_keeps_batch_height_and_width_open(name):
    model = make(name)
    one_size = getattr(model.config, "pool", 1) is None
    # the sizes after poolings that round up, as GoogLeNet's, are beyond torch.export
    fixed = one_size or name == "googlenet"
    program = exported(model, [0] if fixed else [0, 2, 3])
    x = images(model, 5, 0 if fixed else 4)
    torch.testing.assert_close(program(x), model(x), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS[1:])  # the plain one is among the networks above
def test_ways_of_saving_memory_and_time_export_and_trace_with_any_batch(way):
    model = make_way(way)
    x = images(model, 5)
    torch.testing.assert_close(exported(model, [0])(x), model(x), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.jit.trace(model, x[:2])(x), model(x))
    torch.testing.assert_close(torch.fx.symbolic_trace(model)(x), model(x))
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(model, x[:2]), buffer)
    buffer.seek(0)
    torch.testing.assert_close(torch.jit.load(buffer)(x), model(x))


@ways
def test_a_network_survives_a_file_and_a_copy(way):
    model = make_way(way)
    x = images(model)
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    for twin in (torch.load(buffer, weights_only=False), copy.deepcopy(model)):
        torch.testing.assert_close(twin(x), model(x))
        assert [type(m) for m in twin.modules()] == [type(m) for m in model.modules()]


@pytest.mark.parametrize("name", ["densenet_digits", "resnet20"])
def test_a_network_compiles_in_one_piece(name):
    model = make(name)
    x = images(model)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), model(x))


# Surgery: the modules are the truth


def test_another_first_convolution_takes_what_it_was_made_for():
    model = make("resnet20")
    model.conv1 = nn.Conv2d(4, 4, 3, padding=1)
    assert model(torch.rand(2, 4, 16, 16)).shape == (2, 10)
    with pytest.raises(ValueError, match=r"takes images \[N, 4, H, W\] \(in_channels=4\)"):
        model(torch.rand(2, 3, 16, 16))


def test_a_smaller_stem_takes_smaller_images_and_says_how_small():
    options = {"block_config": (1, 1, 1, 1), "growth_rate": 4, "bn_size": None}
    model = build("densenet121", **options).eval()
    with pytest.raises(ValueError, match="image_size=28 is too small .* at least 29 pixels"):
        model(torch.rand(1, 3, 28, 28))
    model.features.conv0 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    model.features.pool0 = nn.Identity()
    assert model(torch.rand(1, 3, 8, 28)).shape == (1, 1000)
    with pytest.raises(ValueError, match="image_size=7 is too small .* at least 8 pixels"):
        model(torch.rand(1, 3, 7, 28))


def test_another_classifier_is_called_and_fixed_sizes_are_those_of_the_classifier():
    model = make("lenet5")
    model.classifier[0] = nn.Linear(16 * 6 * 6, 120)
    assert model(torch.rand(2, 1, 32, 32)).shape == (2, 10)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):  # not ours to explain
        model(torch.rand(2, 1, 30, 28))


def test_the_advice_for_oblong_images_works():
    with pytest.raises(ValueError, match="image_size=20 does not fit LeNet-5.* with pool=5"):
        make("lenet5")(torch.rand(1, 1, 28, 20))
    assert build("lenet5", pool=5).eval()(torch.rand(1, 1, 28, 20)).shape == (1, 10)
    with pytest.raises(ValueError, match="image_size=20 does not fit .* with image_size=20, or"):
        make("lenet5")(torch.rand(1, 1, 20, 20))
    assert build("lenet5", image_size=20).eval()(torch.rand(1, 1, 20, 20)).shape == (1, 10)


def test_an_error_that_images_are_not_at_fault_for_stays_as_it_is():
    model = make("resnet20")
    with pytest.raises(RuntimeError, match="dtype|type"):
        model(torch.rand(1, 3, 16, 16, dtype=torch.float64))


# What building costs


def count_checks(build_it):
    """How often a check of an argument runs while something is built."""
    names = [name for name in vars(configs) if name.startswith(("check", "positive"))]
    checks = {vars(configs)[name].__code__ for name in {*names} - {"check_field", "check_fields"}}
    counted = []

    def note(frame, event, arg):
        if event == "call" and frame.f_code in checks:
            counted.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        with torch.device("meta"):
            build_it()
    finally:
        sys.setprofile(before)
    return len(counted)


def test_a_configuration_is_checked_once_and_blocks_rely_on_it():
    assert count_checks(densenet121) <= 40
    assert 10 <= count_checks(lambda: densenet121(num_classes=10)) <= 40
    assert count_checks(lambda: build("resnet50", num_classes=10)) <= 40


def test_named_networks_of_all_families_are_covered():
    families = [{*DENSENETS} & {*SMALL}, {*RESNETS} & {*SMALL}, {*CLASSICS} & {*SMALL}]
    assert all(families)
