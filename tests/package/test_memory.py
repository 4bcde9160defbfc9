"""The memory-saving dense blocks: the same numbers as the plain ones, from fewer saved bytes."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import new_process
import pytest
import torch
import torch.distributed as dist
import torchvision
from hypothesis import HealthCheck, given, settings
from test_arithmetic import densenet_configs, saved_bytes
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from densenet_lesson import (
    DenseBlock,
    DenseNet,
    DenseNetConfig,
    Transition,
    arithmetic,
    build,
    get_config,
)

pytestmark = pytest.mark.usefixtures("one_thread")
SAVING = ["recompute", "one_buffer"]
SMALL = DenseNetConfig(
    "small",
    block_config=(3, 2),
    growth_rate=3,
    num_init_features=5,
    bn_size=2,
    stem="cifar",
    num_classes=4,
    image_size=8,
)
EXACT = {"rtol": 1e-10, "atol": 1e-10}
saving = pytest.mark.parametrize("memory", SAVING)
bottleneck = pytest.mark.parametrize("bn_size", [None, 2])


def small_configs():
    return densenet_configs().map(
        lambda config: replace(config, image_size=max(3, arithmetic.minimum_size(config)) + 2)
    )


def images(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def make(config=SMALL, seed=0, **changes):
    torch.manual_seed(seed)
    return vary(DenseNet(config, **changes).double())


def vary(model):
    """Norms as after some training, with no two channels alike."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.running_mean, std=0.3)
    return model


def like(model, memory):
    twin = copy.deepcopy(model)
    twin.set_memory(memory)
    return twin


def run(model, x, seed=3):
    """Outputs, all gradients and all buffers after one forward and backward pass."""
    x = x.clone().requires_grad_()
    torch.manual_seed(seed)
    out = model(x)
    scores = [out, *()] if isinstance(out, torch.Tensor) else [out.main, *out.auxiliary]
    weights = [torch.linspace(-1, 2, s.numel(), dtype=s.dtype).view_as(s) for s in scores]
    model.zero_grad()
    sum((s * w).sum() for s, w in zip(scores, weights, strict=True)).backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    return [s.detach() for s in scores], x.grad, gradients, buffers


def assert_same(model, twin, x, **tolerance):
    for a, b in zip(run(model, x), run(twin, x), strict=True):
        torch.testing.assert_close(a, b, **(tolerance or EXACT))


# The same numbers


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(small_configs())
def test_outputs_gradients_and_running_statistics_are_those_of_plain(config):
    plain = make(replace(config, memory="plain"))
    x = images(2, config.in_channels, config.image_size, config.image_size)
    for memory in SAVING:
        twin = like(plain, memory)
        assert list(twin.state_dict()) == list(plain.state_dict())
        assert_same(copy.deepcopy(plain), twin, x)  # in training, dropout by the same numbers
        trained = copy.deepcopy(plain)
        run(trained, x)
        assert_same(trained.eval(), twin.eval(), x)
        with torch.no_grad():
            torch.testing.assert_close(twin(x), trained(x), **EXACT)


@saving
@bottleneck
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("options", [{}, {"bias": True, "negative_slope": 0.1, "drop_rate": 0.4}])
def test_gradients_are_those_of_finite_differences(memory, bn_size, mode, options):
    torch.manual_seed(0)
    block = vary(DenseBlock(2, 2, 2, bn_size, memory=memory, **options).double())
    block.train(mode == "train")
    names, values = zip(*block.named_parameters(), strict=True)

    def function(x, *parameters):
        torch.manual_seed(1)  # the same dropout each time
        return torch.func.functional_call(block, dict(zip(names, parameters, strict=True)), (x,))

    inputs = (images(2, 2, 2, 3).requires_grad_(), *(v.detach().requires_grad_() for v in values))
    assert torch.autograd.gradcheck(function, inputs, fast_mode=True)  # in one random direction


