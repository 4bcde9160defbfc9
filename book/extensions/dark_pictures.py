"""A Sphinx extension: a chapter's drawings have the paper and the ink of a dark page, too.

A notebook stores each drawing once, as matplotlib draws it: on white paper. In the book, the same
file brings its dark colours along: a picture in a page knows whether that page is dark. Paper
becomes the page's, and letters and lines on paper become light. A colour that means something
stays, and so does what is written on it; photographs and feature maps stay as they are. The grey of
boxes and bars becomes a dark one, on which light letters and lines are seen as they are on paper:
unless the drawing has pictures or grids of numbers, whose greys have to be compared.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
PATH = f"{{{SVG}}}path"
NAMES = {  # of colours that have another one on dark paper
    "#ffffff": "paper",
    "#1a1a1a": "ink",
    "#000000": "ink",
    "#0072b2": "blue",
    "#a87400": "orange",
    **dict.fromkeys(("#cccccc", "#b0b0b0", "#dcdcdc"), "grid"),
}
DARK = {  # paper is the page's, blue and orange are the explorables' lines
    "paper": "#121212",
    "ink": "#e6e6e6",
    "blue": "#56a9db",
    "orange": "#e69f00",
    "grid": "#505050",
    "plain": "#666666",
}
PLAIN = "#dcdcdc"  # of the package's drawings: a grid's lines, or a box that is nothing special
RULES = "".join(
    f".{name}-{part} {{{part}: {colour} !important}}\n"
    for name, colour in DARK.items()
    for part in ("fill", "stroke")
    if (name, part) not in {("grid", "fill"), ("plain", "stroke")}
)
STYLE = f"@media screen and (prefers-color-scheme: dark) {{\n{RULES}}}"
GRID = "QuadMesh"  # of numbers: matplotlib's name for its squares
NUMBER = r"-?[\d.]+(?:e-?\d+)?"
TEXT_AT = re.compile(rf"translate\(({NUMBER}) ({NUMBER})\)(?: rotate\(({NUMBER})\))?")

Point = tuple[float, float]


class Sheet:
    """What has been drawn so far, to tell what lies below a point: paper, or a coloured area.

    Paper is what becomes dark; grey areas are paper, too, where they do.
    """

    def __init__(self, has_shades: bool = False) -> None:
        self.areas: list[tuple[list[Point], bool]] = []  # corners, and whether it is paper
        self.papers = {"#ffffff"} if has_shades else {"#ffffff", PLAIN}

    def is_paper(self, point: Point) -> bool:
        return next((paper for area, paper in reversed(self.areas) if inside(point, area)), True)


def inside(point: Point, corners: list[Point]) -> bool:
    """Tell whether a point lies in a polygon: a ray from it crosses an odd number of sides."""
    x, y = point
    crossed = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            crossed = not crossed
    return crossed


def with_dark_colours(svg: str) -> str:
    """A drawing of matplotlib's with the colours that it has on a dark page."""
    root = ET.fromstring(svg)
    colour(root, Sheet(has_shades="<image" in svg or GRID in svg))
    definitions = root.find(f"{{{SVG}}}defs")
    ET.SubElement(definitions, f"{{{SVG}}}style").text = STYLE
    return ET.tostring(root, encoding="unicode")


def colour(group: ET.Element, sheet: Sheet) -> None:
    """Name the colours of all that is drawn in a group, in the order in which it is drawn."""
    for part in group:
        kind = part.tag.rpartition("}")[2]
        if kind == "g" and part.get("transform"):
            colour_text(part, sheet)
        elif part.get("id", "").startswith(GRID):
            sheet.areas += [(points(square.get("d")), False) for square in part.iter(PATH)]
        elif kind in ("g", "defs"):
            colour(part, sheet)
        elif kind == "use" or kind == "path" and part.get("id"):
            name(part, read_style(part))  # a marker, or its shape
        elif kind == "path":
            colour_path(part, sheet)
        elif kind == "image":
            sheet.areas.append((image_corners(part), False))


def colour_text(text: ET.Element, sheet: Sheet) -> None:
    """Name the colour of letters on paper; white ones stand on something dark."""
    style = {"fill": "#000000"} | read_style(text)
    if style["fill"] != "#ffffff" and sheet.is_paper(text_place(text.get("transform"))):
        name(text, style)


def colour_path(path: ET.Element, sheet: Sheet) -> None:
    """Name the colours of a line or an area on paper, and note the area."""
    style, corners = {"fill": "#000000"} | read_style(path), points(path.get("d", ""))
    if style["fill"] == "none":
        if any(sheet.is_paper(point) for point in halfway(corners)):
            name(path, style)
        return
    on_paper, is_head = sheet.is_paper(middle(corners)), len(set(corners)) == 3  # of an arrow
    kept = {} if on_paper else {"stroke": ""}
    if style["fill"] != "#ffffff" and not (on_paper and is_head):
        kept["fill"] = ""
    name(path, style | kept)
    if style["fill"] == PLAIN and PLAIN in sheet.papers:
        path.set("class", f"{path.get('class', '')} plain-fill".strip())
    if float(style.get("opacity", 1)) * float(style.get("fill-opacity", 1)) >= 0.5:
        sheet.areas.append((corners, style["fill"] in sheet.papers))


def name(part: ET.Element, style: dict[str, str]) -> None:
    """Give an element the classes for those of its colours that change."""
    names = {each: NAMES.get(style.get(each, "").lower()) for each in ("fill", "stroke")}
    classes = [f"{value}-{each}" for each, value in names.items() if value]
    if classes:
        part.set("class", " ".join(classes))


def read_style(part: ET.Element) -> dict[str, str]:
    """What an element's style says, by property."""
    pairs = (each.split(":") for each in part.get("style", "").split(";") if each.strip())
    return {key.strip(): value.strip() for key, value in pairs}


def points(path: str) -> list[Point]:
    """The points of a path, those that only bend it included."""
    numbers = [float(number) for number in re.findall(NUMBER, path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def middle(corners: list[Point]) -> Point:
    """The point in the middle between the outermost ones."""
    columns, rows = zip(*corners, strict=True)
    return (min(columns) + max(columns)) / 2, (min(rows) + max(rows)) / 2


def halfway(corners: list[Point]) -> list[Point]:
    """The points of a line halfway between its corners; those may lie on the edge of an area."""
    return [middle([one, other]) for one, other in zip(corners, corners[1:], strict=False)]


def text_place(transform: str) -> Point:
    """A point in the first letter of a text."""
    x, y, angle = TEXT_AT.match(transform).groups()
    right, up = (3, 3) if not angle or float(angle) == 0 else (-3, 3)  # -90: letters go up
    return float(x) + right, float(y) - up


def image_corners(image: ET.Element) -> list[Point]:
    """The corners of an image: stored upside down, or scaled by a matrix."""
    x, y, width, height = (float(image.get(each, 0)) for each in ("x", "y", "width", "height"))
    words, *numbers = re.findall(rf"[a-z]+|{NUMBER}", image.get("transform", ""))
    if words == "matrix":
        across, _, _, down, right, below = map(float, numbers)
        x, y, width, height = right + across * x, below + down * y, across * width, down * height
    else:  # scale(1 -1) translate(0 -HEIGHT)
        y = -(y + float(numbers[-1])) - height
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def write(app: Any, error: Exception | None) -> None:
    """Go through the drawings of the finished pages."""
    if error or app.builder.name != "html":
        return
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", LINK)
    for path in (Path(app.outdir) / "_images").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        if 'id="figure_1"' in text and STYLE.splitlines()[0] not in text:
            path.write_text(with_dark_colours(text), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
