"""A Sphinx extension: what helps a reader to find their way in a table.

A line parts the groups of a long table of results. Rows of one group begin alike: "densenet121:
timm", "densenet121: ours, plain". And where a table becomes a list on a phone (`class="stacked"`),
each cell says which column it is of: the styles take it from `data-label`.
"""

import itertools
import re
from typing import Any

TABLE = re.compile(r'<table class="results">.*?</table>', re.DOTALL)
ROW = re.compile(r'<tr>(?=<th scope="row">([^<:]+: ))')
STACKED = re.compile(r'<div class="[^"]*\bstacked\b.*?</table>', re.DOTALL)
HEAD = re.compile(r'<th class="head[^>]*><p>(.*?)</p></th>')


def part_groups(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Mark where groups begin; the arguments are those of html-page-context."""
    if "<table" in context.get("body", ""):
        body = TABLE.sub(lambda table: parted(table[0]), context["body"])
        context["body"] = STACKED.sub(lambda table: labelled(table[0]), body)


def parted(table: str) -> str:
    """A table whose groups of rows, but the first one, begin with a row of the class "group"."""
    starts = [row[1] for row in ROW.finditer(table)]
    if not starts or len(starts) < 2 * len(set(starts)):
        return table  # these are no groups
    before = iter([starts[0], *starts])

    def marked(row: re.Match) -> str:
        return row[0] if row[1] == next(before) else '<tr class="group">'

    return ROW.sub(marked, table)


def labelled(table: str) -> str:
    """A table whose cells name their columns."""
    heads = [re.sub("<.*?>", "", head) for head in HEAD.findall(table)]
    columns = itertools.cycle(heads)
    return re.sub("<td", lambda _: f'<td data-label="{next(columns)}"', table)


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", part_groups)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