@saving
@pytest.mark.parametrize("pool", ["avg", "max"])
@pytest.mark.parametrize("drop_rate", [0.0, 0.4])
def test_gradients_of_a_transition_are_those_of_finite_differences(memory, pool, drop_rate):
    torch.manual_seed(0)
    transition = Transition(3, 2, pool, drop_rate, bias=True, memory=memory).double()

    def function(x):
        torch.manual_seed(1)
        return transition(x)

    assert torch.autograd.gradcheck(function, (images(2, 3, 5, 5).requires_grad_(),))


@saving
@bottleneck
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_the_layout_of_the_images_stays_and_changes_no_number(memory, bn_size, layout):
    block = DenseBlock(3, 4, 2, bn_size, memory=memory).double()
    x = images(2, 4, 6, 5).to(memory_format=layout)
    assert block(x).is_contiguous(memory_format=layout)
    model = make(bn_size=bn_size, drop_rate=0.3).to(memory_format=layout)
    assert_same(model, like(model, memory), images(2, 3, 8, 8).to(memory_format=layout))


@saving
def test_every_batch_counts_once(memory):
    model = like(make(), memory)
    for batch in range(1, 3):
        run(model, images(2, 3, 8, 8))
        counts = {name: b for name, b in model.named_buffers() if name.endswith("_tracked")}
        assert counts and set(map(int, counts.values())) == {batch}


def test_torchvision_s_saving_counts_a_batch_twice_and_evaluates_differently():
    # why the test above is there: memory_efficient=True runs norm1 again in the backward pass
    torch.manual_seed(0)
    options = {"growth_rate": 3, "block_config": (2,), "num_init_features": 4, "num_classes": 4}
    plain = torchvision.models.DenseNet(**options).double()
    theirs = torchvision.models.DenseNet(**options, memory_efficient=True).double()
    theirs.load_state_dict(plain.state_dict())
    ours = DenseNet(**options, memory="recompute").double()
    ours.load_state_dict(plain.state_dict())
    x = images(2, 3, 32, 32)
    for model in (plain, theirs, ours):
        model(x).square().sum().backward()
    layer = "features.denseblock1.denselayer2"
    assert theirs.get_submodule(f"{layer}.norm2").num_batches_tracked == 1
    assert theirs.get_submodule(f"{layer}.norm1").num_batches_tracked == 2
    assert ours.get_submodule(f"{layer}.norm1").num_batches_tracked == 1
    torch.testing.assert_close(ours.eval()(x), plain.eval()(x), **EXACT)
    assert (theirs.eval()(x) - plain(x)).abs().max() > 0.01


@saving
@pytest.mark.parametrize("momentum", [0.3, None])
def test_running_statistics_follow_the_momentum_or_are_means_of_all_batches(memory, momentum):
    model = make()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum
    twin = like(model, memory)
    for seed in range(3):
        assert_same(model, twin, images(3, 3, 8, 8, seed=seed))


@saving
def test_without_running_statistics_the_batch_s_are_used_in_evaluation_too(memory):
    model = make()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.__init__(module.num_features, track_running_stats=False, dtype=torch.float64)
    twin = like(model, memory)
    assert_same(model, twin, images(2, 3, 8, 8))
    assert_same(model.eval(), twin.eval(), images(2, 3, 8, 8))


# Everything that people do with networks


@saving
@bottleneck
def test_under_autocast_the_numbers_are_those_of_plain_within_bf16(memory, bn_size):
    exact = make(bn_size=bn_size, drop_rate=0.2)
    model = copy.deepcopy(exact).float()
    x = images(4, 3, 8, 8)
    results = []
    for each in (model, like(model, memory)):
        with torch.autocast("cpu", torch.bfloat16):
            torch.manual_seed(3)
            scores = each(x.float())
        assert scores.dtype == torch.bfloat16
        scores.float().square().sum().backward()
        assert all(p.grad.dtype == torch.float32 for p in each.parameters())
        results.append([p.grad for p in each.parameters()])
    torch.manual_seed(3)
    exact(x).square().sum().backward()
    # neither may be further from the exact gradients than rounding to 8 bits explains
    for plain, ours, truth in zip(*results, (p.grad for p in exact.parameters()), strict=True):
        scale = truth.norm() + 1e-2
        assert (ours - truth).norm() / scale < 0.05 + 2 * (plain - truth).norm() / scale


