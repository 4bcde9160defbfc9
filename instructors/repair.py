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
ASKED = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)
DEFINED = re.compile(
    r"^(?:(?:async )?def |class |(?=\w+(?: *:[^=\n]+)? *=[^=]))(\w+)", re.MULTILINE
)
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
        content = json.loads(data)  # UTF-8 or UTF-16, by its first bytes
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


def repair(
    handed_in: NotebookNode,
    source: NotebookNode,
    released: NotebookNode,
    notes: list[str] | None = None,
) -> NotebookNode:
    """Return the student's answers between the source's tests.

    A locked cell is taken from the source, edited or not; a deleted one comes back at its place; a
    deleted answer comes back as the release's empty one. Of cells that exist twice, the last
    counts. An answer in another cell is found by what it defines, or by the task before it. Tests
    that stand before their answer go behind it. Other cells stay as the student has them.

    Args:
        handed_in: what the student handed in, by `read_notebook`.
        source: with solutions and hidden tests, by `sets.for_nbgrader`.
        released: what students got.
        notes: remarks for the instructor are added here.
    """
    wanted, empty, notes = marked(source), marked(released), [] if notes is None else notes
    cells = copy.deepcopy(handed_in.cells)
    found, moved = _by_marks(cells, wanted), []
    for find in (_locked_by_text, _code_by_names, _written_by_task):
        moved += find(cells, empty, found)
    if moved:
        notes.append(f"LOOK: {', '.join(moved)} found by content: not in the cell made for it")
    taken = {id(cell): name for name, cell in found.items()}
    for place, cell in enumerate(cells):
        cell.metadata.pop("nbgrader", None)
        _harmless(cell)
        if name := taken.get(id(cell)):
            found[name] = cells[place] = _restored(cell, wanted[name], empty[name])
    _insert_missing(cells, wanted, empty, found)
    if late := _tests_behind_answers(cells, empty, found):
        notes.append(f"LOOK: {', '.join(late)} stood behind its tests: graded all the same")
    notebook = copy.deepcopy(source)
    notebook.cells = [_tidy(cell, taken) for taken in [set()] for cell in cells]
    return notebook


# ------------------------------------------------------------------------ which cell is which


def _by_marks(cells: list, wanted: dict) -> dict[str, NotebookNode]:
    """By nbgrader's name, or by the cell's id; of several the last."""
    by_id, found = {cell.get("id"): name for name, cell in wanted.items()}, {}
    for cell in cells:
        name = grade_id_of(cell)
        name = name if name in wanted else by_id.get(cell.get("id"))
        if name:
            found[name] = cell
    return found


def _free(cells: list, found: dict, kind: str) -> list[NotebookNode]:
    """The student's own cells of a kind: "code" or "markdown"."""
    taken = set(map(id, found.values()))
    own = [cell for cell in cells if id(cell) not in taken and not is_setup(cell)]
    return [cell for cell in own if cell.cell_type == kind and cell.source.strip()]


def _locked_by_text(cells: list, empty: dict, found: dict) -> list[str]:
    """Tasks and tests without a mark and id, as VS Code may leave them."""
    for name, cell in empty.items():
        if cell.metadata.nbgrader.locked and name not in found:
            text = words(cell.source)
            same = [c for c in _free(cells, found, cell.cell_type) if words(c.source) == text]
            found.update({name: same[-1]} if same else {})
    return []


def _code_by_names(cells: list, empty: dict, found: dict) -> list[str]:
    """Answers whose own cell is gone or untouched, by the names that a question asks for."""
    moved = []
    for name, cell in empty.items():
        own = found.get(name)
        if cell.metadata.nbgrader.locked or cell.cell_type != "code":
            continue
        if own is not None and own.source.strip() not in ("", cell.source.strip()):
            continue
        asked = defined(cell.source, only=ASKED)
        places = [c for c in _free(cells, found, "code") if asked & defined(c.source)]
        if places:
            found[name] = max(places, key=lambda c: len(asked & defined(c.source)))
            cells[:] = [c for c in cells if c is not own]  # the empty one would undo it
            moved.append(name)
    return moved


def _written_by_task(cells: list, empty: dict, found: dict) -> list[str]:
    """Written answers whose own cell is gone: the text behind the task."""
    moved = []
    for name, cell in empty.items():
        task = found.get(f"{name}_task")
        if cell.cell_type == "markdown" and name not in found and task is not None:
            after = cells[_index(cells, task) + 1 :][:1]
            if after and any(after[0] is own for own in _free(cells, found, "markdown")):
                found[name] = after[0]
                moved.append(name)
    return moved


def defined(source: str, only: re.Pattern | None = None) -> set[str]:
    """The names that a cell defines at its left margin."""
    return set((only or DEFINED).findall(source))


def _tests_behind_answers(cells: list, empty: dict, found: dict) -> list[str]:
    """Move tests behind the cell that defines what they ask for; return their questions."""
    late = []
    for name, cell in empty.items():
        tests = found.get(f"{name}_tests")
        if cell.cell_type != "code" or tests is None:
            continue
        place, behind = _index(cells, tests), 0
        for asked in defined(cell.source, only=ASKED):
            defining = [i for i, c in enumerate(cells) if asked in _defined_by(c)]
            if defining and defining[0] > place:
                behind = max(behind, defining[0])
        if behind:
            cells.insert(behind, cells.pop(place))
            late.append(name)
    return late


def _defined_by(cell: NotebookNode) -> set[str]:
    locked = cell.metadata.get("nbgrader", {}).get("locked")
    return defined(cell.source) if cell.cell_type == "code" and not locked else set()


def _index(cells: list, cell: NotebookNode) -> int:
    return next(i for i, one in enumerate(cells) if one is cell)


# ------------------------------------------------------------------------ what is in a cell


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
            place = _index(cells, found[before]) + 1 if before else 0
            cells.insert(place, found[name])
        before = name


def astray(notebook: NotebookNode, released: NotebookNode) -> dict[str, str]:
    """Written answers that may stand in the wrong cell: by grade_id, all text that was added.

    Looked for only where the right cell is as it was given out.

    Args:
        notebook: by `repair`.
        released: what students got.
    """
    given = {words(cell.source) for cell in released.cells} | {""}  # handed out with other links
    own = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    own = [cell.source for cell in own if not grade_id_of(cell)]
    text = "\n\n".join(source for source in own if words(source) not in given)
    answers, found = marked(notebook), {}
    for name, empty in marked(released).items():
        untouched = answers[name].source.strip() in ("", empty.source.strip())
        written = empty.cell_type == "markdown" and not empty.metadata.nbgrader.locked
        if written and untouched and text:
            found[name] = text
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
