"""Tables of results: HTML in a notebook and in the book, aligned text everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """A table with a head; the first column names what the others say something about.

    Args:
        head: the names of the columns.
        rows: what stands in each row, as it is to be read: one text for each column.

    Raises:
        ValueError: if a row has more or fewer texts than the head.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.head):
                raise ValueError(f"rows must have {len(self.head)} texts each, as head; got {row}")

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        first, *widths = (max(map(len, column)) for column in zip(*lines, strict=True))
        return "\n".join(
            name.ljust(first) + "".join(f"  {t:>{w}}" for t, w in zip(rest, widths, strict=True))
            for name, *rest in lines
        )

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in self.head)
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td>{escape(text)}</td>" for text in rest)
            + "</tr>"
            for name, *rest in self.rows
        )
        return f'<table class="results"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
