"""The built book's pictures and their colours: on dark pages, in grey, for every kind of eye.

What the palette itself has to fulfil is in tests/package/test_figures.py; here are the pictures as
the reader gets them, and the explorables, which take over the palette.
"""

import functools
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from browser import HTML
from colours import EYES, contrast, lab, linear
from course import ROOT, pages
from densenet_lesson.data.scenes import KINDS
from densenet_lesson.figures import drawing
from densenet_lesson.figures.masks import shades
from densenet_lesson.training import history

EXPLORABLES = ROOT / "book" / "_static" / "explorables.css"
PAPER, DARK_PAPER = "#ffffff", "#121212"  # of the page, in the two themes

ROLES = [drawing.INPUT, drawing.NEW, drawing.SUM, drawing.TRANSITION, drawing.PLAIN]
PALETTE = {color.lower() for color in [*ROLES, drawing.INK, *drawing.LINES.values()]}
PALETTE |= {*shades(len(KINDS) - 1)}  # chapter 13's classes of pixels
ADDING = {drawing.SUM.lower(), drawing.TRANSITION.lower()}  # alike in grey
CURVES = {style["color"].lower() for style in history.STYLES.values()}
MATPLOTLIB = {"#1f77b4", "#ff7f0e"}  # of two lines in a plot that a learner could have made


@functools.cache
def pictures() -> dict[str, str]:
    """The SVG pictures that stand on the book's pages."""
    found = {}
    for name in pages():
        text = (HTML / f"{name}.html").read_text(encoding="utf-8")
        for picture in re.findall(r'<img[^>]*\bsrc="[./]*_images/([^"]+\.svg)"', text):
            found[f"{Path(name).name}-{picture[:8]}"] = (HTML / "_images" / picture).read_text(
                encoding="utf-8"
            )
    return found


def colors(svg: str) -> set[str]:
    return {color.lower() for color in re.findall(r"(?:fill|stroke): ?(#[0-9a-fA-F]{6})", svg)}


def is_grey(color: str) -> bool:
    return color[1:3] == color[3:5] == color[5:7]


every_picture = pytest.mark.parametrize("name", pictures() if HTML.exists() else [])


def test_there_are_pictures():
    assert len(pictures()) >= 30  # else the tests below would see nothing


@every_picture
def test_a_picture_brings_its_own_white_paper_and_so_reads_on_a_dark_page(name):
    paper = re.search(r'<g id="patch_1">.*?</g>', pictures()[name], re.DOTALL)[0]
    assert "fill: #ffffff" in paper and "opacity" not in paper


@every_picture
def test_a_picture_has_the_book_s_colours_only(name):
    svg = pictures()[name]
    others = {color for color in colors(svg) if not is_grey(color)} - PALETTE
    assert others <= CURVES | MATPLOTLIB
    if others:  # colours without a meaning of their own: the lines are dashed differently, too
        assert "stroke-dasharray" in svg


@every_picture
def test_the_colours_of_a_picture_differ_in_grey_or_something_else_differs(name):
    svg = pictures()[name]
    for one, other in combinations(sorted(colors(svg) - {"#000000", "#a87400"}), 2):
        if is_grey(one) and is_grey(other) or {one, other} <= CURVES | MATPLOTLIB:
            continue  # shades of a map, or curves, which differ in their dashes
        if {one, other} == ADDING and "<dc:title>The parts of " in svg:
            continue  # a twin's stage map, whose boxes say what they are
        hatched = {drawing.TRANSITION.lower()} & {one, other} and "<pattern" in svg
        assert hatched or abs(lab(linear(one))[0] - lab(linear(other))[0]) > 9, (one, other)


def dimmed(color: str) -> list[float]:
    """A colour as course.css shows it in a picture on a dark page."""
    css = (ROOT / "book" / "_static" / "course.css").read_text(encoding="utf-8")
    factor = float(re.search(r'dark"\] [^{]*img \{\s*filter: brightness\(([\d.]+)\)', css)[1])
    return [factor * int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]


@pytest.mark.parametrize("color", ROLES)
def test_letters_and_lines_stand_out_on_a_dark_page_too(color):
    letters = {"white": "#ffffff"}.get(drawing.text_color(color), drawing.INK)
    assert contrast(dimmed(letters), dimmed(color)) >= 4.5
    if color != drawing.PLAIN:
        line = drawing.LINES.get(color, color)
        assert contrast(dimmed(line), dimmed(PAPER)) >= 3 - 0.1


# ------------------------------------------------------------------------ explorables


def variables(theme: str) -> dict[str, str]:
    """The colours of the explorables in a theme: their names and values."""
    css = EXPLORABLES.read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--explorable-([\w-]+): (#\w+);", block))
        for block in re.findall(r"\.explorable \{(.*?)\}", css, re.DOTALL)[:2]
    )
    return light if theme == "light" else light | dark


@pytest.mark.parametrize(("theme", "paper"), [("light", PAPER), ("dark", DARK_PAPER)])
def test_lines_of_an_explorable_stand_out_in_both_themes(theme, paper):
    colours = variables(theme)
    assert len(colours) >= 7
    for name in ("input-line", "new-line"):
        assert contrast(colours[name], paper) >= 3 - 0.05
    for name in ("input", "new", "sum", "transition", "plain"):
        edge = colours["ink"]  # around every area
        assert max(contrast(colours[name], paper), contrast(edge, paper)) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("eye", ["trichromat", *EYES])
def test_every_eye_tells_the_two_kinds_of_lines_apart(eye, theme):
    seen = np.array(EYES.get(eye, np.eye(3)))
    first, second = (variables(theme)[name] for name in ("input-line", "new-line"))
    assert np.linalg.norm(lab(seen @ linear(first)) - lab(seen @ linear(second))) > 15
