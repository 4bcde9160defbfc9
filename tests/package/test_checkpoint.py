"""Checkpoints: nothing is lost, nothing is half-written, nothing foreign is taken for one's own."""

import errno
import os
import pickle
import signal
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

import new_process
import pytest
import torch
from torch import nn
from training_helpers import FULL, assert_same_weights, make_images, make_model, numbers

import densenet_lesson
from densenet_lesson.training import Recipe, train
from densenet_lesson.training import checkpoint as module
from densenet_lesson.training.checkpoint import (
    CheckpointError,
    fingerprint,
    load_checkpoint,
    random_state,
    save_checkpoint,
    set_random_state,
    write_atomically,
)

PACKAGE = Path(densenet_lesson.__file__).parent


pytestmark = pytest.mark.usefixtures("one_thread")


def run(model: nn.Module, path: Path | None, recipe: Recipe = FULL, *, seed: int = 0, **options):
    images, test = make_images(20, seed=seed), make_images(8, seed=1)
    options = {"device": "cpu", "progress": False, **options}
    return train(model, images, test, recipe, checkpoint=path, **options)


def cut_off(model: nn.Module, calls: int) -> nn.Module:
    """Let a model's forward pass be interrupted at one of its calls, counted from 1."""
    left = [calls]

    def count(*_):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    model.register_forward_hook(count)
    return model


# ---- resuming ----

