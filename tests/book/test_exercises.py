"""The index of exercises: it is made of the chapters' own titles, and its links lead there."""

import re
from functools import cache

import nbformat
import pytest
from bs4 import BeautifulSoup

import exercises
from course import ROOT, all_notebooks, chapters

PAGE = ROOT / "_build" / "html" / "book" / "exercises.html"


def links():
    page = BeautifulSoup(PAGE.read_text(encoding="utf-8"), "html.parser").find("main")
    return [link for row in page.select("tbody tr") for link in row.select("a")]


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_has_all_kinds_numbered_in_order(chapter):
    found = exercises.exercises(ROOT / "notebooks" / f"{chapter}.ipynb")
    number = int(chapter[:2])
    assert [e.number for e in found] == [f"{number}.{i + 1}" for i in range(len(found))]
    assert {e.kind for e in found} == set(exercises.KINDS)


def test_the_page_lists_every_exercise_with_its_minutes_and_difficulty():
    listed = [link.get_text() for link in links()]
    all_of_them = [
        f"{e.number} {e.title}"
        for chapter in all_notebooks()
        for e in exercises.exercises(ROOT / "notebooks" / f"{chapter}.ipynb")
    ]
    printed = [" ".join(text.replace("’", "'").split()) for text in listed]  # Sphinx's quotes
    assert printed == [title.replace("`", "") for title in all_of_them]


@cache
def text_of(target):
    return (PAGE.parent / target).resolve().read_text(encoding="utf-8")


def test_every_link_leads_to_the_exercise_itself():
    for link in links():
        target, _, anchor = link["href"].partition("#")
        place = text_of(target).partition(f' id="{anchor}"')[2]
        heading = re.search("<h[23].*?</h[23]>", place, re.DOTALL)[0]
        title = BeautifulSoup(heading, "html.parser").get_text()
        assert title.startswith(f"Exercise {link.get_text().split()[0]}: ")


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("Exercise 1.1: forgotten", "must be like 'Exercise"),
        ("Exercise 1.1 (recall, 5 minutes): no difficulty", "must be like 'Exercise"),
        ("Exercise 1.1 (guess, 5 minutes, easy): what", "'guess' must be one of"),
        ("Exercise 1.1 (recall, 5 minutes, nice): what", "'nice' must be one of"),
    ],
)
def test_a_title_that_says_too_little_is_an_error(tmp_path, title, message):
    cell = nbformat.v4.new_markdown_cell(f"### {title}\n\nText.")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "01_a.ipynb")
    with pytest.raises(ValueError, match=message):
        exercises.exercises(tmp_path / "01_a.ipynb")
