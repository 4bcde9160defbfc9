"""A Sphinx extension: the table of DenseNets on the cheat sheet, counted when the book is built."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from family_facts import HEAD, family
from run_records import table
from sphinx.util.docutils import SphinxDirective


class FamilyTable(SphinxDirective):
    """Directive `family-table`: a row for each DenseNet of the package."""

    def run(self) -> list[nodes.Node]:
        rows = [[[nodes.Text(text)] for text in texts] for texts in (HEAD, *family())]
        return [table(rows)]


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_directive("family-table", FamilyTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
