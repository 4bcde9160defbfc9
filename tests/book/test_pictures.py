"""The built book's pictures and their colours: on dark pages, in grey, for every kind of eye.

What the palette itself has to fulfil is in tests/package/test_figures.py; here are the pictures as
the reader gets them, and the explorables, which take over the palette.
"""

import functools
import re
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

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
    drawn = re.sub(r"(?s)<style.*?</style>", "", svg)
    return {color.lower() for color in re.findall(r"(?:fill|stroke): ?(#[0-9a-fA-F]{6})", drawn)}


def is_grey(color: str) -> bool:
    return color[1:3] == color[3:5] == color[5:7]


every_picture = pytest.mark.parametrize("name", pictures() if HTML.exists() else [])


def test_there_are_pictures():
    assert len(pictures()) >= 30  # else the tests below would see nothing


@every_picture
def test_a_picture_brings_the_paper_of_a_light_and_of_a_dark_page(name):
    paper = re.search(r'<g id="patch_1">.*?</g>', pictures()[name], re.DOTALL)[0]
    assert "fill: #ffffff" in paper and "opacity" not in paper and "paper-fill" in paper
    assert dark()["paper-fill"] == DARK_PAPER


def dark() -> dict[str, str]:
    """The colours that a picture has on a dark page, by the classes of what has them."""
    svg = next(iter(pictures().values()))
    style = re.search(r"\(prefers-color-scheme: dark\)(.*?)</", svg, re.DOTALL)[1]
    return dict(re.findall(r"\.([\w-]+) \{\w+: (#\w+) !important\}", style))


WORDS = """() => [...document.querySelectorAll("svg")].flatMap(picture =>
  [...picture.querySelectorAll("[id^=text_] > g:not([id])")].map(word => {
    const {x, y, width, height} = word.getBoundingClientRect();
    const {fill} = getComputedStyle(word);
    return {name: picture.dataset.name, box: [x, y, width, height], fill};
  }))"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_of_every_picture_stands_out_from_what_is_behind_it(theme, browser):
    drawn = "".join(
        f'<svg data-name="{name}"{svg.partition("<svg")[2]}' for name, svg in pictures().items()
    )
    with browser.new_context(
        color_scheme=theme, viewport={"width": 2200, "height": 900}
    ) as context:
        page = context.new_page()
        page.set_content(f"<style>svg {{ vertical-align: top }}</style>{drawn}", timeout=120_000)
        words = page.evaluate(WORDS)
        seen = np.array(Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB"))
    assert len(words) > 500
    faint = [word for word in words if legibility(word, seen) < 4.5]
    assert faint == []


LINES = """() => [...document.querySelectorAll("svg")].flatMap(picture => {
  const lines = [], areas = [];
  for (const part of picture.querySelectorAll("path")) {
    if (part.closest("defs, [id^=text_]")) continue;
    const { fill, stroke, strokeOpacity } = getComputedStyle(part);
    if (fill !== "none") areas.push({ part, fill });
    else if (stroke !== "none" && strokeOpacity > 0.5 && part.getTotalLength() > 0)
      for (const share of [0.03, 0.25, 0.5, 0.75, 0.97]) {
        const at = part.getPointAtLength(share * part.getTotalLength());
        const behind = areas.findLast(area => area.part.isPointInFill(at));
        if (behind) lines.push([picture.dataset.name, stroke, behind.fill]);
      }
  }
  return lines;
})"""


def test_no_line_goes_under_in_a_grey_area_of_a_dark_page(browser):
    drawn = "".join(
        f'<svg data-name="{name}"{svg.partition("<svg")[2]}'
        for name, svg in pictures().items()
        if re.search(r'class="[^"]*plain-fill', svg)
    )
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.set_content(drawn, timeout=120_000)
        found = page.evaluate(LINES)
    lines = {(name, *map(channels, colours)) for name, *colours in found}
    on_grey = {each for each in lines if len({*each[2]}) == 1 and 0.1 < each[2][0] < 1}
    assert len(on_grey) > 10
    assert {name for name, line, area in on_grey if contrast(line, area) < 3} == set()


def channels(colour: str) -> tuple[float, ...]:
    return tuple(int(value) / 255 for value in re.findall(r"\d+", colour)[:3])


def legibility(word: dict[str, Any], seen: np.ndarray) -> float:
    """The contrast of a word with the colour that most of the edge around it has."""
    left, top, width, height = (round(value) for value in word["box"])
    box = seen[top - 1 : top + height + 2, left - 1 : left + width + 2]
    edge = np.concatenate([box[0], box[-1], box[:, 0], box[:, -1]])
    colours, counts = np.unique(edge, axis=0, return_counts=True)
    behind = colours[counts.argmax()] / 255
    return contrast(channels(word["fill"]), behind)


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


@pytest.mark.parametrize("color", sorted({*ROLES} - {drawing.PLAIN}))
def test_lines_stand_out_on_a_dark_page_too(color):
    line = drawing.LINES.get(color, color).lower()
    found = re.findall(
        rf'stroke: {line}[^>]*?(?: class="[^">]*?(\w+-stroke)")? ?/>', "".join(pictures().values())
    )
    for changed in set(found) or {""}:  # no picture has such a line yet: as it is
        assert contrast(dark().get(changed, line), DARK_PAPER) >= 3


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
