"""The recorded runs that the book shows."""

import json

import numpy as np
import pytest

from course import ROOT
from densenet_lesson import arithmetic
from densenet_lesson.configs import DenseNetConfig, change, get_config
from densenet_lesson.training import records
from densenet_lesson.training.history import History
from densenet_lesson.training.records import (
    load_band,
    load_measured,
    load_record,
    load_seeds,
    record_names,
    without_seed,
)
from densenet_lesson.training.trained import garment_labels


def test_the_records_are_those_that_stand_with_the_book():
    files = sorted(path.stem for path in (ROOT / "book" / "results").glob("*.json"))
    assert record_names() == files and files


def test_every_record_is_complete_and_says_where_it_comes_from():
    for name in record_names():
        record = load_record(name)
        epochs = [row["epoch"] for row in record.rows]
        assert epochs == list(range(1, record.recipe["epochs"] + 1)), name
        assert len(record.environment["commit"]) == 40, name  # a clean work tree: no "+changes"
        config = change(get_config(record.model["build"]), record.model["config"])
        assert record.model["parameters"] == arithmetic.parameters(config), name


def test_an_installed_package_finds_its_records_inside_itself(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    text = (ROOT / "book" / "results" / f"{record_names()[0]}.json").read_text(encoding="utf-8")
    (tmp_path / "results" / "mine.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr(records, "FOLDERS", (tmp_path / "results", tmp_path / "book"))
    assert record_names() == ["mine"]
    assert load_record("mine").to_json() == text


def test_an_unknown_or_damaged_record_gets_an_error_that_names_it(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="name='other' must be .*'fashion_mnist_d2l'"):
        load_record("other")
    (tmp_path / "half.json").write_text('{"format": "dens', encoding="utf-8")
    monkeypatch.setattr(records, "FOLDERS", (tmp_path,))
    with pytest.raises(ValueError, match="must be JSON"):
        load_record("half")


def test_what_a_gpu_measured_is_found_by_its_words_unless_it_failed(tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    rows = [{"what": "a step", "value": 0.5}, {"what": "tests", "value": "failed"}]
    for name, record in (("mine", {"rows": rows}), ("times", {"results": {}})):
        (tmp_path / "benchmarks" / f"{name}.json").write_text(json.dumps(record))
    monkeypatch.setattr(records, "FOLDERS", (tmp_path,))
    assert load_measured("mine") == {"a step": 0.5}
    with pytest.raises(ValueError, match="name='times' must be the record of a GPU"):
        load_measured("times")


@pytest.fixture
def seeds(tmp_path, monkeypatch):
    """Records of two seeds, in a folder of their own."""
    record = load_record("fashion_mnist_d2l")
    for seed in (10, 9):
        record.recipe["seed"] = seed
        (tmp_path / f"mine_{seed}.json").write_text(record.to_json(), encoding="utf-8")
    (tmp_path / "mine.json").write_text(record.to_json(), encoding="utf-8")
    (tmp_path / "mine_too_1.json").write_text(record.to_json(), encoding="utf-8")
    monkeypatch.setattr(records, "FOLDERS", (tmp_path,))
    return tmp_path


def test_the_seeds_of_a_run_are_found_in_order_and_nothing_else(seeds):
    assert [history.recipe["seed"] for history in load_seeds("mine")] == [9, 10]
    assert len(load_seeds("mine_too")) == 1
    with pytest.raises(ValueError, match="name='mine_9' must be .*'mine'.*'mine_too'"):
        load_seeds("mine_9")


def test_seeds_share_a_band_unless_one_has_its_own(seeds):
    bands = "[mine]\ntest_accuracy = [0.1, 0.2]\n[mine_9]\ntest_accuracy = [0.3, 0.4]\n"
    (seeds / "bands.toml").write_text(bands, encoding="utf-8")
    assert load_band("mine_10") == (0.1, 0.2)
    assert load_band("mine_9") == (0.3, 0.4)
    with pytest.raises(ValueError, match="name='mine_too' must be"):
        load_band("mine_too_1")


def configured(run: History) -> DenseNetConfig:
    """The network of a run; older records don't say what is as usual."""
    return change(get_config(run.model["build"]), run.model["config"])


def test_each_run_of_the_ablation_changes_one_thing_and_validation_images_judge_it():
    names = [name for name in record_names() if name.startswith("ablation_")]
    whole, changed = load_record("ablation_full_0"), {}
    for name in names:
        run = load_record(name)
        assert run.data["validation"] == run.data["test"] == 5000
        assert configured(run) == configured(whole)
        if not name.startswith("ablation_full_"):
            assert run.data == whole.data
            changed[name] = {key for key in run.recipe if run.recipe[key] != whole.recipe[key]}
    assert changed.pop("ablation_momentum") == {"momentum", "nesterov"}  # which needs momentum
    assert len(changed) == 7 and all(len(fields) == 1 for fields in changed.values())


SEVERAL = sorted({without_seed(name) for name in record_names()} - set(record_names()))


@pytest.mark.parametrize("name", SEVERAL)
def test_runs_of_several_seeds_differ_in_nothing_else(name):
    runs = load_seeds(name)
    assert [run.recipe["seed"] for run in runs] == list(range(len(runs)))
    for run in runs[1:]:
        assert configured(run) == configured(runs[0])
        assert run.recipe | {"seed": 0} == runs[0].recipe
        # A seed also draws the images of a subset. Without one, the images are the same.
        same = ("name", "subset", "train", "test") if run.data["subset"] else tuple(run.data)
        assert [run.data[key] for key in same] == [runs[0].data[key] for key in same]


def test_the_comparison_of_chapter_8_has_five_networks_trained_alike():
    names = [name for name in SEVERAL if name.startswith("compare_")]
    assert len(names) == 5 and all(len(load_seeds(name)) == 3 for name in names)
    dense = load_record("compare_dense_0")
    for run in (load_record(f"{name}_0") for name in names):
        changed = {key for key in run.recipe if run.recipe[key] != dense.recipe[key]}
        assert run.data == dense.data and changed <= {"epochs"}


@pytest.mark.parametrize(("round_", "images"), [("early", 20_000), ("change", 60_000)])
def test_the_change_of_chapter_8_pairs_seeds_that_learn_from_the_same_images(round_, images):
    dense, twin = load_seeds(f"{round_}_dense"), load_seeds(f"{round_}_twin")
    assert len(dense) == 5
    for one, other in zip(dense, twin, strict=True):
        changed = {key for key in one.recipe if one.recipe[key] != other.recipe[key]}
        assert one.data == other.data and one.data["train"] == images
        assert changed == ({"lr"} if round_ == "early" else set())
    for run in (*dense, *twin):
        right = np.mean(np.array(run.answers) == garment_labels())
        assert right == pytest.approx(run.rows[-1]["test_accuracy"], abs=1e-9)


RATES = ("low", "middle", "high", "highest")


@pytest.mark.parametrize("name", ["dense", "twin"])
def test_the_rates_of_chapter_8_were_chosen_by_validation_images_and_differ_in_nothing_else(name):
    tries = [load_record(f"rate_{name}_{rate}") for rate in RATES]
    assert [run.recipe["lr"] for run in tries] == [0.05, 0.1, 0.2, 0.4]
    for run in tries:
        assert run.data == tries[0].data and run.data["validation"] == run.data["test"] == 5000
        assert run.recipe | {"lr": 0.1} == tries[1].recipe
    assert tries[0].model["build"] == load_seeds(f"change_{name}")[0].model["build"]


@pytest.mark.parametrize("name", ["switch_dropout", "switch_deep"])
def test_a_switch_of_chapter_8_is_all_that_differs(name):
    base, run = load_record("switch_base_0"), load_record(f"{name}_0")
    fields = vars(configured(base))
    changed = [key for key in fields if fields[key] != vars(configured(run))[key]]
    assert changed == [{"switch_dropout": "drop_rate", "switch_deep": "deep_supervision"}[name]]
    assert run.recipe == base.recipe and run.data == base.data
