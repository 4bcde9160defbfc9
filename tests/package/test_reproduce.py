"""Repeating a recorded run: `python -m densenet_lesson.training.reproduce`."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from training_helpers import make_images, save_npz

from densenet_lesson import train
from densenet_lesson.training import records, reproduce
from densenet_lesson.training.history import History
from densenet_lesson.training.recipe import Recipe
from densenet_lesson.training.records import load_band, load_record, record_names
from densenet_lesson.training.reproduce import command_of

pytestmark = pytest.mark.usefixtures("same_threads_afterwards")


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A recorded run, with a band; returns the folder that the records are in."""
    save_npz(tmp_path / "sides.npz", make_images(24), make_images(8, seed=1))
    monkeypatch.chdir(tmp_path)
    words = ["--model", "densenet_digits", "--data", "sides.npz", "--threads", "1"]
    words += ["--validation", "4", "--subset", "18"]
    words += ["--change", "block_config=(2, 1)", "--change", "drop_rate=0.2", "--epochs", "2"]
    words += ["--batch-size", "8", "--no-nesterov", "--augment", "crop", "--seed", "3"]
    assert train.main([*words, "--out", "first"]) == 0
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(tmp_path / "first" / "record.json", folder / "mine.json")
    monkeypatch.setattr(records, "FOLDERS", (folder,))
    write_band(folder, 0.0, 1.0)
    return folder


def write_band(folder, low, high):
    text = f"[mine]\ntest_accuracy = [{low}, {high}]\nwhy = 'a test'\n"
    (folder / "bands.toml").write_text(text, encoding="utf-8")


def test_a_repetition_trains_the_same_network_by_the_same_recipe(recorded, tmp_path, capsys):
    assert reproduce.main(["mine"]) == 0
    record = load_record("mine")
    again = History.from_json((tmp_path / "runs/reproduce-mine/record.json").read_text())
    assert (again.model, again.recipe, again.data) == (record.model, record.recipe, record.data)
    for row, expected in zip(again.rows, record.rows, strict=True):
        assert row["test_accuracy"] == expected["test_accuracy"]
        assert row["train_loss"] == expected["train_loss"]  # bit for bit on one machine
    printed = capsys.readouterr().out
    assert "--change block_config=[2,1] --change drop_rate=0.2" in printed
    accuracy = record.rows[-1]["test_accuracy"]
    assert f"validation accuracy {accuracy:.4f}, recorded {accuracy:.4f}, band 0.0" in printed
    assert printed.endswith(": within\n")


def test_an_accuracy_outside_the_band_is_told_and_is_a_failure(recorded, capsys):
    accuracy = load_record("mine").rows[-1]["test_accuracy"]
    write_band(recorded, accuracy + 0.01, 1.01)
    assert reproduce.main(["mine"]) == 1
    assert "OUTSIDE" in capsys.readouterr().out


def test_other_data_are_noticed(recorded, tmp_path, capsys):
    arrays = dict(np.load(tmp_path / "sides.npz"))
    arrays["train_images"] = arrays["train_images"].copy()
    arrays["train_images"][:, 0, 0] ^= 1
    np.savez(tmp_path / "sides.npz", **arrays)
    assert reproduce.main(["mine"]) == 1
    assert "the data are not those of the record" in capsys.readouterr().err


def test_the_command_of_each_record_says_the_same_as_the_record():
    for name in record_names():
        record = load_record(name)
        options = train.make_parser().parse_args(command_of(record))
        assert train.make_recipe(options) == Recipe(**record.recipe), name
        changes = dict(train.parse_change(text) for text in options.change)
        config = vars(train.get_config(options.model, **changes))
        for field, value in record.model["config"].items():
            if field not in reproduce.FITTED:
                expected = tuple(value) if isinstance(value, list) else value
                assert config[field] == expected, f"{name}: {field}"
        assert options.threads == record.environment["threads"], name


def test_every_record_has_a_band_that_it_is_in():
    for name in record_names():
        low, high = load_band(name)
        assert low <= load_record(name).rows[-1]["test_accuracy"] <= high <= 1, name


@pytest.mark.parametrize("words", [["nothing"], []])
def test_an_unknown_record_gets_one_line(words, capsys):
    try:
        code = reproduce.main(words)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
