"""Bring a handed-in notebook back into the source's form: only the answers are the student's."""

from __future__ import annotations

import copy
import json
import re
import uuid
from typing import Any

import nbformat
from nbformat import NotebookNode, from_dict

from tools.links import words
from tools.setup_cell import is_setup

from .entry import in_unicode
from .sets import grade_id_of, marked

INSTALLED = "# Set-up: when a notebook is graded, the course is already installed."
# Words that mean something to nbgrader, in whatever cell they stand.
MARKERS = re.compile(r"(?:BEGIN|END) (?:HIDDEN TESTS|SOLUTION|MARK SCHEME)")
DEFINED = re.compile(r"^(def|class) (\w+)", re.MULTILINE)
KEPT = ("kernelspec", "language_info", "densenet_lesson")  # of a notebook's metadata
IDENTITY = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # what nbformat takes as a cell's id


class Unreadable(ValueError):
    """A file that is no notebook; says why, in words for the student."""


def read_notebook(data: bytes) -> NotebookNode:
    """Read a handed-in file.

    Raises:
        Unreadable: it is empty, not JSON, or not a notebook.
    """
    if not data.strip():
        raise Unreadable("the file is empty")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("the file is not a notebook: it is not JSON") from error
    if not isinstance(content, dict) or "nbformat" not in content:
        raise Unreadable("the file is not a notebook: it is JSON, but without nbformat")
    try:
        notebook = nbformat.reads(json.dumps(in_unicode(_with_ids(content))), as_version=4)
        notebook.metadata = _known(notebook.metadata, KEPT)
        notebook.cells = [_regular(cell) for cell in notebook.cells]
    except Exception as error:
        raise Unreadable(f"the notebook is damaged: {type(error).__name__}") from error
    if not notebook.get("cells"):
        raise Unreadable("the notebook has no cells")
    return notebook


def _with_ids(content: dict) -> dict:
    """Colab keeps a cell's id in its metadata; put it back. Make what is malformed regular."""
    cells, taken = content.get("cells"), set()
    for cell in reversed(cells) if isinstance(cells, list) else []:
        metadata = cell.get("metadata")
        cell["metadata"] = metadata = metadata if isinstance(metadata, dict) else {}
        identity = cell.get("id") or metadata.get("id")
        usable = isinstance(identity, str) and IDENTITY.fullmatch(identity)
        usable = usable and identity not in taken
        cell["id"] = identity if usable else uuid.uuid4().hex[:8]
        taken.add(cell["id"])
        cell["source"] = cell.get("source") or ""
    return content


def _known(metadata: dict, names: tuple[str, ...]) -> NotebookNode:
    """Of a notebook's metadata those dictionaries that we read, with the texts in them."""
    found = {name: metadata[name] for name in names if isinstance(metadata.get(name), dict)}
    texts = {
        name: {key: text for key, text in inner.items() if isinstance(text, str)}
        for name, inner in found.items()
    }
    return from_dict(texts)


def _regular(cell: NotebookNode) -> NotebookNode:
    """A cell with the parts that we read, and nothing else; a malformed one is a ValueError."""
    if cell.cell_type not in ("code", "markdown", "raw") or not isinstance(cell.source, str):
        raise ValueError("a cell without type or text")
    tags, name = cell.metadata.get("tags"), grade_id_of(cell)
    texts = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    metadata = {"tags": texts} if texts else {}
    metadata |= {"nbgrader": {"grade_id": name}} if name else {}
    parts = {"cell_type": cell.cell_type, "id": cell.id, "metadata": metadata}
    if cell.cell_type == "markdown":
        parts["attachments"] = _pictures(cell.get("attachments"))
    return from_dict({**parts, "source": cell.source})


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """The attachments of a cell that are well formed: by file name, kind and content."""
    found = attachments if isinstance(attachments, dict) else {}
    pictures = {name: content for name, content in found.items() if isinstance(content, dict)}
    return {
        name: content
        for name, content in pictures.items()
        if content and all(isinstance(text, str) for text in content.values())
    }


