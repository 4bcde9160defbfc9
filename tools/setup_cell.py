"""The first code cell of a notebook: it installs the course where it is missing."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .address import Address

# ------------------------------------------------------------------- of the repository's notebooks

INSTALLS = """\
# Set-up: nothing to do on your own machine. On Colab it installs the course and d2l.
import os
import subprocess
import sys

if "COLAB_RELEASE_TAG" in os.environ:
{course}
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    pip += [course, "{d2l}"]
    installed = subprocess.run(pip, capture_output=True, text=True)
    if installed.returncode != 0:
        raise RuntimeError(f"Set-up could not install {{course}}:\\n{{installed.stderr}}")"""

PUBLISHED = """\
    course = "{package}"
    course = os.environ.get("DENSENET_LESSON_SOURCE", course)"""

# Then no name of an account may stand here: whoever registers it would run code at every reader's.
UNPUBLISHED = """\
    course = os.environ.get("DENSENET_LESSON_SOURCE")
    if not course:
        raise RuntimeError(
            "This file doesn't bring the course along.\\n"
            "{advice}"
        )"""

CHAPTER = "On its page in the book, a line near the top offers one that does."
PROBLEM_SET = "It is a source: `make release` makes one that does."

# In the book, a reader sees one line instead of the set-up cell, and may unfold it.
FOLDED = {"tags": ["hide-input"], "mystnb": {"code_prompt_show": "Show the set-up cell"}}


def d2l_of(root: Path) -> str:
    """d2l and its version, by constraints.txt: "d2l==1.0.3"."""
    constraints = (root / "constraints.txt").read_text(encoding="utf-8")
    return re.search(r"^d2l==\S+", constraints, re.MULTILINE)[0]


def installing(address: Address | None, d2l: str, advice: str = CHAPTER) -> str:
    """The code that installs the course from where it is published.

    Args:
        address: see `address.read`. None: it says what to do instead, by `advice`.
        d2l: by `d2l_of`.
        advice: `CHAPTER` or `PROBLEM_SET`.
    """
    known = PUBLISHED.format(package=address.package) if address else None
    return INSTALLS.format(course=known or UNPUBLISHED.format(advice=advice), d2l=d2l)


# ------------------------------------------------------------------- of notebooks that travel alone

TITLE = '# @title Set-up: run this cell once, and read on {display-mode: "form"}'

# Quiet on a machine that has the course. The wheel needs no network, and brings no other package.
CARRIES = '''\
{title}
# It installs the course's package from the text below, unless it is here already.
import base64
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile

WHEEL = "{name}"
CONTENT = """
{content}
"""

if "COLAB_RELEASE_TAG" in os.environ or importlib.util.find_spec("densenet_lesson") is None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, WHEEL)
        with open(path, "wb") as file:
            file.write(base64.b64decode(CONTENT))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        pip += ["--force-reinstall", path]
        installed = subprocess.run(pip, capture_output=True, text=True)
    if installed.returncode != 0:
        raise RuntimeError(f"Set-up could not install {{WHEEL}}:\\n{{installed.stderr}}")
    importlib.invalidate_caches()
'''

D2L = """\
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "{d2l}"]
    installed = subprocess.run(pip, capture_output=True, text=True)
    if installed.returncode != 0:
        raise RuntimeError(f"Set-up could not install d2l:\\n{{installed.stderr}}")
"""

OUT_OF_SIGHT = {
    "cellView": "form",
    "jupyter": {"source_hidden": True},
    "tags": ["setup", "hide-input"],
}


def carry_wheel(notebook: NotebookNode, wheel: tuple[str, bytes], d2l: str = "") -> None:
    """Put the wheel into a notebook's set-up cell.

    Args:
        notebook: changed in place; its set-up cell has the id or the tag "setup".
        wheel: by `single_file.build_wheel`.
        d2l: by `d2l_of`, for a notebook that imports d2l; it comes from the network.

    Raises:
        ValueError: the notebook has no set-up cell.
    """
    cell = setup_cell(notebook)
    name, data = wheel
    content = base64.encodebytes(data).decode().strip()
    cell.source = CARRIES.format(title=TITLE, name=name, content=content)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    if d2l and re.search(r"^\s*(import|from) d2l\b", code, re.MULTILINE):
        cell.source += D2L.format(d2l=d2l)
    cell.metadata.update(nbformat.from_dict(OUT_OF_SIGHT))
    cell.metadata.pop("mystnb", None)


def is_setup(cell: NotebookNode) -> bool:
    """Is this the cell that installs the course?"""
    return cell.cell_type == "code" and "setup" in (cell.get("id"), *cell.metadata.get("tags", []))


def setup_cell(notebook: NotebookNode) -> NotebookNode:
    """The set-up cell; ValueError when there is none."""
    for cell in notebook.cells:
        if is_setup(cell):
            return cell
    raise ValueError('the notebook has no set-up cell: a code cell with the id or tag "setup"')
