"""Several processes that train one network: two of them, on the CPU, as torchrun starts them."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import new_process
import pytest
import torch
from torch.nn import functional as F
from training_helpers import make_images, numbers, save_npz

from course import ROOT
from densenet_lesson import build
from densenet_lesson import data as data_sets
from densenet_lesson import train as command
from densenet_lesson.data import Batches, Images
from densenet_lesson.training import Recipe, learning_rate, loop, processes, train
from densenet_lesson.training.checkpoint import load_checkpoint
from densenet_lesson.training.history import History

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
# 29 images in batches of 8: the last batch has 5, so the processes' shares differ
RECIPE = Recipe(epochs=3, batch_size=8, lr=0.02, augment="crop-flip", size=16, normalize=True)
OPTIONS = ["--epochs", "3", "--batch-size", "8", "--lr", "0.02", "--augment", "crop-flip",
           "--size", "16", "--normalize", "--device", "cpu", "--threads", "1"]  # fmt: skip
CLOSE = {"rtol": 1e-3, "atol": 1e-5}


@pytest.fixture
def images() -> tuple[Images, Images]:
    return make_images(29), make_images(9, seed=1)


@pytest.fixture
def data(images, tmp_path) -> str:
    return save_npz(tmp_path / "sides.npz", *images)


def torchrun(*words: str) -> subprocess.CompletedProcess:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    command = [*launch, "-m", "densenet_lesson.train", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def worker(out: Path, npz: str, cut_off: bool) -> None:
    """One of two processes: train with a checkpoint, or stop on the way."""
    torch.manual_seed(RECIPE.seed)
    model = build("lenet5", in_channels=1, num_classes=4, image_size=16)
    epochs = loop.train_epoch

    def stop(run, bar):
        if cut_off and run.epoch == 1:
            processes.wait()  # the checkpoint of the first epoch is written
            raise Stop
        return epochs(run, bar)

    loop.train_epoch = stop
    before = threads()
    try:
        with processes.process_group("cpu") as device:
            options = {"device": device, "checkpoint": out / "checkpoint.pt"}
            history = loop.train(model, *data_sets.load(npz), RECIPE, progress=False, **options)
            if processes.rank() == 0:
                (out / "record.json").write_text(history.to_json())
    finally:
        print("threads of the group that are left:", len(threads() - before))


def threads() -> set[str]:
    """The threads of this process that are not Python's, where the system tells (Linux)."""
    python = {str(thread.native_id) for thread in threading.enumerate()}  # tqdm has one
    return {task.name for task in Path("/proc/self/task").glob("*")} - python


def one_process(name: str, images: tuple[Images, Images], **options) -> tuple:
    torch.manual_seed(RECIPE.seed)
    model = build(name, in_channels=1, num_classes=4, image_size=16)
    return model, train(model, *images, RECIPE, device="cpu", progress=False, **options)


def results(out: Path) -> tuple[History, dict]:
    history = History.from_json((out / "record.json").read_text())
    return history, load_checkpoint(out / "checkpoint.pt")["model"]


def assert_same_run(out: Path, model, history):
    """The same numbers and weights, within the rounding of floating-point sums."""
    theirs, weights = results(out)
    for row, expected in zip(numbers(theirs), numbers(history), strict=True):
        assert row == pytest.approx(expected, rel=1e-3)
    torch.testing.assert_close(dict(weights), dict(model.state_dict()), **CLOSE)


def assert_nothing_is_left(ended: list[new_process.Ended]):
    """A thread that outlives the group can abort a process that ends: rarely, under load."""
    assert [one.out for one in ended] == ["threads of the group that are left: 0\n"] * 2


def test_two_processes_train_like_one_with_the_same_batches(images, data, tmp_path):
    out = tmp_path / "two"
    run = torchrun("--model", "lenet5", "--data", data, "--out", str(out), *OPTIONS)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("after epoch 3 of 3") == 1  # one process speaks
    history, _ = results(out)
    assert [session["processes"] for session in history.sessions] == [2]
    assert_same_run(out, *one_process("lenet5", images))


