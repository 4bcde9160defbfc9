"""A Sphinx extension: the index as a page of the book, the glossary's terms included."""

from typing import Any

from docutils import nodes
from package_source import PACKAGE
from sphinx import addnodes
from sphinx.environment.adapters.indexentries import IndexEntries
from sphinx.transforms import SphinxTransform

INDEX = "book/names"
GLOSSARY = "book/glossary"


class TermsInIndex(SphinxTransform):
    """Put every heading of the glossary into the index, with its letter."""

    default_priority = 420  # once headings have their anchors, before the index is collected

    def apply(self, **kwargs: Any) -> None:
        if self.env.docname != GLOSSARY:
            return
        for section in self.document.findall(nodes.section):
            if isinstance(section.parent, nodes.section):
                entry = ("single", section[0].astext(), section["ids"][0], "", None)
                section.insert(1, addnodes.index(entries=[entry]))


def fill_index(
    app: Any, name: str, template: str, context: dict[str, Any], tree: Any
) -> str | None:
    """Give the index page Sphinx' own template of an index; the arguments: html-page-context."""
    if name != INDEX:
        return None
    entries = shortened(IndexEntries(app.env).create_index(app.builder))
    counts = [sum(1 + len(subitems) for _, (_, subitems, _) in group) for _, group in entries]
    context |= {"genindexentries": entries, "genindexcounts": counts, "split_index": False}
    return "genindex.html"


def shortened(entries: list) -> list:
    """Leave out the modules, which have a page of their own, and the package's name.

    Sphinx gives addresses as seen from the top of the book; the page is one folder further down.
    """
    groups = []
    for letter, names in entries:
        kept = [
            (short(name), (moved(links), [(short(sub), moved(to)) for sub, to in subitems], key))
            for name, (links, subitems, key) in names
            if name != "module" and not name.startswith(PACKAGE)
        ]
        groups += [(letter, kept)] if kept else []
    return groups


def short(name: str) -> str:
    """An entry without the package's name: "DenseBlock (class in blocks)"."""
    return name.replace(f"{PACKAGE}.", "")


def moved(links: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Links of an entry, as seen from the page."""
    return [(main, f"../{address}") for main, address in links]


def always(app: Any, env: Any, *_: Any) -> list[str]:
    """Write the index anew each time: any page may have changed it."""
    return [INDEX] if INDEX in env.found_docs else []


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_transform(TermsInIndex)
    app.connect("html-page-context", fill_index)
    app.connect("env-get-outdated", always)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
