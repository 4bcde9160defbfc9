"""The record of a run: complete, exact, readable, and free of what is nobody's business."""

import getpass
import json
import platform
import subprocess
from dataclasses import fields

import pytest
import torch
from matplotlib import pyplot

import densenet_lesson
from colours import contrast
from densenet_lesson.training import history as module
from densenet_lesson.training.history import History, describe_environment
from densenet_lesson.training.recipe import Recipe


def make_history(epochs: int = 3) -> History:
    rows = [
        {
            "epoch": i + 1,
            "train_loss": 1 / (i + 3),
            "train_accuracy": 0.5 + i / 10,
            "lr": 0.1 / 3,
            "seconds": 2.0,
            "test_loss": 1.5 / (i + 3),
            "test_accuracy": 0.25 + i / 10,
            "test_seconds": 0.5,
        }
        for i in range(epochs)
    ]
    session = {"first_epoch": 1, **describe_environment(torch.device("cpu"))}
    return History(
        model={"name": "a network", "config": {"block_config": [4, 4]}, "parameters": 40250},
        data={"train": 1000, "test": 200, "fingerprint": "ab-cd", "mean": [0.1], "std": [1 / 3]},
        recipe={"epochs": 3, "size": 28, "seed": 5},
        sessions=[session],
        rows=rows,
    )


def test_json_keeps_every_bit():
    history = make_history()
    assert History.from_json(history.to_json()) == history
    assert History.from_json(make_history(0).to_json()) == make_history(0)


def test_answers_take_few_bytes_and_older_records_have_none():
    history = make_history()
    history.answers = [i * i % 10 for i in range(10_000)]
    text = history.to_json()
    assert History.from_json(text) == history
    assert len(text) - len(make_history().to_json()) < 8_000
    older = {name: value for name, value in json.loads(text).items() if name != "answers"}
    assert History.from_json(json.dumps(older)).answers == []


def test_json_has_one_line_for_each_epoch_and_the_time_of_all():
    text = make_history().to_json()
    lines = [line.strip().rstrip(",") for line in text.splitlines()]
    rows = [json.loads(line) for line in lines if line.startswith('{"epoch"')]
    assert rows == make_history().rows == json.loads(text)["rows"]
    assert json.loads(text)["seconds"] == 7.5


def test_json_without_numbers_that_json_does_not_know():
    history = make_history()
    history.rows[0]["test_loss"] = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        history.to_json()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "something else"}'])
def test_json_of_something_else_is_refused(text):
    with pytest.raises(ValueError, match="^text"):
        History.from_json(text)


def test_tuples_become_lists_as_in_json():
    history = History.from_fields(model={"a": (1, (2, 3))}, data={}, recipe={})
    assert history.model == {"a": [1, [2, 3]]}


def test_times_and_speed():
    history = make_history()
    assert history.seconds == 7.5  # training and evaluation
    assert history.examples_per_second == 500  # 1,000 images in 2 s, three times


def test_inputs_are_what_predict_takes():
    assert make_history().inputs == {"size": 28, "mean": [0.1], "std": [1 / 3]}


def test_text_says_what_ran():
    text, environment = str(make_history()), describe_environment(torch.device("cpu"))
    for words in (
        "a network: 40,250 parameters",
        "1,000 training images, 200 test images",
        "epochs 3, size 28, seed 5",
        "after epoch 3 of 3 (7.5 s): test accuracy 0.4500, test loss 0.3000",
        "train accuracy 0.7000, train loss 0.2000",
        f"from epoch 1: Python {platform.python_version()}, torch {torch.__version__}",
        f"device cpu, threads {environment['threads']}",
    ):
        assert words in text
    assert "after epoch" not in str(make_history(0))


def test_table_has_the_numbers_of_each_epoch_and_no_time():
    lines = make_history().table().splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["1", "0.03333", "0.3333", "0.5000", "0.5000", "0.2500"],
        ["2", "0.03333", "0.2500", "0.6000", "0.3750", "0.3500"],
        ["3", "0.03333", "0.2000", "0.7000", "0.3000", "0.4500"],
    ]
    assert len({len(line) for line in lines}) == 1  # columns stand below each other