RECIPES = {
    "sgd": FULL,
    "adamw": replace(FULL, optimizer="adamw", lr=0.01, label_smoothing=0.1, normalize=True),
    "bf16": replace(FULL, precision="bf16", channels_last=False, init="xavier"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_interrupted_in_any_step_and_resumed_gives_the_same_numbers(tmp_path, name):
    recipe, whole = RECIPES[name], make_model()
    expected = numbers(run(whole, None, recipe))
    # 1 call to try the network out, then 3 steps and 1 batch of test images in each epoch
    for call in range(1, 1 + 3 * (3 + 1) + 1):
        path = tmp_path / f"{call}.pt"
        with pytest.raises(KeyboardInterrupt):
            run(cut_off(make_model(), call), path, recipe)
        # a model of other weights, as after a restart; but what comes before the first checkpoint
        # is the caller's own
        again = make_model(seed=7 if path.exists() else 0)
        history = run(again, path, recipe)
        assert numbers(history) == expected, f"interrupted in forward pass {call}"
        assert_same_weights(again, whole)


@pytest.fixture
def autocast_ended():
    """End what a test leaves: interrupted between a context's body and its end, it stays open."""
    yield
    while torch.autocast_decrement_nesting() >= 0:
        pass  # one for each context that is open, and one too many
    torch.autocast_increment_nesting()
    torch.clear_autocast_cache()
    torch.set_autocast_enabled("cpu", False)


def test_a_run_after_one_that_was_cut_off_within_autocast_learns_as_ever(autocast_ended):
    recipe = RECIPES["bf16"]
    expected = numbers(run(make_model(), None, recipe))
    torch.autocast("cpu", torch.bfloat16).__enter__()  # and no end
    assert numbers(run(make_model(), None, recipe)) == expected


@pytest.mark.slow
def test_interrupted_at_any_line_and_resumed_gives_the_same_numbers(tmp_path, autocast_ended):
    """The same, at any line of the package, also while a checkpoint is being written."""
    recipe, whole = replace(FULL, epochs=2), make_model()
    expected = numbers(run(whole, None, recipe))
    lines = count_lines(lambda: run(make_model(), tmp_path / "counted.pt", recipe))
    for stop in range(1, lines, 23):
        path, model = tmp_path / f"{stop}.pt", make_model()
        with pytest.raises(KeyboardInterrupt):
            count_lines(lambda m=model, p=path: run(m, p, recipe), stop)
        assert not list(tmp_path.glob("*.tmp"))
        history = run(model, path, recipe)  # the same model, as in a notebook
        assert numbers(history) == expected, f"interrupted at line event {stop}"
        assert_same_weights(model, whole)


def count_lines(call, stop: int | None = None) -> int:
    """Count the lines of the loop and of the checkpoints that a call runs; interrupt at one."""
    files = {
        str(PACKAGE / "training" / f"{name}.py") for name in ("loop", "checkpoint", "evaluation")
    }
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            count += 1
            if count == stop:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


MOMENTS = {  # the call of a function at which the process ends
    "in the middle of an epoch": ("densenet_lesson.training.loop.train_step", 5),
    "while a checkpoint is written": ("os.replace", 3),  # epochs 0, 1, 2
}


def killed_run(path: Path, name: str, calls: int) -> None:
    """A run that ends its own process at one of the calls of a function."""

    def kill(*args):
        nonlocal calls
        calls -= 1
        if calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args)

    with pytest.MonkeyPatch.context() as patch:
        original = resolve_name(name)
        patch.setattr(name, kill)
        run(make_model(), path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_resumed_gives_the_same_numbers(tmp_path, moment):
    path, whole = tmp_path / "run.pt", make_model()
    expected = numbers(run(whole, None))
    assert new_process.run(tmp_path, killed_run, path, *MOMENTS[moment]) == (-9, "", "")
    assert len(load_checkpoint(path)["history"]["rows"]) == 1
    again = make_model(seed=7)
    assert numbers(run(again, path)) == expected
    assert_same_weights(again, whole)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"run.pt", "printed-0.out", "printed-0.err"}


def test_a_finished_run_is_not_trained_again(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    path, model = tmp_path / "run.pt", make_model()
    history = run(model, path)
    before = path.read_bytes()
    again = make_model(seed=7)
    assert run(again, path, progress=True) == history  # the times too
    assert_same_weights(again, model)
    assert not again.training
    assert path.read_bytes() == before
    assert capsys.readouterr().err == ""  # no bar for nothing


def test_fresh_starts_over_and_replaces_the_checkpoint(tmp_path):
    path = tmp_path / "run.pt"
    first = numbers(run(make_model(), path))
    other = replace(FULL, seed=1)
    second = numbers(run(make_model(), path, other, fresh=True))
    assert second == numbers(run(make_model(), None, other)) != first
    assert numbers(run(make_model(), path, other)) == second


def test_resumed_on_more_threads_the_history_says_so(tmp_path):
    path = tmp_path / "run.pt"
    with pytest.raises(KeyboardInterrupt):
        run(cut_off(make_model(), 1 + 4 + 1), path)
    torch.set_num_threads(2)
    history = run(make_model(), path)
    sessions = [(session["first_epoch"], session["threads"]) for session in history.sessions]
    assert sessions == [(1, 1), (2, 2)]
    assert history.environment["threads"] == 2


def test_a_checkpoint_holds_all_that_the_next_epoch_depends_on(tmp_path):
    run(make_model(), tmp_path / "run.pt")
    state = load_checkpoint(tmp_path / "run.pt")
    names = {"format", "model", "optimizer", "scaler", "random", "epoch", "history"}
    assert set(state) == names
    assert state["epoch"] == 3
    assert set(state["history"]) == {"model", "data", "recipe", "sessions", "rows", "answers"}


def test_random_numbers_go_on_where_they_were():
    torch.manual_seed(0)
    state = random_state(torch.device("cpu"))
    first = torch.rand(3)
    torch.rand(5)
    set_random_state(state, torch.device("cpu"))
    assert torch.equal(torch.rand(3), first)


def test_random_numbers_of_a_gpu_are_kept_too(monkeypatch):
    kept = []
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: f"state of {device}")
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda *args: kept.append(args))
    state = random_state(torch.device("cuda:0"))
    set_random_state(state, torch.device("cuda:0"))
    assert kept == [("state of cuda:0", torch.device("cuda:0"))]
    set_random_state({"cpu": state["cpu"]}, torch.device("cuda:0"))  # begun on a CPU
    set_random_state(state, torch.device("cpu"))  # gone on with on a CPU
    assert len(kept) == 1


# ---- writing ----


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch, step, error):
    path = tmp_path / "run.pt"
    path.write_bytes(b"the old checkpoint")

    def fail(*args):
        raise error

    monkeypatch.setattr(
        *((module, "open") if step == "open" else (module.os, step)), fail, raising=False
    )
    expected = CheckpointError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        write_atomically(path, b"the new checkpoint")
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
    assert path.read_bytes() == b"the old checkpoint"
    if expected is CheckpointError:
        assert str(caught.value).startswith(f"cannot write {path}: No space left on device.")


