"""The benchmark: it measures in turn, compares equals, and tells a ratio and its target."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from densenet_lesson.memory import benchmarks
from densenet_lesson.memory.benchmarks import GOALS, PROFILED, Goal, Ratio
from densenet_lesson.training import records
from tools.benchmark import __main__ as command
from tools.benchmark import (
    clock,
    compiled,
    contenders,
    machine,
    memory_use,
    shares,
    speed,
    startup,
)
from tools.benchmark.contenders import CASES, Case, Contender, build_equal

CPU = torch.device("cpu")
TINY = Case("densenet_bc40", 2, 8)


@pytest.fixture
def tiny(monkeypatch):
    """Three cases, all of them small."""
    monkeypatch.setattr(clock, "WARM_UP", 1)
    for module in (contenders, speed, memory_use, compiled, shares, command):
        monkeypatch.setattr(module, "CASES", dict.fromkeys(CASES, TINY))


# ------------------------------------------------------------------------ the clock


def test_all_take_turns_and_none_always_comes_first(monkeypatch):
    order = []
    actions = {name: lambda name=name: order.append(name) for name in "abc"}
    times = clock.interleave(actions, repeats=3)
    assert [order[i : i + 3] for i in range(0, 15, 3)] == [
        *(["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"], ["b", "c", "a"])
    ]
    assert {name: len(seconds) for name, seconds in times.items()} == {"a": 3, "b": 3, "c": 3}


def test_a_round_s_time_is_that_of_its_own_action(monkeypatch):
    now = iter([0.0, 5.0, 5.0, 6.0])
    monkeypatch.setattr(clock, "perf_counter", lambda: next(now))
    monkeypatch.setattr(clock, "WARM_UP", 0)
    assert clock.interleave({"slow": int, "fast": int}, 1) == {"slow": [5.0], "fast": [1.0]}


def test_the_summary_has_the_median_and_the_quartiles():
    assert clock.summary([4.0, 1.0, 2.0]) == {"median": 2.0, "low": 1.0, "high": 4.0}
    assert clock.summary([2.0]) == {"median": 2.0, "low": 2.0, "high": 2.0}


# ------------------------------------------------------------------------ who takes part


@pytest.mark.parametrize(
    "case", [Case("densenet_bc100", 1, 32), Case("densenet121", 1, 32)], ids=str
)
@pytest.mark.parametrize("build", [contenders.torchvision_densenet, contenders.timm_densenet])
@pytest.mark.parametrize("memory_efficient", [False, True])
def test_the_peers_compute_the_same_numbers(case, build, memory_efficient):
    make = contenders.with_memory(build) if memory_efficient else build
    model = build_equal(Contender("theirs", "", make), case, CPU)  # compares the outputs
    assert not isinstance(model, contenders.DenseNet)
    layer = model.features.denseblock1.denselayer1
    flags = [getattr(layer, name, False) for name in ("memory_efficient", "grad_checkpointing")]
    assert any(flags) is memory_efficient


def test_a_contender_that_computes_something_else_is_refused():
    def wrong(config):
        model = contenders.DenseNet(config)
        model.features.add_module("extra", nn.ReLU())
        model.features.append(nn.Dropout(0.0))
        model.features.extra.register_forward_hook(lambda module, x, out: out + 1)
        return model

    with pytest.raises(AssertionError, match="not close"):
        build_equal(Contender("wrong", "", wrong), TINY, CPU)


def test_everybody_has_a_name_of_his_own():
    for case in CASES.values():
        names = [contender.name for contender in contenders.contenders(case)]
        assert len(set(names)) == len(names)
        assert {"ours, linear, channels_last", "ours, plain, channels_last, bf16"} <= set(names)
    published = [c.whose for c in contenders.contenders(CASES["densenet121"])]
    assert published.count("timm") == published.count("torchvision") == 4


def test_a_missing_peer_is_named_and_the_others_go_on(monkeypatch):
    monkeypatch.setattr(contenders, "is_there", lambda library: library != "timm")
    assert contenders.missing() == ["timm"]
    assert {c.whose for c in contenders.peers()} == {"torchvision"}


# ------------------------------------------------------------------------ what is measured


def test_training_steps_change_the_weights_and_leave_no_gradient():
    contender = contenders.contenders(TINY)[0]
    model = build_equal(contender, TINY, CPU)
    before = model.classifier.weight.detach().clone()
    speed.training_step(model, TINY, contender, CPU)()
    assert model.training and not torch.equal(before, model.classifier.weight)
    assert all(p.grad is None for p in model.parameters())


def test_times_are_told_for_everybody(tiny):
    times = speed.training_times("densenet121", 1, CPU)
    assert set(times) == {c.name for c in contenders.contenders(TINY)}
    assert all(0 < t["low"] <= t["median"] <= t["high"] for t in times.values())
    times = speed.inference_times("densenet121", 1, CPU)
    assert "ours, optimize_for_inference, channels_last" in times
    assert not any("linear" in who or "memory_efficient" in who for who in times)


def test_operators_have_shares_of_one_step(tiny):
    found = shares.operator_shares(1, CPU)
    assert list(found) == [f"{part}: {who}" for part, names in PROFILED.items() for who in names]
    for operators in found.values():
        assert 0.5 < sum(operators.values()) <= 1.001
        assert list(operators.values()) == sorted(operators.values(), reverse=True)
        assert any("convolution" in name for name in operators)


def test_operators_are_told_apart_by_what_they_do():
    named = {
        "aten::mkldnn_convolution": 0.4, "aten::native_batch_norm": 0.1, "aten::addcmul": 0.02,
        "aten::clamp_min_": 0.03, "aten::cat": 0.04, "aten::add_": 0.01, "aten::addmm": 0.2,
        "NormReluConvBackward": 0.1,
    }  # fmt: skip
    found = benchmarks.by_kind(named)
    expected = {"conv": 0.4, "norm": 0.12, "ReLU": 0.03, "copy": 0.05, "rest": 0.4}
    assert found == pytest.approx(expected)


linux = pytest.mark.skipif(not memory_use.STATUS.exists(), reason="needs Linux's /proc")


@linux
def test_memory_is_that_of_the_step():
    class Keeps(nn.Module):
        def forward(self, x):
            return x.exp()  # its output, kept for the backward pass

    x = torch.zeros(16, 2**20, requires_grad=True)  # 64 MiB
    found = memory_use.step(Keeps(), x)
    assert found["saved"] == x.nbytes
    assert x.nbytes * 0.9 < found["live"] < x.nbytes * 1.2
    assert found["peak"] > found["live"] * 0.99


@linux
def test_each_measurement_of_memory_has_its_own_process(tiny, monkeypatch):
    some = [c for c in contenders.contenders(TINY) if c.name.startswith("ours, linear")]
    monkeypatch.setattr(memory_use, "contenders", lambda case: some)
    (found,) = memory_use.memory_of_cases("densenet121", "cpu").values()
    assert set(found) == {"live", "peak", "saved"} and found["saved"] > 0


@linux
def test_a_measurement_that_fails_says_why():
    with pytest.raises(RuntimeError, match="(?s)measuring .*'memory': 'most'.* failed: .*must be"):
        memory_use.in_new_process({"memory": "most", "layers": 2, "device": "cpu"})


@pytest.mark.parametrize("e", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_is_found(e):
    sizes = [8, 16, 32]
    assert benchmarks.exponent(sizes, [3 * size**e for size in sizes]) == pytest.approx(e)


def test_only_plain_saves_more_than_linearly_with_depth():
    """Counted by autograd, which no other process disturbs."""
    found = {}
    for memory in ("plain", "linear"):
        saved = []
        for layers in (4, 8, 16):
            block = memory_use.block_of(memory, layers)
            saved.append(memory_use.step(block, torch.rand(1, 24, 8, 8))["saved"])
        found[memory] = benchmarks.exponent((4, 8, 16), saved)
    assert found["linear"] < 1 < found["plain"]


def test_rates_are_those_of_the_fastest_round(monkeypatch):
    times = {"product": [2.0, 1.0, 3.0]}
    monkeypatch.setattr(machine, "interleave", lambda *_: times)
    found = machine.rates({"product": machine.Operation(int, flops=600, bytes=100)}, 3)
    assert found["product"] == {"flops_per_second": 600, "bytes_per_second": 100, "intensity": 6}


def test_the_operations_of_a_layer_are_counted_as_by_torch(monkeypatch):
    """Each convolution's FLOPs, by torch's own counter; each operation's output has its bytes."""
    found = {}
    monkeypatch.setattr(machine, "rates", lambda todo, repeats: found.update(todo))
    machine.operations(1, CPU)
    with torch.no_grad():
        for name in ("1×1 convolution", "3×3 convolution"):
            with FlopCounterMode(display=False) as counter:
                found[name].action()
            assert counter.get_total_flops() == found[name].flops
        assert found["concatenation"].bytes == 2 * found["concatenation"].action().nbytes
        assert found["batch norm"].action().shape == (8, 288, 28, 28)


