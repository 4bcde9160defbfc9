"""Links of a notebook that travels alone: what stood beside it in the repository is not there."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from nbformat import NotebookNode

# [text](target), but no picture, no web address and no place on the same page
BESIDE = re.compile(r"(?<!!)\[([^\[\]]+)\]\((?!\w+:|#)([^()\s]+)\)")
LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\([^()\s]+\)")


def settle_links(notebook: NotebookNode, folder: str | Path, address: str | None = None) -> None:
    """Make links to other files of the repository absolute, or mere words.

    Args:
        notebook: changed in place.
        folder: where the notebook stands in the repository, such as "notebooks/assignments".
        address: where the repository's files are published, such as
            "https://github.com/owner/name/blob/main"; without one, the words of a link stay, and
            its target goes.
    """

    def settle(link: re.Match) -> str:
        if address is None:
            return link[1]
        return f"[{link[1]}]({address}/{posixpath.normpath(posixpath.join(folder, link[2]))})"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = BESIDE.sub(settle, cell.source)


def words(text: str) -> str:
    """A text as it is compared: its words, wherever its lines end and its links lead."""
    return " ".join(LINK.sub(r"\1", text).split())