def batches_in_halves(model, images, recipe):
    """What two processes do to a network with batch norm, written out in one.

    Each half is normalised by itself, and the running statistics are those of the first half.
    """
    mean, std = loop.channel_statistics(images)
    batches = Batches(images, recipe.batch_size, recipe.size, True, recipe.augment,
                      recipe.seed, mean=mean, std=std)  # fmt: skip
    optimizer = loop.make_optimizer(model, recipe)
    steps = len(batches)
    for epoch in range(recipe.epochs):
        batches.epoch = epoch
        for step, (x, y) in enumerate(batches, start=epoch * steps):
            optimizer.param_groups[0]["lr"] = learning_rate(recipe, step, steps * recipe.epochs)
            halves = list(zip(x.tensor_split(2), y.tensor_split(2), strict=True))
            loss = F.cross_entropy(model(halves[0][0]), halves[0][1], reduction="sum")
            statistics = copy.deepcopy([*model.buffers()])
            loss += F.cross_entropy(model(halves[1][0]), halves[1][1], reduction="sum")
            optimizer.zero_grad()
            (loss / len(y)).backward()
            optimizer.step()
            with torch.no_grad():
                for buffer, first in zip(model.buffers(), statistics, strict=True):
                    buffer.copy_(first)


def test_batch_norm_sees_the_share_of_its_own_process(images, data, tmp_path):
    out = tmp_path / "two"
    words = ["--model", "densenet_digits", "--data", data, "--out", str(out), *OPTIONS]
    ended = new_process.run_two(tmp_path, command.main, words)
    assert [one.code for one in ended] == [0, 0], ended
    torch.manual_seed(RECIPE.seed)
    model = build("densenet_digits", in_channels=1, num_classes=4, image_size=16)
    model.to(memory_format=torch.channels_last)
    torch.manual_seed(RECIPE.seed)
    batches_in_halves(model.train(), images[0], RECIPE)
    _, weights = results(out)
    torch.testing.assert_close(dict(weights), dict(model.state_dict()), rtol=1e-2, atol=1e-4)


class Stop(KeyboardInterrupt):
    pass


def test_a_run_of_one_process_goes_on_with_two_and_the_other_way_round(
    images, data, tmp_path, monkeypatch
):
    model, history = one_process("lenet5", images)  # without a break
    epochs = loop.train_epoch

    def cut_off(run, bar):
        if run.epoch == 1:
            raise Stop
        return epochs(run, bar)

    first, second = tmp_path / "one-then-two", tmp_path / "two-then-one"
    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(loop, "train_epoch", cut_off)
        one_process("lenet5", images, checkpoint=first / "checkpoint.pt")
    ended = new_process.run_two(tmp_path, worker, first, data, False)
    assert [one.code for one in ended] == [0, 0], ended
    assert_nothing_is_left(ended)
    assert_same_run(first, model, history)
    assert [s["processes"] for s in results(first)[0].sessions] == [1, 2]

    ended = new_process.run_two(tmp_path, worker, second, data, True)
    assert [one.code for one in ended] == [1, 1] and "Stop" in ended[0].err, ended
    assert_nothing_is_left(ended)
    assert load_checkpoint(second / "checkpoint.pt")["epoch"] == 1
    _, resumed = one_process("lenet5", images, checkpoint=second / "checkpoint.pt")
    (second / "record.json").write_text(resumed.to_json())
    assert_same_run(second, model, history)
    assert [s["processes"] for s in resumed.sessions] == [2, 1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--batch-size", "3"], "batch_size=3 must be at least 4"),
        (["--sync-batch-norm"], "sync_batch_norm=True needs GPUs"),
    ],
)
def test_an_error_is_said_once(words, message, data, tmp_path):
    out = tmp_path / "out"
    words = ["--model", "lenet5", "--data", data, "--out", str(out), *OPTIONS, *words]
    ended = new_process.run_two(tmp_path, command.main, words)
    assert [one.code for one in ended] == [2, 2]
    assert "".join(one.err for one in ended).count(message) == 1, ended
    assert not out.exists()


def test_one_process_has_nothing_to_share(images):
    model = build("densenet_digits", num_classes=4)
    recipe = replace(RECIPE, epochs=1, sync_batch_norm=True, size=8)
    history = train(model, *images, recipe, device="cpu", progress=False)
    assert history.sessions[0]["processes"] == 1