def gradients(model, x):
    model(x).square().sum().backward()
    return [parameter.grad for parameter in model.parameters()]


def share_a_batch() -> None:
    """One of two processes: each has a half, and finds the mean of both halves' gradients."""
    dist.init_process_group("gloo")
    for memory in SAVING:
        plain = make()
        halves = [images(3, 3, 8, 8, seed=seed) for seed in range(2)]
        expected = [gradients(copy.deepcopy(plain), x) for x in halves]
        shared = DistributedDataParallel(like(plain, memory))
        for _ in range(2):  # the second step finds what the first one left
            shared.zero_grad()
            found = gradients(shared, halves[dist.get_rank()])
        for mean, first, second in zip(found, *expected, strict=True):
            torch.testing.assert_close(mean, (first + second) / 2, **EXACT)
        print(memory, "is right")
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
def test_gradients_are_averaged_over_processes(tmp_path):
    for one in new_process.run_two(tmp_path, share_a_batch):
        assert one.out.count("is right") == len(SAVING) and one.code == 0, one


@saving
@bottleneck
def test_under_autocast_a_block_takes_32_bit_images(memory, bn_size):
    block = vary(DenseBlock(3, 4, 3, bn_size, bias=True))
    twin = copy.deepcopy(block)
    twin.memory = memory
    results = []
    for each in (block, twin):
        x = images(2, 4, 6, 6, dtype=torch.float32).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            out = each(x)
        assert out.dtype == torch.float32  # as images and features are put together
        (out * torch.linspace(-1, 1, out.numel()).view_as(out)).sum().backward()
        results.append((out.detach(), x.grad, [p.grad for p in each.parameters()]))
    torch.testing.assert_close(*results, rtol=0.1, atol=0.1)


@saving
def test_without_gradients_nothing_is_kept_and_the_bits_are_those_of_plain(memory):
    model = make(drop_rate=0.2)
    twin = like(model, memory)
    with torch.no_grad():
        outputs = []
        for each in (model, twin):
            torch.manual_seed(0)
            outputs.append(each(images(2, 3, 8, 8)))
    assert torch.equal(*outputs) and outputs[1].grad_fn is None
    torch.testing.assert_close(dict(twin.named_buffers()), dict(model.named_buffers()))


@saving
def test_a_copy_is_independent_and_can_be_switched_back(memory):
    model = like(make(), memory)
    x = images(2, 3, 8, 8)
    run(model, x)
    twin = copy.deepcopy(model)
    assert twin.config.memory == memory
    before = copy.deepcopy(twin.state_dict())
    run(model, x)
    torch.testing.assert_close(dict(twin.state_dict()), dict(before), rtol=0, atol=0)
    plain = like(twin, "plain")
    assert plain.config == SMALL
    assert_same(plain, twin, x)


