"""A Sphinx extension: beside a chapter's text stand the words and papers that it mentions.

Where there is a right margin, the first mention of a term has the first sentence of its entry in
the glossary beside it, and the first mention of a paper has its authors and title. On narrower
windows the term's tip says the same, and the paper's link leads to it (see `pages.css`).
"""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from glossary_tips import GLOSSARY
from pybtex.database import Entry, parse_file
from pybtex.richtext import Text

NOTE = '<div class="margin note-beside" role="note">{}</div>\n'
Tip = tuple[str, str]  # a term, and the first sentence of its entry
PAGE = f"{GLOSSARY.rpartition('/')[2]}.html"


def put_notes(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Put notes before a chapter's paragraphs; the arguments are those of html-page-context."""
    if app.builder.name != "html" or not name.startswith("notebooks/"):
        return
    lines = context["body"].split("\n")
    found = notes(context["body"], app.builder.glossary_tips, papers(app.srcdir))
    for paragraph, note in reversed(found):
        row, column = paragraph.sourceline - 1, paragraph.sourcepos
        lines[row] = f"{lines[row][:column]}{NOTE.format(note)}{lines[row][column:]}"
    context["body"] = "\n".join(lines)


def notes(body: str, tips: dict[str, Tip], papers: dict[str, str]) -> list[tuple[Tag, str]]:
    """What is to stand beside a page's paragraphs: pairs of a paragraph and a note, in order.

    A paragraph in a box, a list or an exercise has none: it has no margin of its own.
    """
    found: dict[str, Tag] = {}
    for link in BeautifulSoup(body, "html.parser").find_all("a", href=True):
        paragraph = link.find_parent("p")
        note = note_on(link, tips, papers)
        if note and paragraph and has_margin(paragraph):
            found.setdefault(note, paragraph)
    return [(paragraph, note) for note, paragraph in found.items()]


def note_on(link: Tag, tips: dict[str, Tip], papers: dict[str, str]) -> str | None:
    """The note on what a link leads to, in HTML; None if that is no term and no known paper."""
    page, _, anchor = link["href"].rpartition("/")[2].partition("#")
    if page == PAGE and anchor in tips:
        term, sentence = map(html.escape, tips[anchor])
        return f"<b>{term}</b> {sentence}"
    return papers.get(page.lower())


def has_margin(paragraph: Tag) -> bool:
    """Tell whether a paragraph stands in the text itself."""
    section = paragraph.parent
    return section.name == "section" and "exercise" not in section.get("class", [])


@cache
def papers(root: str) -> dict[str, str]:
    """The notes on the papers of the bibliography, in HTML, by what their addresses end with."""
    found = {}
    for entry in parse_file(Path(root) / "book" / "references.bib").entries.values():
        for place in (entry.fields.get(name) for name in ("eprint", "doi")):
            if place:
                found[place.rpartition("/")[2].lower()] = described(entry)
    return found


def described(paper: Entry) -> str:
    """A paper as "Ioffe and Szegedy, 2015: <i>Batch Normalization</i>", in HTML."""
    last = [" ".join(each.prelast_names + each.last_names) for each in paper.persons["author"]]
    names = " and ".join(last) if len(last) < 3 else f"{last[0]} et al."
    who, title = (
        html.escape(str(Text.from_latex(text))) for text in (names, paper.fields["title"])
    )
    return f"{who}, {paper.fields['year']}: <i>{title}</i>"


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", put_notes, priority=501)  # behind the links' tips
    return {"parallel_read_safe": True, "parallel_write_safe": True}
