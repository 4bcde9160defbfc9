"""The first code cell of a released notebook: it installs the course where it is missing."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from densenet_lesson.records import without_seed

from .sets import is_setup

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

FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["setup", "hide-input"]}


RESULTS = "book/results"


@cache
def build_wheel(root: Path, chapter: str = "") -> tuple[str, bytes]:
    """Build the package's wheel from a repository's files; return its name and its content.

    Args:
        root: the repository.
        chapter: such as "07_training", to take along the recorded runs that this chapter shows.

    Raises:
        RuntimeError: pip could not; says what pip said.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-") as scratch:
        folder, sources = Path(scratch), Path(scratch) / "source"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / "densenet_lesson", sources / "densenet_lesson", ignore=ignore)
        (sources / RESULTS).mkdir(parents=True)  # pyproject.toml names it: empty without records
        own = records_of(root, chapter)
        for name in ("pyproject.toml", "LICENSE", *own):
            (sources / name).parent.mkdir(exist_ok=True)
            shutil.copy(root / name, sources / name)
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        pip += ["--no-build-isolation", "--wheel-dir", scratch, str(sources)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1577836800"}  # the same bytes each time
        done = subprocess.run(pip, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            raise RuntimeError(f"the package's wheel could not be built:\n{done.stderr}")
        wheel = next(folder.glob("*.whl"))
        return wheel.name, wheel.read_bytes()


def records_of(root: Path, chapter: str) -> list[str]:
    """The files of the recorded runs that a chapter shows, and of their bands."""
    bands = tomllib.loads((root / RESULTS / "bands.toml").read_text("utf-8"))
    shown = {name for name, band in bands.items() if chapter in band["chapters"]}
    files = [
        path.relative_to(root).as_posix()
        for path in sorted((root / RESULTS).rglob("*.json"))
        if {path.stem, without_seed(path.stem)} & shown
    ]
    return [*files, f"{RESULTS}/bands.toml"] if files else []


def carry_wheel(notebook: NotebookNode, wheel: tuple[str, bytes], d2l: str = "") -> None:
    """Put the wheel into a notebook's set-up cell.

    Args:
        notebook: changed in place; its set-up cell has the id or the tag "setup".
        wheel: by `build_wheel`.
        d2l: "d2l==version", for a notebook that imports d2l; it comes from the network.

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
    cell.metadata.update(nbformat.from_dict(FOLDED))
    cell.metadata.pop("mystnb", None)


def from_repository(notebook: NotebookNode, root: Path) -> None:
    """Let a notebook's set-up cell install from the address in `_config.yml`."""
    repository = configured(root)
    address = f"git+{repository['url']}@{repository['branch']}"
    cell = setup_cell(notebook)
    cell.source = re.sub(r"git\+https://[^\s\"']+", address, cell.source)


def published(root: Path) -> str:
    """Where the repository's files can be read, by `_config.yml`."""
    repository = configured(root)
    return f"{repository['url']}/blob/{repository['branch']}"


def configured(root: Path) -> dict[str, str]:
    """The repository's "url" and "branch", by `_config.yml`."""
    return yaml.safe_load((root / "_config.yml").read_text("utf-8"))["repository"]


def setup_cell(notebook: NotebookNode) -> NotebookNode:
    """The set-up cell; ValueError when there is none."""
    for cell in notebook.cells:
        if is_setup(cell):
            return cell
    raise ValueError('the notebook has no set-up cell: a code cell with the id or tag "setup"')