def test_peaks_have_a_rate_each(monkeypatch):
    monkeypatch.setattr(machine, "SIDE", 64)
    monkeypatch.setattr(machine, "COPIED", 2**12)
    found = machine.peaks(1, CPU)
    assert found["product, fp32"]["intensity"] == 2 * 64**3 / (3 * 64**2 * 4)
    assert all(rate["bytes_per_second"] > 0 for rate in found.values())


def test_a_compiled_step_is_timed_apart_from_its_first_call(tiny, monkeypatch):
    monkeypatch.setattr(compiled.torch, "compile", lambda model: model)  # a minute, really
    found = compiled.compile_times("densenet_d2l", 1, CPU)
    assert set(found) == {"as it is", "compiled", "first call"}


def test_without_a_compiler_that_is_what_the_file_says(tiny, monkeypatch):
    def no_compiler(model):
        model.register_forward_hook(lambda *_: 1 / 0)
        return model

    monkeypatch.setattr(compiled.torch, "compile", no_compiler)
    assert compiled.compile_times("densenet_d2l", 1, CPU) == {"error": "ZeroDivisionError"}


def test_d2l_s_loader_reads_the_images_that_ours_reads():
    images = startup.Images(
        torch.randint(256, (512, 1, 28, 28), dtype=torch.uint8),
        torch.arange(512) % 10,
        tuple("0123456789"),
    )
    x, labels = next(iter(startup.d2l_loader(images, workers=0)))
    assert x.shape == (256, 1, 96, 96) and len(labels) == 256
    assert startup.equal_to_pil(images.subset(4))


