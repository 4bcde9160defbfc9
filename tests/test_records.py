"""The recorded runs that the book shows."""

import pytest

from course import ROOT
from densenet_lesson import DENSENETS, arithmetic, records
from densenet_lesson.configs import change
from densenet_lesson.records import load_record, record_names


def test_the_records_are_those_that_stand_with_the_book():
    files = sorted(path.stem for path in (ROOT / "book" / "results").glob("*.json"))
    assert record_names() == files and files


@pytest.mark.parametrize("name", record_names())
def test_a_record_is_complete_and_says_where_it_comes_from(name):
    record = load_record(name)
    assert [row["epoch"] for row in record.rows] == list(range(1, record.recipe["epochs"] + 1))
    assert len(record.environment["commit"]) == 40  # of a clean work tree: no "+changes"
    config = change(DENSENETS[record.model["build"]], record.model["config"])
    assert record.model["parameters"] == arithmetic.parameters(config)


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
