"""A chapter as one file that runs on Colab, wherever the course is published.

It brings the package along. Neither PyTorch nor nbgrader is needed to make it: `make book` can.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .links import settle_links
from .setup_cell import carry_wheel, d2l_of

RESULTS = "book/results"
ALONE = "This file runs on Colab as it is: its first code cell brings the course's package along."

# By setuptools itself, which takes a third of the time that pip takes to ask it.
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def chapter(path: Path, root: Path) -> NotebookNode:
    """Read a chapter's notebook, and let it travel alone.

    Raises:
        RuntimeError: the wheel could not be built.
    """
    notebook = nbformat.read(path, as_version=4)
    name = path.stem if records_of(root, path.stem) else ""  # those without records share a wheel
    carry_wheel(notebook, build_wheel(root, name), d2l_of(root))
    settle_links(notebook, "notebooks")
    for cell in notebook.cells:
        if cell.id == "colab-link":
            cell.source = ALONE
    return notebook


@cache
def build_wheel(root: Path, chapter: str = "", leave: tuple[str, ...] = ()) -> tuple[str, bytes]:
    """Build the package's wheel from a repository's files; return its name and its content.

    Args:
        root: the repository.
        chapter: such as "07_training", to take along the recorded runs that this chapter shows.
        leave: names of the package's modules and folders to do without.

    Raises:
        RuntimeError: setuptools could not; says what it said.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        folder, sources = Path(scratch), Path(scratch) / "source"
        ignore = shutil.ignore_patterns("__pycache__", *leave)
        shutil.copytree(root / "densenet_lesson", sources / "densenet_lesson", ignore=ignore)
        for named in (RESULTS, "densenet_lesson/figures"):  # by pyproject.toml, also when left out
            (sources / named).mkdir(parents=True, exist_ok=True)
        own = records_of(root, chapter)
        for name in ("pyproject.toml", "LICENSE", *own):
            (sources / name).parent.mkdir(exist_ok=True)
            shutil.copy(root / name, sources / name)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1577836800"}  # the same bytes each time
        build = [sys.executable, "-c", BUILD, scratch]
        options = {"cwd": sources, "env": environment, "capture_output": True, "text": True}
        done = subprocess.run(build, **options)
        if done.returncode != 0:
            raise RuntimeError(f"the package's wheel could not be built:\n{done.stderr}")
        wheel = next(folder.glob("*.whl"))
        return wheel.name, wheel.read_bytes()


def records_of(root: Path, chapter: str) -> list[str]:
    """The files of the recorded runs that a chapter shows, of their weights, images and bands."""
    bands = tomllib.loads((root / RESULTS / "bands.toml").read_text("utf-8"))
    shown = [name for name, band in bands.items() if chapter in band["chapters"]]
    kinds = (".json", "_[0-9].json", ".f16", "_[0-9].f16", ".npz")
    wanted = [name + kind for name in shown for kind in kinds]
    found = {path for name in wanted for path in (root / RESULTS).rglob(name)}
    files = sorted(path.relative_to(root).as_posix() for path in found)
    return [*files, f"{RESULTS}/bands.toml"] if files else []