# ------------------------------------------------------------------------ what is told


def times(**medians):
    return {who: dict.fromkeys(("low", "median", "high"), m) for who, m in medians.items()}


def test_a_ratio_is_that_of_the_fastest_and_bf16_is_apart():
    goal = Goal("speed", 1.5, "training", "torchvision", "ours*")
    rows = times(torchvision=6.0) | {
        "ours, plain": {"median": 4.0},
        "ours, linear": {"median": 3.0},
        "ours, plain, bf16": {"median": 1.0},
    }
    assert benchmarks.ratio(rows, goal) == 2.0
    assert benchmarks.ratio(rows, goal._replace(under="ours*bf16")) == 6.0
    assert benchmarks.ratio(rows, goal._replace(over="timm|torchvision")) == 2.0
    assert benchmarks.ratio(rows, goal._replace(over="timm")) is None


@pytest.mark.parametrize(
    ("got", "at_least", "met"),
    [
        (2.0, True, True),
        (1.9, True, False),
        (2.0, False, True),
        (2.1, False, False),
        (None, True, None),
    ],
)
def test_a_target_is_met_or_not_or_not_measured(got, at_least, met):
    ratio = Ratio("x", 2.0, got, at_least)
    assert ratio.met is met
    word = {True: "  met", False: "NOT MET", None: "not measured"}[met]
    assert word in str(ratio)


def test_every_goal_names_contenders_that_exist():
    everybody = {
        f"{kind} {name}": [c.name for c in contenders.contenders(case)]
        for name, case in CASES.items()
        for kind in ("training", "memory")
    }
    for goal in GOALS:
        names = everybody.get(goal.part)
        if names:
            rows = {name: {goal.field: 1.0} for name in names}
            assert benchmarks.ratio(rows, goal) == 1.0, goal


# ------------------------------------------------------------------------ the command


@pytest.fixture
def parts(monkeypatch):
    """The command with two parts that only count how often they were measured."""
    count = {"training densenet_d2l": 0, "imports": 0}

    def measure(part):
        count[part] += 1
        return (
            times(**{"densenet_lesson": 1.0, "d2l": 3.0}) if part == "imports" else times(ours=1.0)
        )

    made = {part: lambda part=part: measure(part) for part in count}
    monkeypatch.setattr(command, "parts", lambda repeats, device: made)
    monkeypatch.setattr(command.subprocess, "run", in_this_process)
    return count


RUN = subprocess.run


def in_this_process(arguments, **options):
    """Stands for a new process with this command in it."""
    if arguments[0] == "git":
        return RUN(arguments, **options)
    assert arguments[:3] == [sys.executable, "-m", "tools.benchmark.__main__"]
    return subprocess.CompletedProcess(arguments, command.main(arguments[3:]))


def test_the_file_holds_the_machine_and_what_was_measured_is_not_measured_again(
    parts, tmp_path, capsys
):
    out = tmp_path / "b.json"
    assert command.main(["--out", str(out), "--only", "imports", "--device", "cpu"]) == 0
    assert command.main(["--out", str(out), "--device", "cpu"]) == 0
    assert parts == {"training densenet_d2l": 1, "imports": 1}
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["machine"]["libraries"]["torch"] in torch.__version__
    assert record["machine"]["cores"] >= 1 and set(record["results"]) == set(parts)
    printed = capsys.readouterr().out
    assert "import densenet_lesson / from d2l import torch" in printed
    assert "≤ 0.50    0.333  met" in printed


