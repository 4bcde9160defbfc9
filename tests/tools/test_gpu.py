"""`make gpu`: it says in a line that there is no GPU, and what failed, was left out or came."""

from __future__ import annotations

import json

import pytest
import torch

from tools import gpu
from tools.benchmark import clock
from tools.benchmark.contenders import Case

CPU = torch.device("cpu")
TINY = Case("densenet_bc40", 2, 8)


def test_without_a_gpu_it_says_so_in_a_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main(["--out", str(tmp_path / "gpu.json")]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.fixture
def pretend(monkeypatch):
    """Let the command believe that there is a GPU, and do what it is told instead of its parts."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(gpu, "describe_environment", lambda device: {"device": device.type})

    def with_parts(*rows):
        monkeypatch.setattr(gpu, "parts", lambda *_: [lambda row=row: [row] for row in rows])

    return with_parts


def test_what_came_stands_in_the_table_and_in_the_file(pretend, tmp_path, capsys):
    pretend(gpu.Row("one", 1234.5, "images/s"), gpu.Row("two", "skipped", "not installed: d2l"))
    assert gpu.main(["--out", str(tmp_path / "gpu.json")]) == 0
    out = capsys.readouterr().out
    assert "1,234 images/s" in out and "skipped not installed: d2l" in out
    record = json.loads((tmp_path / "gpu.json").read_text())
    assert record["machine"] == {"device": "cuda"}
    assert record["rows"][0] == {"what": "one", "value": 1234.5, "unit": "images/s"}


def test_what_failed_makes_the_command_fail_and_the_rest_is_kept(pretend, tmp_path):
    pretend(gpu.Row("one", "failed"), gpu.Row("two", 1.0, "s"))
    assert gpu.main(["--out", str(tmp_path / "gpu.json")]) == 1
    assert len(json.loads((tmp_path / "gpu.json").read_text())["rows"]) == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("assert True", [("passed", "1 passed")]),
        ("assert False", [("failed", "1 failed"), ("failed", "")]),
        ("import time; time.sleep(60)", [("failed", "not through after 5 s")]),
    ],
)
def test_tests_in_a_process_of_their_own_pass_fail_or_are_cut_off(
    body, expected, tmp_path, monkeypatch
):
    monkeypatch.setitem(gpu.SECONDS, "tests", 5 if "sleep" in body else 60)
    (tmp_path / "test_it.py").write_text(f"def test_it():\n    {body}\n")
    rows = list(gpu.pytest_rows("tests", [str(tmp_path), "-c", "/dev/null"], ["pytest"]))
    assert [row.value for row in rows] == [value for value, _ in expected]
    assert all(row.unit.startswith(unit) for row, (_, unit) in zip(rows, expected, strict=True))


def test_what_isn_t_installed_is_named():
    assert list(gpu.pytest_rows("chapters", [], ["pytest", "no_such_library"])) == [
        gpu.Row("chapters", "skipped", "not installed: no_such_library")
    ]


def test_speeds_and_steps_are_measured_for_each_way(monkeypatch):
    monkeypatch.setattr(clock, "WARM_UP", 0)
    rates = {row.what.rpartition(": ")[2]: row.value for row in gpu.speeds(TINY, CPU, 1)}
    assert {"as a learner writes it", "ours, plain, channels_last"} <= {
        what.removeprefix("plain, ") for what in rates
    }
    assert all(rate > 0 for rate in rates.values())
    ways = [row.what for row in gpu.steps(TINY, CPU, 1)]
    assert any("recompute" in what for what in ways) and any("torchvision" in w for w in ways)
    assert not any("timm" in what for what in ways)


def test_what_a_part_can_t_do_becomes_a_row_after_what_it_could():
    def part():
        yield gpu.Row("one", 1.0, "s")
        raise RuntimeError("CUDA out of memory. Tried to allocate much\nmore")

    first, last = gpu.attempt(part)
    assert first.what == "one"
    assert (last.value, last.unit) == ("failed", "CUDA out of memory. Tried to allocate much")


def test_without_a_gpu_none_computes(monkeypatch):
    monkeypatch.setattr(clock, "WARM_UP", 0)
    rows = list(gpu.at_work(TINY, CPU, 1))
    assert [row.value for row in rows] == [0.0, 0.0]  # in 32 bits, and in bf16