def test_the_new_file_is_on_the_disk_before_it_takes_the_old_ones_place(tmp_path, monkeypatch):
    path, done = tmp_path / "new" / "folder" / "file", []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(
            module.os, name, lambda *a, n=name, f=original: (done.append((n, *a)), f(*a))[1]
        )
    write_atomically(path, b"content")
    assert [step[0] for step in done] == ["fsync", "replace"]
    _, temporary, target = done[1]
    assert target == path
    assert temporary.parent == path.parent  # a rename in one folder is one step
    assert path.read_bytes() == b"content"


def test_a_full_disk_ends_training_with_one_error_and_the_last_good_checkpoint(tmp_path):
    resource = pytest.importorskip("resource", reason="limits of file sizes are a matter of Unix")
    path = tmp_path / "run.pt"
    with pytest.raises(KeyboardInterrupt):
        run(cut_off(make_model(), 1 + 4 + 2), path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))  # as good as full
    try:
        with pytest.raises(
            CheckpointError, match=f"^cannot write {path}: File too large"
        ) as caught:
            run(make_model(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]


def test_a_folder_that_can_not_be_made_is_an_error_before_training(tmp_path):
    (tmp_path / "file").touch()
    model = make_model()
    steps = []
    model.register_forward_hook(lambda *_: steps.append(model.training))
    with pytest.raises(CheckpointError, match="cannot write .*choose another folder"):
        run(model, tmp_path / "file" / "run.pt")
    assert True not in steps


# ---- reading ----


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "run.pt"
    run(make_model(), path, replace(FULL, epochs=1))
    return path.read_bytes()


def refuse(path: Path, model: nn.Module | None = None, seed: int = 0, **changes) -> str:
    """Resume, expect a CheckpointError of one line that says what to do; return the line."""
    before = path.read_bytes()
    model = model or make_model()
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(CheckpointError, match="^[^\n]*start over with fresh=True[^\n]*$") as caught:
        run(model, path, replace(FULL, **{"epochs": 1, **changes}), seed=seed)
    assert path.read_bytes() == before
    assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())
    return str(caught.value)


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.9, 0.999])
def test_a_checkpoint_that_is_cut_short_is_refused(tmp_path, good, share):
    path = tmp_path / "run.pt"
    path.write_bytes(good[: int(share * len(good))])
    assert "is cut short, or no checkpoint at all" in refuse(path)


def test_a_flipped_bit_in_a_weight_is_refused(tmp_path, good):
    # torch.load itself doesn't notice
    path = tmp_path / "run.pt"
    path.write_bytes(good)
    weight = torch.load(path, weights_only=True)["model"]["0.weight"]
    storage = weight.permute(0, 2, 3, 1).contiguous().numpy().tobytes()  # channels last
    place = good.index(storage)
    path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
    assert not torch.equal(torch.load(path, weights_only=True)["model"]["0.weight"], weight)
    assert "is damaged: the checksum of its part" in refuse(path)


def test_a_checkpoint_can_not_run_code(tmp_path):
    class Stranger:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "code ran",))

    path = tmp_path / "run.pt"
    torch.save({"format": module.FORMAT, "model": Stranger()}, path)
    assert "holds more than tensors, numbers and text" in refuse(path)
    path.write_bytes(pickle.dumps(Stranger()))
    assert "no checkpoint at all" in refuse(path)
    assert not (tmp_path / "code ran").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"conv.weight": torch.ones(2)}, "not a checkpoint of this course"),
        ([1, 2], "not a checkpoint of this course"),
        ({"format": module.FORMAT}, "is the checkpoint of another run"),
    ],
)
def test_another_file_of_torch_is_refused(tmp_path, content, words):
    torch.save(content, tmp_path / "run.pt")
    assert words in refuse(tmp_path / "run.pt")


def test_another_zip_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "run.pt", "w") as archive:
        archive.writestr("holiday.txt", "sun")
    assert "not a checkpoint of this course" in refuse(tmp_path / "run.pt")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lr": 0.5}, "Its recipe differs: lr=0.05, now 0.5."),
        ({"epochs": 2, "size": 9}, "Its recipe differs: epochs=1, now 2; size=None, now 9."),
    ],
)
def test_the_checkpoint_of_another_recipe_is_refused(tmp_path, good, change, words):
    path = tmp_path / "run.pt"
    path.write_bytes(good)
    assert words in refuse(path, **change)


