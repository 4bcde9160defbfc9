"""A Sphinx extension: where a table becomes a list on a phone (`class="stacked"`), each cell says
which column it is of. The styles take it from `data-label`.
"""

import itertools
import re
from typing import Any

STACKED = re.compile(r'<div class="[^"]*\bstacked\b.*?</table>', re.DOTALL)
HEAD = re.compile(r'<th class="head[^>]*><p>(.*?)</p></th>')


def label_cells(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Name the columns in the cells; the arguments are those of html-page-context."""
    if "<table" in context.get("body", ""):
        context["body"] = STACKED.sub(lambda table: labelled(table[0]), context["body"])


def labelled(table: str) -> str:
    """A table whose cells name their columns."""
    heads = [re.sub("<.*?>", "", head) for head in HEAD.findall(table)]
    columns = itertools.cycle(heads)
    return re.sub("<td", lambda _: f'<td data-label="{next(columns)}"', table)


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", label_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
