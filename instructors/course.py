"""nbgrader's side: its folders, its gradebook, and its three steps for one problem set."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from traitlets.config import Config

from .sets import ProblemSet, for_nbgrader

TEXT_STUB = "YOUR ANSWER HERE"

# A student's notebook may show HTML of its own. In the page it can neither run a script nor ask
# another site for anything.
CLOSED = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "font-src data:; style-src 'unsafe-inline'\">"
)


class TakeOutputs(NbGraderPreprocessor):
    """Stands where nbgrader executes a notebook: takes the outputs that the sandbox has sent.

    Everything around it is nbgrader's: it restores the tests, and reads the points from outputs.
    """

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        about = resources["nbgrader"]
        path = Path(self.parent.parent.coursedir.root) / "executed" / about["student"]
        executed = nbformat.read(path / f"{about['assignment']}.ipynb", as_version=4)
        for cell, ran in zip(nb.cells, executed.cells, strict=True):
            if cell.cell_type == "code" and cell.source != ran.source:
                raise RuntimeError(f"cell {cell.id} is not the one that was executed")
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
        return nb, resources


class Course:
    """A folder that nbgrader works in: source, release, submitted, autograded, feedback.

    Args:
        root: the folder; made when it doesn't exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        config = Config()
        config.CourseDirectory.root = str(self.root)
        config.CourseDirectory.db_url = self.db_url
        config.ClearSolutions.text_stub = TEXT_STUB
        steps = Autograde.autograde_preprocessors.default()
        steps = [step for step in steps if step.__name__ != "Execute"]
        config.Autograde.autograde_preprocessors = [TakeOutputs, *steps]
        steps = GenerateFeedback.preprocessors.default()
        config.GenerateFeedback.preprocessors = [steps[0], ClearHiddenTests, *steps[1:]]
        self.config = config
        self._make_gradebook()

    def _make_gradebook(self) -> None:
        """Make the gradebook if there is none; nbgrader starts the command `alembic` for that."""
        here = str(Path(sys.executable).parent)
        how = {"PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
        if sys.flags.utf8_mode:  # with LC_ALL=C, nbgrader writes UTF-8, and alembic reads ASCII
            how["LC_ALL"] = "C.UTF-8"
        try:
            with mock.patch.dict(os.environ, how), self.gradebook():  # restores all of it
                pass
        except subprocess.CalledProcessError as error:
            (self.root / "gradebook.db").unlink()  # half made
            text = f"nbgrader could not make a gradebook; the reason stands above. {error}"
            raise RuntimeError(text) from error

    @property
    def db_url(self) -> str:
        """Where nbgrader finds the gradebook."""
        return f"sqlite:///{self.root / 'gradebook.db'}"

    def _run(self, converter: type, name: str, student: str = "*") -> None:
        place = CourseDirectory(config=self.config)
        place.assignment_id, place.student_id = name, student
        step = converter(coursedir=place, config=self.config)
        step.force = True
        step.log, said = _quiet_log()
        try:
            with warnings.catch_warnings(action="ignore"):
                step.start()
        except NbGraderException as error:
            raise RuntimeError(f"nbgrader, {converter.__name__}: {''.join(said)}") from error

    def release(self, problem_set: ProblemSet) -> NotebookNode:
        """nbgrader's `generate_assignment`: what students get. The gradebook learns the tests."""
        name = problem_set.name
        source = self.root / "source" / name
        source.mkdir(parents=True, exist_ok=True)
        nbformat.write(for_nbgrader(problem_set), source / f"{name}.ipynb")
        self.config.ClearSolutions.code_stub = {"python": problem_set.stub}
        self._run(GenerateAssignment, name)
        return nbformat.read(self.root / "release" / name / f"{name}.ipynb", as_version=4)

    def autograde(self, name: str, student: str, executed: NotebookNode) -> None:
        """nbgrader's `autograde` of one student's executed notebook; fills the gradebook."""
        for kind in ("submitted", "executed"):
            folder = self.root / kind / student
            folder = folder / name if kind == "submitted" else folder
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(executed, folder / f"{name}.ipynb")
        self._run(Autograde, name, student)

    def feedback(self, name: str, student: str) -> str:
        """nbgrader's `generate_feedback`: one page, without hidden tests and outside requests."""
        self._run(GenerateFeedback, name, student)
        path = self.root / "feedback" / student / name / f"{name}.html"
        page = path.read_text(encoding="utf-8")
        page = re.sub(r"<script[^>]* src=.https?://.*?</script>", "", page, flags=re.DOTALL)
        return page.replace("<head>", f"<head>{CLOSED}", 1)

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The gradebook, open."""
        with warnings.catch_warnings(action="ignore"), Gradebook(self.db_url) as book:
            yield book

    def forget(self, name: str, student: str) -> None:
        """Take a submission out of the gradebook: it is to be graded anew, or is gone."""
        with self.gradebook() as book, contextlib.suppress(Exception):
            book.remove_submission(name, student)
        for kind in ("submitted", "autograded", "feedback"):
            shutil.rmtree(self.root / kind / student / name, ignore_errors=True)


def _quiet_log() -> tuple[logging.Logger, list[str]]:
    """A log that keeps what nbgrader complains about, and shows nothing."""
    said: list[str] = []
    log = logging.Logger("nbgrader", logging.ERROR)
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    log.addHandler(handler)
    return log, said
