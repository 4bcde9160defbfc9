"""A Sphinx extension: the map of the chapters on the front page, drawn from the chapters.

Titles and order are those of the table of contents. Minutes and what a chapter builds on are read
from the box at its top. A new chapter needs no line here. Appendices are to look things up in, and
not on the map.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROW = 100  # units of the drawing; the page stretches it to the height of the list
STEP = 22


@dataclass(frozen=True)
class Chapter:
    """A chapter: its page, title, minutes of reading and running, and the pages it builds on."""

    page: str
    title: str
    minutes: int
    builds_on: tuple[str, ...]

    @property
    def number(self) -> str:
        return self.title.partition(".")[0]


def chapters(root: Path) -> list[Chapter]:
    """The chapters in reading order.

    Args:
        root: the repository's folder.

    Raises:
        ValueError: if a chapter does not say its minutes, or what it builds on.
    """
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    listed = [entry for part in contents["parts"] for entry in part["chapters"]]
    listed = [entry for entry in listed if re.match(r"notebooks/\d", entry.get("file", ""))]
    found: list[Chapter] = []
    for entry in listed:
        page = entry["file"]
        top = opening(root / f"{page}.ipynb")
        minutes, basis = re.search(r"(\d+) minutes", top), re.search(r"Builds on.*", top, re.S)
        if not minutes or not basis:
            raise ValueError(f"{page} must open with **Time:** N minutes and **Builds on:**")
        links = {f"notebooks/{name}" for name in re.findall(r"\((\w+)\.ipynb\)", basis[0])}
        earlier = tuple(chapter.page for chapter in found if chapter.page in links)
        found.append(Chapter(page, entry["title"], int(minutes[1]), earlier))
    return found


def opening(path: Path) -> str:
    """The box at the top of a chapter, in Markdown."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ("".join(cell["source"]) for cell in cells)
    return next((source for source in sources if 'class="objectives"' in source), "")


def ways(listed: list[Chapter]) -> list[tuple[int, int]]:
    """Which chapters a line joins: each with those it builds on, but not by a detour as well.

    If chapter 5 builds on 3 and 4, and 4 on 3, then the lines 3 to 4 and 4 to 5 say it all.

    Returns:
        Pairs of places in the list, the earlier one first.
    """
    places = {chapter.page: i for i, chapter in enumerate(listed)}
    before: list[set[int]] = []  # all that a chapter needs, also by way of others
    lines = []
    for i, chapter in enumerate(listed):
        direct = {places[page] for page in chapter.builds_on}
        by_others = set().union(*(before[j] for j in direct))
        lines += [(j, i) for j in sorted(direct - by_others)]
        before.append(direct | by_others)
    return lines


def drawing(listed: list[Chapter]) -> str:
    """The lines between the chapters, as SVG, to stand left of the list; the words are in the list.

    A line to the next chapter is straight. Others bend to the left, the farther the more.
    """
    lines = ways(listed)
    width = STEP * (1 + min(max((j - i for i, j in lines), default=1), 5))
    paths = []
    for i, j in lines:
        start, end = ROW * i + ROW // 2, ROW * j + ROW // 2
        bend = width - (0 if j == i + 1 else STEP * (1 + min(j - i, 5)))
        paths.append(f'<path d="M{width} {start}C{bend} {start} {bend} {end} {width} {end}"/>')
    said = [f"{c.number} on {numbers(c, listed)}" for c in listed if c.builds_on]
    label = f"Lines lead from chapter to chapter, as they build on each other: {'; '.join(said)}."
    size = f'viewBox="0 0 {width} {ROW * len(listed)}" preserveAspectRatio="none"'
    style = f'style="--rows: {len(listed)}"'
    return f'<svg role="img" aria-label="{label}" {size} {style}>{"".join(paths)}</svg>'


def numbers(chapter: Chapter, listed: list[Chapter]) -> str:
    """The numbers of the chapters that one builds on; three or more in a row as "1–3"."""
    places = [i for i, other in enumerate(listed) if other.page in chapter.builds_on]
    words: list[str] = []
    while places:
        run = 1
        while run < len(places) and places[run] == places[0] + run:
            run += 1
        run = run if run > 2 else 1
        ends = dict.fromkeys((listed[places[0]].number, listed[places[run - 1]].number))
        words.append("–".join(ends))
        places = places[run:]
    return ", ".join(words)


class ChapterMap(SphinxDirective):
    """Directive `chapter-map`: the chapters in order, with minutes and what they build on."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        listed = chapters(root)
        for chapter in listed:
            self.env.note_dependency(str(root / f"{chapter.page}.ipynb"))
        self.env.note_dependency(str(root / "_toc.yml"))
        self.env.note_dependency(__file__)
        rows = nodes.bullet_list(classes=["chapter-rows"])
        for chapter in listed:
            rows += nodes.list_item("", nodes.paragraph("", "", *self.row(chapter, listed)))
        whole = nodes.container(classes=["chapter-map"])
        whole += [nodes.raw("", drawing(listed), format="html"), rows]
        return [whole]

    def row(self, chapter: Chapter, listed: list[Chapter]) -> list[nodes.Node]:
        """One chapter: its title as a link; what it builds on; its minutes."""
        link = addnodes.pending_xref(
            "",
            nodes.inline("", chapter.title),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{chapter.page}",
            refexplicit=True,
            refdoc=self.env.docname,
        )
        basis = f"builds on {numbers(chapter, listed)}" if chapter.builds_on else "start here"
        return [
            link,
            nodes.Text(" "),
            nodes.inline("", basis, classes=["basis"]),
            nodes.Text(" "),
            nodes.inline("", f"{chapter.minutes} min", classes=["minutes"]),
        ]


class Sum(SphinxRole):
    """Role `chapters`: how many chapters there are, or how many hours they take."""

    def run(self) -> tuple[list[nodes.Node], list]:
        listed = chapters(Path(self.env.srcdir))
        hours = sum(chapter.minutes for chapter in listed) / 60
        said = {"number": str(len(listed)), "hours": f"{hours:.0f}"}
        return [nodes.Text(said[self.text])], []


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_directive("chapter-map", ChapterMap)
    app.add_role("chapters", Sum())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