def test_numbers_of_a_validation_set_are_not_called_test():
    history = make_history()
    history.data["validation"] = 200
    assert "200 validation images" in str(history)
    assert "validation accuracy 0.4500, validation loss 0.3000" in str(history)
    assert history.table().splitlines()[0].split()[-4:] == ["val.", "loss", "val.", "acc."]
    assert len({len(line) for line in history.table().splitlines()}) == 1
    labels = [line.get_label() for line in history.plot().axes[0].lines]
    assert labels == ["train", "validation"]


def test_environment_is_that_of_the_last_session_and_has_the_seed():
    history = make_history()
    history.sessions.append({**history.sessions[0], "first_epoch": 3, "threads": 64})
    assert history.environment["threads"] == 64
    assert history.environment["seed"] == 5
    assert "from epoch 3" in str(history)
    assert make_history(0).environment["seed"] == 5


def test_environment_is_true():
    environment = describe_environment(torch.device("cpu"))
    assert environment["python"] == platform.python_version()
    assert environment["torch"] == torch.__version__
    assert type(environment["torch"]) is str  # torch's own type would not load from a checkpoint
    assert environment["densenet_lesson"] == densenet_lesson.__version__
    assert environment["device"] == "cpu"
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    assert describe_environment(torch.device("cpu"))["threads"] == threads + 1
    torch.set_num_threads(threads)


def test_environment_names_the_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Tesla T4")
    assert describe_environment(torch.device("cuda"))["device"] == "Tesla T4"


def test_record_has_no_path_user_or_host():
    text = make_history().to_json()
    for word in ("/", "\\", platform.node(), getpass.getuser()):
        assert word not in text


# ---- the commit ----


def git(folder, *command):
    name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(
        ["git", *name, *command], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_commit_is_that_of_the_source(tmp_path, monkeypatch):
    package = tmp_path / "repository" / "densenet_lesson"
    source = package / "training" / "history.py"
    source.parent.mkdir(parents=True)
    (package / "__init__.py").touch()
    source.write_text("old")
    monkeypatch.setattr(module, "__file__", str(source))
    assert module.commit() is None  # no repository
    git(tmp_path / "repository", "init")
    (tmp_path / "repository" / "readme").touch()
    git(tmp_path / "repository", "add", "readme")
    git(tmp_path / "repository", "commit", "-m", "another project")
    assert module.commit() is None  # installed somewhere inside another project's repository
    git(tmp_path / "repository", "add", ".")
    git(tmp_path / "repository", "commit", "-m", "the package")
    head = git(tmp_path / "repository", "rev-parse", "HEAD")
    assert module.commit() == head
    (tmp_path / "repository" / "readme").write_text("a change that the package doesn't know")
    assert module.commit() == head
    source.write_text("new")
    assert module.commit() == head + "+changes"


def test_commit_is_none_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert module.commit() is None


# ---- the drawing ----


def test_plot_draws_the_rows():
    figure = make_history().plot()
    rows = make_history().rows
    for name, ax in zip(("loss", "accuracy"), figure.axes, strict=True):
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", name)
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "test"]
        for part, line in zip(("train", "test"), ax.lines, strict=True):
            assert list(line.get_xdata()) == [1, 2, 3]
            assert list(line.get_ydata()) == [row[f"{part}_{name}"] for row in rows]


def test_plot_can_be_read_without_colours():
    for ax in make_history().plot().axes:
        train, test = ax.lines
        assert train.get_linestyle() != test.get_linestyle()
        assert train.get_marker() != test.get_marker()
        assert "None" not in (train.get_marker(), test.get_marker())  # one epoch is one point
        for line in ax.lines:  # WCAG 2.2, 1.4.11
            assert contrast(line.get_color(), "white") >= 3


def test_epochs_on_the_axis_are_whole_numbers():
    for ax in make_history(2).plot().axes:
        assert all(tick == int(tick) for tick in ax.get_xticks())


def test_a_notebook_shows_the_plot_once():
    before = pyplot.get_fignums()
    make_history().plot()
    assert pyplot.get_fignums() == before


def test_a_recipe_is_something_that_json_keeps():
    assert {type(item.default) for item in fields(Recipe)} <= {int, float, str, bool, type(None)}
