"""The problem sets' sources: one notebook each, in the form that nbgrader reads."""

from __future__ import annotations

import copy
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

FOLDER = Path("notebooks/assignments")


@dataclass(frozen=True)
class Question:
    """A graded question: its name, its points, and whether tests or people grade it."""

    name: str
    grade_id: str
    points: float
    written: bool


@dataclass(frozen=True)
class ProblemSet:
    """A source notebook with solutions, hidden tests and rubrics.

    Args:
        name: the file's name without its suffix, such as "ps1_channel_arithmetic".
        notebook: all of it.
        stub: what students get in place of a solution.
    """

    name: str
    notebook: NotebookNode
    stub: str = "# YOUR CODE HERE\nraise NotImplementedError()"

    @property
    def title(self) -> str:
        """The first line, such as "Problem set 1: Channel arithmetic"."""
        return self.notebook.cells[0].source.partition("\n")[0].lstrip("# ").strip()

    @property
    def version(self) -> str:
        """Changes whenever the notebook does."""
        text = nbformat.writes(self.notebook, version=4)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def questions(self) -> list[Question]:
        """The graded questions in their order."""
        found = []
        for cell in self.notebook.cells:
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("grade"):
                name = mark.grade_id.removesuffix("_tests")
                found.append(Question(name, mark.grade_id, float(mark.points), mark.solution))
        return found

    @property
    def points(self) -> float:
        """What the whole set is worth."""
        return sum(question.points for question in self.questions)

    def cell(self, grade_id: str) -> NotebookNode:
        """The source's cell with a grade_id."""
        return marked(self.notebook)[grade_id]

    def rubric(self, grade_id: str) -> str:
        """The text of the rubric that follows a written answer."""
        cells = self.notebook.cells
        place = next(i for i, cell in enumerate(cells) if grade_id_of(cell) == grade_id)
        return next((cell.source for cell in cells[place:] if is_rubric(cell)), "")


def read_sets(folder: Path, only: str | None = None) -> dict[str, ProblemSet]:
    """Read all sources in a folder, by name.

    Args:
        folder: with one `.ipynb` for each set.
        only: the name of one set, to read no other.

    Raises:
        ValueError: there is none, or none of this name; says what there is.
    """
    paths = {path.stem: path for path in sorted(Path(folder).glob("*.ipynb"))}
    if not paths:
        raise ValueError(f"sources={str(folder)!r} holds no notebook")
    if only and only not in paths:
        raise ValueError(f"set={only!r} must be one of {', '.join(paths)}")
    names = [only] if only else list(paths)
    return {name: ProblemSet(name, nbformat.read(paths[name], as_version=4)) for name in names}


def grade_id_of(cell: NotebookNode) -> str | None:
    """nbgrader's name of a cell; None for a cell that nbgrader doesn't care about."""
    mark = cell.metadata.get("nbgrader")
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name if isinstance(name, str) else None


def marked(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that nbgrader cares about, by grade_id."""
    return {grade_id_of(cell): cell for cell in notebook.cells if grade_id_of(cell)}


def is_rubric(cell: NotebookNode) -> bool:
    """Is this a cell for instructors only?"""
    return "rubric" in cell.metadata.get("tags", [])


def for_nbgrader(problem_set: ProblemSet) -> NotebookNode:
    """The source without rubrics, and with the set's name in its metadata.

    The name is how `grade` recognises a notebook, whatever its file is called by then.
    """
    notebook = copy.deepcopy(problem_set.notebook)
    notebook.cells = [cell for cell in notebook.cells if not is_rubric(cell)]
    names = {"problem_set": problem_set.name, "version": problem_set.version}
    notebook.metadata["densenet_lesson"] = names
    return notebook


def set_of(notebook: NotebookNode, sets: dict[str, ProblemSet]) -> str | None:
    """Which set a handed-in notebook is: by its metadata, or else by its title."""
    name = notebook.metadata.get("densenet_lesson", {}).get("problem_set")
    if name in sets:
        return name
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"][:3]
    titles = {re.sub(r"^#+\s*", "", text.partition("\n")[0]).strip() for text in texts}
    return next((name for name, one in sets.items() if one.title in titles), None)