@saving
@bottleneck
@pytest.mark.parametrize(
    "frozen",
    [
        "",  # matches all: only the image's gradient is left
        "features.conv0",
        "denseblock1.denselayer1",
        "norm1",
        "denselayer2.conv",
        "bias",
        "transition1",
    ],
)
def test_frozen_parameters_get_no_gradient_and_the_others_theirs(memory, bn_size, frozen):
    model = make(bias=True, bn_size=bn_size)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(frozen not in name)
    twin = like(model, memory)
    x = images(2, 3, 8, 8)
    assert_same(model, twin, x)
    assert all((p.grad is not None) == p.requires_grad for p in twin.parameters())
    if frozen:  # and for images that need no gradient
        for each in (model, twin):
            each.zero_grad()
            each(x).square().sum().backward()
        for a, b in zip(model.parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(a.grad, b.grad, **EXACT)


@saving
@pytest.mark.parametrize("frozen", ["denseblock1", "denselayer2.norm1", "norm2"])
def test_norms_in_evaluation_within_a_network_in_training_are_left_alone(memory, frozen):
    model = make()
    for name, module in model.named_modules():
        if frozen in name and isinstance(module, nn.BatchNorm2d):
            module.eval()
    assert_same(model, like(model, memory), images(2, 3, 8, 8))


@saving
def test_one_image_is_enough_in_evaluation_but_not_for_a_variance(memory):
    model = make().eval()
    twin = like(model, memory)
    assert_same(model, twin, images(1, 3, 8, 8))
    block = DenseBlock(2, 3, 2, memory=memory)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        block(torch.rand(1, 3, 1, 1))
    assert block.eval()(torch.rand(1, 3, 1, 1)).shape == (1, 7, 1, 1)


@saving
def test_the_backward_pass_can_be_repeated(memory):
    model = like(make(drop_rate=0.2), memory)
    loss = model(images(2, 3, 8, 8)).square().sum()
    loss.backward(retain_graph=True)
    first = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    loss.backward()
    for a, b in zip(first, model.parameters(), strict=True):
        torch.testing.assert_close(a, b.grad, rtol=0, atol=0)


@saving
def test_a_mode_that_changes_before_the_backward_pass_changes_nothing(memory):
    model, x = make(drop_rate=0.2), images(2, 3, 8, 8)
    twin = like(model, memory)
    _, _, expected, _ = run(model, x)
    torch.manual_seed(3)
    out = twin(x)
    twin.eval()
    (out * torch.linspace(-1, 2, out.numel(), dtype=out.dtype).view_as(out)).sum().backward()
    torch.testing.assert_close({n: p.grad for n, p in twin.named_parameters()}, expected, **EXACT)


@saving
def test_hooks_see_what_they_see_in_a_plain_network(memory):
    twin = like(make(), memory)
    seen = []
    layer = twin.features.denseblock1.denselayer2
    handle = layer.relu1.register_forward_hook(lambda *args: seen.append(args[-1].shape))
    assert_same(make(), twin, images(2, 3, 8, 8))
    assert seen == [(2, 8, 8, 8)]
    handle.remove()
    layer.conv1.register_full_backward_hook(lambda *args: seen.append("backward"))
    run(twin, images(2, 3, 8, 8))
    assert seen[1:] == ["backward"]


# A clear error rather than a wrong number


@saving
@pytest.mark.parametrize("part", ["block", "network", "transition"])
def test_a_second_derivative_is_refused(memory, part):
    model = {
        "block": DenseBlock(2, 3, 2, bn_size=2, memory=memory),
        "network": DenseNet(SMALL, memory=memory),
        "transition": Transition(3, 2, memory=memory),
    }[part]
    x = torch.rand(2, 3, 8, 8, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"second derivative .* memory='plain'"):
        torch.autograd.grad(model(x).square().sum(), x, create_graph=True)


@saving
@pytest.mark.parametrize(
    "ask",
    [
        lambda f, x: torch.func.grad(lambda t: f(t).sum())(x),
        lambda f, x: torch.func.jvp(f, (x,), (x,)),
        lambda f, x: torch.func.vmap(f)(x[:, None]),
        lambda f, x: forward_mode(f, x),
    ],
)
def test_function_transforms_are_refused(memory, ask):
    model = like(make(), memory).eval()
    with pytest.raises(RuntimeError, match=r"is not possible .* memory='plain'"):
        ask(model, images(2, 3, 8, 8))
    with torch.no_grad():  # vmap keeps nothing either: then it works
        outputs = torch.func.vmap(model)(images(2, 3, 8, 8)[:, None])
    torch.testing.assert_close(outputs[:, 0], model(images(2, 3, 8, 8)).detach(), **EXACT)


def forward_mode(function, x):
    with torch.autograd.forward_ad.dual_level():
        return function(torch.autograd.forward_ad.make_dual(x, x))


@saving
@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("relu1", nn.PReLU()),
        ("norm1", nn.BatchNorm2d(5, affine=False)),
        ("norm2", nn.InstanceNorm2d(6)),
        ("conv2", nn.Conv2d(6, 3, 3, padding=1, padding_mode="circular")),
        ("drop3", nn.Dropout2d(0.5)),
    ],
)
def test_a_layer_that_was_changed_is_refused(memory, name, step):
    model = DenseNet(SMALL, memory=memory)
    model.features.denseblock1.denselayer1.add_module(name, step)
    with pytest.raises(ValueError, match=f"memory='{memory}' can't compute {name}=.*'plain'"):
        model(torch.rand(2, 3, 8, 8))
    model.set_memory("plain")
    assert model(torch.rand(2, 3, 8, 8)).shape == (2, 4)


