"""A Sphinx extension: a link to the glossary carries the first sentence of the term's entry.

`book/_static/glossary_tips.js` shows it when you point at the link, tap it or move to it by
keyboard. Without scripts, the link still leads to the entry.
"""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes

GLOSSARY = "book/glossary"
LINK = re.compile(r'<a class="reference internal" href="([^"#]*glossary\.html)#([\w-]+)"')
SENTENCE = re.compile(r"^.*?[.!?](?=\s+[A-Z(]|$)", re.DOTALL)

# The TeX of the glossary as characters, since a tip is plain text.
CHARACTERS = {
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\theta": "θ",
    r"\times": "×",
    r"\cdot": "·",
    r"\le": "≤",
    r"\max": "max",
    r"\ ": " ",
    r"\,": " ",
    "_0": "₀",
    "_1": "₁",
    "^2": "²",
}


def as_characters(tex: str) -> str:
    """Write a short formula with plain characters.

    Raises:
        ValueError: if it holds a command that is not in `CHARACTERS`.
    """
    for command, character in sorted(CHARACTERS.items(), key=lambda pair: -len(pair[0])):
        tex = tex.replace(command, character)
    if re.search(r"[\\_^{}]", tex):
        raise ValueError(f"no plain characters for the formula {tex!r}: add them to CHARACTERS")
    return re.sub(r"\s+", " ", tex)


def first_sentence(paragraph: nodes.paragraph) -> str:
    """The first sentence of a paragraph, as plain text."""
    copy = paragraph.deepcopy()
    for formula in list(copy.findall(nodes.math)):
        formula.replace_self(nodes.Text(as_characters(formula.astext())))
    text = " ".join(copy.astext().split())
    return SENTENCE.match(text)[0]


def read_tips(env: Any) -> dict[str, tuple[str, str]]:
    """Every term of the glossary and the first sentence of its entry, by the entry's anchor."""
    tips = {}
    for entry in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        term, definition = entry
        sentence = first_sentence(next(definition.findall(nodes.paragraph)))
        tips[term["ids"][0]] = (term.astext(), sentence)
    return tips


def put_tips(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Put the tips into the links of a page; the arguments are those of html-page-context."""
    if "body" not in context or name == GLOSSARY:
        return
    if not hasattr(app.builder, "glossary_tips"):
        app.builder.glossary_tips = read_tips(app.env)
    tips = app.builder.glossary_tips

    def with_tip(link: re.Match) -> str:
        tip = html.escape(tips[link[2]][1])
        return f'<a class="reference internal term" data-tip="{tip}" href="{link[1]}#{link[2]}"'

    context["body"] = LINK.sub(with_tip, context["body"])


def changed(app: Any, env: Any, added: set, changed: set, removed: set) -> set[str]:
    """Write all pages anew when the glossary has changed: each holds some of it."""
    return set(env.found_docs) if GLOSSARY in added | changed else set()


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("env-get-outdated", changed)
    app.connect("html-page-context", put_tips)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
