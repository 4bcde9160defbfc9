"""A Sphinx extension: the glossary is a list of definitions.

In Markdown each term is a heading, so that any editor can list and link them. They stay anchors and
stand in the page's list of contents; the page itself has `<dl>`, `<dt>` and `<dd>`, and the search
doesn't take a term for the title of a part of the book, ahead of the chapter that teaches it.
"""

from typing import Any

from docutils import nodes
from sphinx import addnodes

GLOSSARY = "book/glossary"


def make_list(app: Any, tree: nodes.document) -> None:
    """Turn the sections of the glossary into a list, once the list of contents is collected."""
    if app.env.docname != GLOSSARY:
        return
    page = next(tree.findall(nodes.section))
    entries = [part for part in page if isinstance(part, nodes.section)]
    found = nodes.definition_list(classes=["glossary"])
    for entry in entries:
        page.remove(entry)
        title = next(entry.findall(nodes.title))
        term = nodes.term("", "", *title.children, ids=entry["ids"])
        rest = [part for part in entry if part is not title]
        found += nodes.definition_list_item("", term, nodes.definition("", *rest))
    page += addnodes.glossary("", found)


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("doctree-read", make_list, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