@saving
def test_weights_that_change_before_the_backward_pass_are_noticed(memory):
    model = like(make(), memory)
    loss = model(images(2, 3, 8, 8)).sum()
    with torch.no_grad():
        model.features.denseblock1.denselayer2.conv1.weight.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_the_older_name_of_one_buffer_means_the_same_and_is_kept():
    model = like(make(), "linear")
    assert model.config.memory == model.features.denseblock1.memory == "linear"
    assert [type(m) for m in model.modules()] == [
        type(m) for m in like(make(), "one_buffer").modules()
    ]
    old, new = (replace(SMALL, memory=memory) for memory in ("linear", "one_buffer"))
    assert arithmetic.activation_bytes(old) == arithmetic.activation_bytes(new)


@pytest.mark.parametrize(
    "change",
    [
        lambda: DenseNet(SMALL, memory="small"),
        lambda: build("densenet_digits", memory="small"),
        lambda: DenseNet(SMALL).set_memory("small"),
        lambda: DenseBlock(2, 3, 2, memory="small"),
        lambda: Transition(3, 2, memory="small"),
    ],
)
def test_an_unknown_way_gets_an_error_with_the_known_ones(change):
    message = "memory='small' must be 'plain' or 'recompute' or 'linear' or 'one_buffer'"
    with pytest.raises(ValueError, match=message):
        change()


# Memory


def block_bytes(memory, num_layers, bn_size=4, **options):
    block = DenseBlock(num_layers, 24, 12, bn_size, memory=memory, **options)
    after = nn.BatchNorm2d(24 + num_layers * 12)  # which keeps the block's output
    return saved_bytes(nn.Sequential(block, after), torch.rand(2, 24, 4, 4))


@pytest.mark.parametrize("options", [{}, {"bn_size": None}, {"drop_rate": 0.2}])
def test_one_buffer_keeps_less_than_recompute_and_that_less_than_plain(options):
    plain, recompute, linear = (block_bytes(memory, 16, **options) for memory in ("plain", *SAVING))
    assert 1.5 * linear < recompute < 0.6 * plain


def test_only_plain_memory_grows_faster_than_the_number_of_layers():
    depths = (8, 16, 32, 64)
    for memory, low, high in (("plain", 1.5, 2), ("recompute", 0.9, 1), ("one_buffer", 0.8, 1)):
        kept = [block_bytes(memory, num_layers) for num_layers in depths]
        exponent = math.log(kept[-1] / kept[0]) / math.log(depths[-1] / depths[0])
        assert low < exponent <= high, memory
        if memory != "plain":  # a straight line: every layer adds the same
            slopes = [(b - a) / n for a, b, n in zip(kept, kept[1:], depths, strict=False)]
            assert max(slopes) == min(slopes)


def test_one_buffer_keeps_its_output_and_two_numbers_for_each_channel():
    output = 2 * (24 + 16 * 12) * 4 * 4
    statistics = (2 + 2) * (24 + 16 * 12)  # the block's, and those of the norm after it
    assert block_bytes("one_buffer", 16) == 4 * (output + statistics)


@pytest.mark.slow
def test_savings_of_a_whole_network_are_as_promised():
    plain, recompute, linear = (
        arithmetic.activation_bytes(get_config("densenet121", memory=memory), 8)
        for memory in ("plain", *SAVING)
    )
    assert recompute / plain < 0.36 and linear / plain < 0.22


