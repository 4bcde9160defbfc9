"""Say why a test failed: what stopped the answer's own cell, and not the NameError that follows."""

from __future__ import annotations

import re
import sys

from nbformat import NotebookNode

from .sets import grade_id_of

OURS = ("Stopped", "NotRun", "Tampering")  # a test that fails so already says why
# What a student's machine may have, and the grader's has not.
LACKING = re.compile(r"ModuleNotFoundError|NVIDIA|CUDA")


def explain(notebook: NotebookNode, python: str = "") -> list[str]:
    """Put the causes into the outputs of the tests that failed; return what to look at.

    Args:
        notebook: executed; changed in place.
        python: the version that the student had, such as "3.13.1", as far as it is known.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notes = []
    for place, cell in enumerate(cells):
        error = error_of(cell)
        if not error or not cell.metadata.get("nbgrader", {}).get("grade"):
            continue
        question = grade_id_of(cell).removesuffix("_tests")
        cause = error.ename not in OURS and _cause(cells[:place], question, error)
        if cause:
            _tell(error, cause)
        if newer := error.ename == "SyntaxError" and _newer(python):
            error.evalue += newer
            error.traceback.append(newer.strip())
        said = f"{error.ename}: {error.evalue}"
        if newer or LACKING.search(said):
            notes.append(f"LOOK: {question} may be right on the student's machine: {said[:300]}")
    return notes


def error_of(cell: NotebookNode) -> NotebookNode | None:
    """What stopped a cell; None when it ran to its end."""
    return next((o for o in cell.get("outputs", []) if o.output_type == "error"), None)


def _cause(before: list[NotebookNode], question: str, error: NotebookNode) -> NotebookNode | None:
    """What stopped the answer's cell, or the cell in which the missing name stands."""
    own = next((cell for cell in before if grade_id_of(cell) == question), None)
    cause = own and error_of(own)
    missing = re.match(r"name '(\w+)' is not defined", (cause or error).evalue)
    if missing and (cause or error).ename == "NameError":
        for cell in before:
            named = re.search(rf"\b{missing[1]}\b", cell.source)
            if named and cell is not own and not grade_id_of(cell) and error_of(cell):
                return error_of(cell)
    return cause


def _tell(error: NotebookNode, cause: NotebookNode) -> None:
    then = f"{error.ename}: {error.evalue}"
    error.traceback = [
        "Your own cell stopped before the tests:",
        *cause.traceback,
        "",
        f"So: {then}",
    ]
    error.ename = cause.ename
    error.evalue = f"{cause.evalue} (so an own cell stopped; then, in the tests, {then})"


def _newer(python: str) -> str:
    """A remark when the notebook's Python is newer than ours; else nothing."""
    theirs = re.match(r"3\.(\d+)", python)
    if not theirs or int(theirs[1]) <= sys.version_info.minor:
        return ""
    ours = f"3.{sys.version_info.minor}"
    return f" (written for Python 3.{theirs[1]}, and graded with {ours})"