def repair(handed_in: NotebookNode, source: NotebookNode, released: NotebookNode) -> NotebookNode:
    """Return the student's answers between the source's tests.

    A locked cell is taken from the source, edited or not; a deleted one comes back at its place; a
    deleted answer comes back as the release's empty one. Of cells that exist twice, the last
    counts. Other cells stay as the student has them.

    Args:
        handed_in: what the student handed in, by `read_notebook`.
        source: with solutions and hidden tests, by `sets.for_nbgrader`.
        released: what students got.
    """
    wanted, empty = marked(source), marked(released)
    by_id = {cell.get("id"): name for name, cell in wanted.items()}
    found: dict[str, NotebookNode] = {}
    cells = []
    for cell in reversed(handed_in.cells):
        name = grade_id_of(cell)
        name = name if name in wanted else by_id.get(cell.get("id"))
        cell.metadata.pop("nbgrader", None)
        _harmless(cell)
        if name and name not in found:
            found[name] = cell = _restored(cell, wanted[name], empty[name])
        cells.insert(0, cell)
    _insert_missing(cells, wanted, empty, found)
    notebook = copy.deepcopy(source)
    notebook.cells = [_tidy(cell, taken) for taken in [set()] for cell in cells]
    return notebook


def _restored(cell: NotebookNode, wanted: NotebookNode, empty: NotebookNode) -> NotebookNode:
    """The student's answer under the source's marks; all of the source's cell when it is locked."""
    restored = copy.deepcopy(wanted)
    restored.metadata = copy.deepcopy(empty.metadata)
    if not wanted.metadata.nbgrader.locked:
        restored.source = cell.source
        if restored.cell_type == "markdown" and "attachments" in cell:
            restored.attachments = cell.attachments
    return restored


def _insert_missing(cells: list, wanted: dict, empty: dict, found: dict) -> None:
    """Put deleted cells back, each behind the one that it follows in the source."""
    before = None
    for name, cell in wanted.items():
        if name not in found:
            answer = empty[name] if not cell.metadata.nbgrader.locked else cell
            found[name] = _restored(answer, cell, empty[name])
            place = cells.index(found[before]) + 1 if before else 0
            cells.insert(place, found[name])
        before = name


def astray(notebook: NotebookNode, released: NotebookNode) -> dict[str, str]:
    """Answers that may stand in the wrong cell: by grade_id, the text of that cell, or of several.

    Looked for only where the right cell is as it was given out. Then any text that the student has
    added may be the answer to a written question, and a cell that defines one of the names that a
    question asks for may be the answer to that.

    Args:
        notebook: by `repair`.
        released: what students got.
    """
    given = {words(cell.source) for cell in released.cells} | {""}  # handed out with other links
    own = [cell for cell in notebook.cells if not grade_id_of(cell) and not is_setup(cell)]
    own = [cell for cell in own if words(cell.source) not in given]
    texts = [cell.source for cell in own if cell.cell_type == "markdown"]
    answers, found = marked(notebook), {}
    for name, empty in marked(released).items():
        answer = answers[name].source.strip()
        if empty.metadata.nbgrader.locked or answer not in ("", empty.source.strip()):
            continue
        if empty.cell_type == "code":
            asked = set(DEFINED.findall(empty.source))
            places = [cell.source for cell in own if asked & set(DEFINED.findall(cell.source))]
        else:
            places = texts
        if places:
            found[name] = "\n\n".join(places)
    return found


def _tidy(cell: NotebookNode, taken: set[str]) -> NotebookNode:
    """A cell without outputs, with an id of its own, and with nothing to install."""
    if is_setup(cell):
        cell.source = INSTALLED
    if cell.id in taken:
        cell.id = uuid.uuid4().hex[:8]
    taken.add(cell.id)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    return cell


def _harmless(cell: NotebookNode) -> None:
    """Take from a student's cell what would stop nbgrader: its markers, lost attachments."""
    cell.source = MARKERS.sub(lambda marker: marker[0].lower(), cell.source)
    names = cell.get("attachments", {})

    def link(found: re.Match) -> str:
        kept = any(name.startswith(found[1]) for name in names)  # a name may go on, as p(1).png
        return found[0] if kept else f"lost-attachment-{found[1]}"

    if cell.cell_type == "markdown":
        cell.source = re.sub(r"attachment:([^\s)\"'>]+)", link, cell.source)