# Inference


def evaluated(model, **options):
    run(model, images(2, model.config.in_channels, *[model.config.image_size] * 2), **options)
    return model.eval()


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(small_configs())
def test_a_network_optimized_for_inference_gives_the_same_scores(config):
    model = evaluated(make(config))
    before = copy.deepcopy(model.state_dict())
    fast = model.optimize_for_inference()
    x = images(3, config.in_channels, config.image_size, config.image_size, seed=1)
    with torch.no_grad():
        torch.testing.assert_close(fast(x), model(x), **EXACT)
        torch.testing.assert_close(fast(x[:1]), model(x[:1]), **EXACT)
        torch.testing.assert_close(fast.float()(x.float()).double(), model(x), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(dict(model.state_dict()), dict(before), rtol=0, atol=0)


def test_folding_leaves_no_second_norm_and_copies_what_it_keeps():
    model = evaluated(make(stem="imagenet", image_size=32))
    fast = model.optimize_for_inference()
    assert not [m for m in fast.modules() if isinstance(m, (nn.BatchNorm2d, nn.Dropout))]
    x = images(2, 3, 32, 32)
    before = fast(x)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert torch.equal(fast(x), before)
    again = copy.deepcopy(fast)
    torch.testing.assert_close(again(x), before, rtol=0, atol=0)
    with torch.autocast("cpu", torch.bfloat16):
        low = fast.float()(x.float())
    torch.testing.assert_close(low.double(), before, rtol=0.1, atol=0.1)


def test_a_network_optimized_for_inference_makes_no_new_tensor_for_a_relu():
    fast = evaluated(make(stem="imagenet", image_size=32)).optimize_for_inference()
    x, read = images(1, 3, 32, 32), []
    before = x.clone()
    relus = [module for module in fast.modules() if isinstance(module, nn.ReLU)]
    for relu in relus:
        relu.register_forward_hook(lambda _, x, out: read.append(out.data_ptr() == x[0].data_ptr()))
    fast(x)
    assert len(read) == len(relus) > 4 and all(read)
    assert torch.equal(x, before)


def test_a_network_optimized_for_inference_refuses_training():
    model = make()
    with pytest.raises(ValueError, match=r"in training mode: call model.eval\(\)"):
        model.optimize_for_inference()
    model.eval().features.denseblock1.denselayer1.norm2.train()
    with pytest.raises(ValueError, match="denselayer1.norm2 is in training mode"):
        model.optimize_for_inference()
    fast = model.eval().optimize_for_inference()
    with pytest.raises(RuntimeError, match="can't be trained: train the DenseNet"):
        fast.train()
    with pytest.raises(RuntimeError, match="has no gradients: train the DenseNet"):
        fast(images(2, 3, 8, 8).requires_grad_())
    assert not any(p.requires_grad for p in fast.parameters())
    assert fast.eval() is fast
    with pytest.raises(ValueError, match=r"takes images \[N, 3, H, W\]"):
        fast(torch.rand(2, 1, 8, 8))


def test_a_network_that_was_changed_can_t_be_optimized():
    model = make().eval()
    model.features.denseblock1.denselayer1.relu2 = nn.GELU().eval()
    with pytest.raises(ValueError, match="can't rearrange relu2=GELU"):
        model.optimize_for_inference()
    model = make().eval()
    model.features.norm5.running_mean = None
    with pytest.raises(ValueError, match="features.norm5 has no running statistics"):
        model.optimize_for_inference()


def test_one_step_of_training_is_the_same_from_the_same_weights():
    # the whole way round: two steps of SGD, then evaluation and inference
    x, y = images(4, 3, 8, 8), torch.tensor([0, 1, 2, 3])
    scores = []
    for memory in ("plain", *SAVING):
        model = like(make(), memory)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        scores.append(model.eval()(x))
    for each in scores[1:]:
        torch.testing.assert_close(each, scores[0], **EXACT)
