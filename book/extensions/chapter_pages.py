"""A Sphinx extension: a chapter's head, and a card for each of its exercises.

A notebook says these things in plain Markdown, so that they can be read there too. On its page,
number, minutes, what it builds on and the way to Colab stand together below the title; a title
like "Exercise 4.2 (arithmetic, 8 minutes, medium): a block" becomes a short one with three chips;
and all that solves an exercise, text and code, is behind one fold.
"""

import re
from typing import Any

from docutils import nodes

from exercises import TITLE

CHAPTER = re.compile(r"notebooks/(?:(?P<number>\d\d)|(?P<appendix>[a-z]\d))_")
HEAD = ("Time:", "Builds on:")  # what a paragraph of a chapter's head begins with
COLAB = "colab.research.google.com"
FOLD = re.compile(r"<details><summary>(.*?)</summary>|<details>\s*<summary>(.*?)</summary>", re.S)
OPEN = '<details class="solution"><summary>{}</summary>'


def arrange(app: Any, tree: nodes.document) -> None:
    """Change the page of a chapter, before its titles are collected for the lists of pages."""
    if not (page := CHAPTER.match(app.env.docname)):
        return
    head(tree, number(page))
    for caption in tree.findall(nodes.caption):
        caption["classes"].append("margin")  # the list of contents makes room for it
    for section in list(tree.findall(nodes.section)):
        if title := TITLE.match(f"### {section[0].astext()}"):
            make_card(section, title)


def number(page: re.Match) -> str:
    """What stands above a chapter's title: "Chapter 4" or "Appendix A1"."""
    return f"Chapter {int(page['number'])}" if page["number"] else f"Appendix {page[2].upper()}"


def head(tree: nodes.document, words: str) -> None:
    """Put the number above the title, and what else one wants to know first below it."""
    section = next(tree.findall(nodes.section))
    box = nodes.container(classes=["chapter-head"])
    for part in list(section):
        if isinstance(part, nodes.paragraph) and part.astext().startswith(HEAD):
            section.remove(part)
            box += part
    colab = next((part for part in section if leads_to_colab(part)), None)
    if colab is not None:
        section.remove(colab)
        box += colab
    section.insert(1, box)
    tree.insert(0, nodes.paragraph("", words, classes=["chapter-number"]))


def leads_to_colab(part: nodes.Node) -> bool:
    """Tell whether this is the line that says how the chapter gets to Colab."""
    links = part.findall(nodes.reference)
    return not isinstance(part, nodes.section) and any(
        COLAB in link.get("refuri", "") for link in links
    )


def make_card(section: nodes.section, title: re.Match) -> None:
    """Make an exercise a card: short title, chips, one fold."""
    section["classes"].append("exercise")
    old = section[0]
    old.replace_self(nodes.title("", *short(old, title)))
    chips = nodes.paragraph(classes=["chips"])
    for words in (title["kind"], title["time"], title["difficulty"]):
        chips += [nodes.inline("", words, classes=["chip"]), nodes.Text(" ")]
    section.insert(1, chips)
    fold(section)


def short(old: nodes.title, title: re.Match) -> list[nodes.Node]:
    """The parts of an exercise's title, without what the chips say."""
    first = old[0].astext()
    head, rest = first.partition(" (")[0], first.partition("): ")[2]
    return [nodes.Text(f"{head}: {rest}"), *old[1:]]


def fold(section: nodes.section) -> None:
    """Put all from an exercise's first folded part on behind one fold."""
    parts = section.children
    folded = (i for i, part in enumerate(parts) if is_bare_fold(part) or part.get("hide_mode"))
    start = next(folded, None)
    if start is None:
        return
    solution = [part for part in parts[start:] if not is_bare_fold(part)]
    named = FOLD.search(parts[start].astext())
    name = named[1] or named[2] if named else "Solution"
    for part in solution:
        part.attributes.pop("hide_mode", None)
    opening = nodes.raw("", OPEN.format(name), format="html")
    closing = nodes.raw("", "</details>", format="html")
    section[start:] = [opening, *solution, closing]


def is_bare_fold(part: nodes.Node) -> bool:
    """A tag that opens or closes a fold, and nothing else."""
    code = part.astext().strip() if isinstance(part, nodes.raw) else ""
    return code.startswith("<details") or code == "</details>"


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("doctree-read", arrange, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
