"""The explorables, as far as no browser is needed: what they are made from, and what stands there
without them. tests/book/test_browser.py drives them.
"""

import re
from pathlib import Path

import pytest

import presets
from course import ROOT, chapters, notebook
from densenet_lesson.figures import drawing

STATIC = ROOT / "book" / "_static"
PLACES = {
    "00_at_work": "microscope",
    "03_concatenation": "addition",
    "04_growth_rate": "block",
    "06_densenet": "planner",
}
COLOURS = {
    "input": drawing.INPUT,
    "new": drawing.NEW,
    "sum": drawing.SUM,
    "transition": drawing.TRANSITION,
    "plain": drawing.PLAIN,
    "ink": drawing.INK,
    "new-line": drawing.LINES[drawing.NEW],
}


@pytest.mark.parametrize("name", presets.SCRIPTS)
def test_what_scripts_take_from_python_is_up_to_date(name):
    stored = (STATIC / name).read_text(encoding="utf-8")
    assert stored == presets.SCRIPTS[name](), f"{name} is out of date: run `make presets`"


def test_a_colour_means_the_same_as_in_the_drawings():
    css = (STATIC / "explorables.css").read_text(encoding="utf-8")
    for name, colour in COLOURS.items():
        assert re.search(rf"--explorable-{name}: ([^;]+);", css)[1] == colour.lower()


@pytest.mark.parametrize(
    "path", sorted(filter(Path.is_file, STATIC.rglob("*"))), ids=lambda path: path.name
)
def test_the_built_book_has_the_present_scripts_and_styles(path):
    built = ROOT / "_build" / "html" / "_static" / path.relative_to(STATIC)
    assert built.exists() and built.read_bytes() == path.read_bytes(), "run `make book`"


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_a_script_works_from_a_folder_without_network(path):
    code = path.read_text(encoding="utf-8")
    assert not re.search(
        r"^\s*(import|export)\b|\bfetch\(|XMLHttpRequest|importScripts", code, re.M
    )
    addresses = set(re.findall(r"https?://[^\s\"'`]+", code))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, which nothing loads


@pytest.mark.parametrize("chapter", chapters())
def test_an_explorable_has_words_that_stand_there_without_scripts(chapter):
    cells = [cell for cell in notebook(chapter).cells if "data-explorable" in cell.source]
    names = [re.search(r'data-explorable="(\w+)"', cell.source)[1] for cell in cells]
    assert names == [name for place, name in PLACES.items() if place == chapter]
    for cell, name in zip(cells, names, strict=True):
        assert cell.cell_type == "markdown" and cell.id == f"explore-{name}"
        opening, *words, closing = cell.source.strip().splitlines()
        assert opening.startswith('<div class="explorable"') and closing == "</div>"
        assert "JavaScript" in cell.source and "picture" in cell.source
        assert words[0] == words[-1] == ""  # so that Markdown inside is read as Markdown
