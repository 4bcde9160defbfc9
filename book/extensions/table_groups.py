"""A Sphinx extension: a line parts the groups of a long table of results.

Rows of one group begin alike: "densenet121: timm", "densenet121: ours, plain".
"""

import re
from typing import Any

TABLE = re.compile(r'<table class="results">.*?</table>', re.DOTALL)
ROW = re.compile(r'<tr>(?=<th scope="row">([^<:]+: ))')


def part_groups(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Mark where groups begin; the arguments are those of html-page-context."""
    if "<table" in context.get("body", ""):
        context["body"] = TABLE.sub(lambda table: parted(table[0]), context["body"])


def parted(table: str) -> str:
    """A table whose groups of rows, but the first one, begin with a row of the class "group"."""
    starts = [row[1] for row in ROW.finditer(table)]
    if not starts or len(starts) < 2 * len(set(starts)):
        return table  # these are no groups
    before = iter([starts[0], *starts])

    def marked(row: re.Match) -> str:
        return row[0] if row[1] == next(before) else '<tr class="group">'

    return ROW.sub(marked, table)


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", part_groups)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