def test_the_checkpoint_of_another_network_is_refused(tmp_path, good):
    path = tmp_path / "run.pt"
    path.write_bytes(good)
    wider = make_model()
    wider[6] = nn.Linear(16, 5)
    assert "Its model differs: parameters=116, now 133." in refuse(path, wider)
    # as many parameters and the same class, but elsewhere
    other = make_model()
    other[0] = nn.Sequential(other[0])
    assert "another network: '0.weight' has the shape [4, 1, 3, 3] there, missing" in refuse(
        path, other
    )


def test_the_checkpoint_of_another_configuration_is_refused(tmp_path, good):
    path, recipe = tmp_path / "run.pt", replace(FULL, epochs=1)
    small = {"in_channels": 1, "num_classes": 4, "block_config": (1, 1), "image_size": 8}
    run(densenet_lesson.build("densenet_digits", **small), path, recipe)
    other = densenet_lesson.build("densenet_digits", **small, negative_slope=0.1)
    assert "Its model differs: config.negative_slope=0.0, now 0.1." in refuse(path, other)


def test_the_checkpoint_of_other_data_is_refused(tmp_path, good):
    path = tmp_path / "run.pt"
    path.write_bytes(good)
    assert "Its data differs: fingerprint=" in refuse(path, seed=9)


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path, words in ((tmp_path / "none.pt", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(CheckpointError, match=f"cannot read the checkpoint {path}: {words}"):
            load_checkpoint(path)


def test_what_is_saved_comes_back(tmp_path):
    state = {"model": {"w": torch.randn(3, 2).t()}, "epoch": 2, "text": ["a", None, 0.1]}
    save_checkpoint(tmp_path / "run.pt", state)
    loaded = load_checkpoint(str(tmp_path / "run.pt"))
    assert torch.equal(loaded["model"].pop("w"), state["model"].pop("w"))
    assert loaded == {"format": module.FORMAT, **state}


def test_fingerprint_changes_with_pixels_labels_and_names():
    images = make_images(6)
    pixels, labels = images.images.clone(), images.labels.clone()
    pixels[3, 0, 2, 1] ^= 1
    labels[5] = 0
    others = [
        replace(images, images=pixels),
        replace(images, labels=labels),
        replace(images, class_names=("up", "down", "left", "r")),
        replace(images, images=images.images.reshape(6, 1, 4, 16)),
    ]
    prints = [fingerprint(item) for item in (images, *others)]
    assert len(set(prints)) == 5
    assert fingerprint(make_images(6)) == prints[0]
    flat = replace(images, images=images.images.to(memory_format=torch.channels_last))
    assert fingerprint(flat) == prints[0]


def compiled(model):
    return torch.compile(model, backend="eager")


def partly_compiled(model):
    model[0] = compiled(model[0])
    return model


WRAPPERS = [compiled, nn.DataParallel, lambda m: nn.DataParallel(compiled(m)), partly_compiled]


@pytest.mark.parametrize("wrap", WRAPPERS)
@pytest.mark.parametrize("wrap_again", [lambda model: model, compiled])
def test_wrapped_networks_train_save_and_resume_as_bare_ones(tmp_path, wrap, wrap_again):
    images, path = make_images(), tmp_path / "run.pt"
    recipe = replace(FULL, epochs=2)
    bare, wrapped, resumed = make_model(), make_model(), make_model(seed=1)
    expected = train(bare, images, images, recipe, progress=False, device="cpu")
    options = {"progress": False, "device": "cpu", "checkpoint": path}
    found = train(wrap(wrapped), images, images, recipe, **options)
    assert numbers(found) == numbers(expected) and found.model == expected.model
    saved = load_checkpoint(path)["model"]
    assert list(saved) == list(bare.state_dict())
    train(wrap_again(resumed), images, images, recipe, **options)
    assert_same_weights(resumed, bare)


def test_an_older_checkpoint_of_a_compiled_network_resumes(tmp_path):
    images, path, recipe = make_images(), tmp_path / "run.pt", replace(FULL, epochs=1)
    options = {"progress": False, "device": "cpu", "checkpoint": path}
    model, resumed = make_model(), make_model(seed=1)
    train(model, images, images, recipe, **options)
    state = load_checkpoint(path)
    state["model"] = {f"module._orig_mod.{name}": t for name, t in state["model"].items()}
    save_checkpoint(path, state)
    train(resumed, images, images, recipe, **options)
    assert_same_weights(resumed, model)