def test_another_machine_s_numbers_are_not_mixed_with_ours(parts, tmp_path, capsys):
    out = tmp_path / "b.json"
    command.main(["--out", str(out), "--device", "cpu"])
    record = json.loads(out.read_text(encoding="utf-8"))
    record["machine"]["processor"] = "abacus"
    out.write_text(json.dumps(record), encoding="utf-8")
    assert command.main(["--out", str(out), "--device", "cpu"]) == 2
    assert "measured with processor 'abacus'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "everything"], "only='everything' must be"),
        (["--repeats", "0"], "repeats=0 must be"),
        (["--device", "abacus"], "device='abacus'"),
    ],
)
def test_what_makes_no_sense_gets_one_line(parts, tmp_path, capsys, arguments, message):
    assert command.main([*arguments, "--out", str(tmp_path / "b.json")]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "other"}'])
def test_a_foreign_file_is_left_alone(parts, tmp_path, capsys, text):
    out = tmp_path / "mine.json"
    out.write_text(text, encoding="utf-8")
    assert command.main(["--out", str(out), "--device", "cpu"]) == 2
    assert out.read_text(encoding="utf-8") == text
    assert "no benchmark's file" in capsys.readouterr().err


def test_an_interruption_keeps_what_was_measured(parts, tmp_path, capsys, monkeypatch):
    made = command.parts(1, CPU)

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "parts", lambda *_: {**made, "imports": interrupted})
    out = tmp_path / "b.json"
    assert command.main(["--out", str(out), "--device", "cpu"]) == 130
    assert set(json.loads(out.read_text(encoding="utf-8"))["results"]) == {"training densenet_d2l"}
    assert "the same command goes on" in capsys.readouterr().err


def test_each_part_has_a_process_of_its_own_with_the_same_options(parts, tmp_path, monkeypatch):
    ran = []

    def run(arguments, **options):
        if arguments[0] != "git":
            ran.append(arguments[3:])
        return in_this_process(arguments, **options)

    monkeypatch.setattr(command.subprocess, "run", run)
    options = ["--out", str(tmp_path / "b.json"), "--repeats", "3", "--device", "cpu"]
    assert command.main(options) == 0
    assert ran == [["--only", part, *options] for part in parts]


def test_a_part_that_fails_in_its_process_is_named(parts, tmp_path, monkeypatch, capsys):
    failed = subprocess.CompletedProcess([], 1, stdout="")
    monkeypatch.setattr(command.subprocess, "run", lambda *_, **__: failed)
    assert command.main(["--out", str(tmp_path / "b.json"), "--device", "cpu"]) == 2
    assert "training densenet_d2l could not be measured" in capsys.readouterr().err


def test_the_whole_command_really_starts_processes(tmp_path, monkeypatch):
    only = command.parts(1, CPU)["operations"]
    monkeypatch.setattr(command, "parts", lambda repeats, device: {"operations": only})
    out = tmp_path / "b.json"
    assert command.main(["--out", str(out), "--repeats", "1", "--device", "cpu"]) == 0
    assert set(json.loads(out.read_text("utf-8"))["results"]) == {"operations"}


def test_all_parts_are_there(tiny):
    names = set(command.parts(1, CPU))
    assert {goal.part for goal in GOALS} <= names
    assert "memory of blocks" in names


# ------------------------------------------------------------------------ the recorded one


@pytest.mark.parametrize(
    ("name", "elsewhere"), [("two_cores", {"shares"}), ("two_cores_intel", set())]
)
def test_a_recorded_benchmark_is_complete_and_says_where_it_comes_from(name, elsewhere):
    record = records.load_benchmark(name)
    assert record["format"] == command.FORMAT and record["repeats"] >= 9
    assert set(record["results"]) == set(command.parts(1, CPU)) - elsewhere
    assert len(record["machine"]["commit"]) == 40  # of a clean work tree: no "+changes"
    assert all(record["machine"]["libraries"].values())
    found = benchmarks.ratios(record["results"])
    assert len(found) == len(GOALS) + 2 and all(ratio.got is not None for ratio in found)
    assert record["results"]["loading"]["equal_to_pil"] is True


def test_the_recorded_shares_are_those_of_all_who_were_to_be_profiled():
    record = records.load_benchmark("shares")
    assert record["format"] == command.FORMAT and set(record["results"]) == {"shares"}
    assert len(record["machine"]["commit"]) == 40
    who = [f"{part}: {name}" for part, names in PROFILED.items() for name in names]
    assert list(record["results"]["shares"]) == who
