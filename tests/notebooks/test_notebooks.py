"""Every chapter, run alone in a fresh kernel: each prints exactly what it stores."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course import ROOT, all_notebooks

TESTS = ROOT / "tests"

# Without git, these are copied; with git, all files that are not ignored.
PARTS = ["_config.yml", "pyproject.toml", "README.md", "book", "densenet_lesson", "notebooks"]

# Of this machine's environment, a notebook gets what the processor needs and nothing else.
KEPT = ("PATH", "SYSTEMROOT", "LANG", "OPENBLAS_", "OMP_", "MKL_", "LD_LIBRARY_PATH")


def project_files() -> list[Path]:
    if (ROOT / ".git").exists():
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        files = [ROOT / name for name in names.split("\0") if name]
    else:
        found = [[ROOT / part, *(ROOT / part).rglob("*")] for part in PARTS]
        files = [path for paths in found for path in paths if "__pycache__" not in path.parts]
    return [path for path in files if path.is_file()]


@pytest.fixture
def copy(tmp_path):
    """A copy of the repository, new for each test."""
    for path in project_files():
        target = tmp_path / "course" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return tmp_path / "course"


@pytest.fixture(scope="session")
def fonts(tmp_path_factory):
    """A folder with Matplotlib's list of fonts, which it announces on stderr when it makes it."""
    folder = tmp_path_factory.mktemp("matplotlib")
    environment = {**os.environ, "MPLCONFIGDIR": str(folder)}
    make = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(make, env=environment, check=True)
    return folder


@pytest.fixture
def lonely(copy, fonts):
    """An environment with the copy's package, an empty home, no data sets and no network."""
    home = copy.parent / "home"
    home.mkdir()
    return {
        **{name: value for name, value in os.environ.items() if name.startswith(KEPT)},
        "HOME": str(home),
        "USERPROFILE": str(home),
        "DENSENET_LESSON_DATA": str(home / "data"),
        "MPLCONFIGDIR": str(fonts),
        "PYTHONPATH": os.pathsep.join(map(str, [TESTS / "offline", TESTS, copy])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TQDM_DISABLE": "1",
    }


def validate(path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """Run a notebook and compare its outputs with the stored ones, by nbval."""
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "--color=no"]
    options += ["-p", "nbval.plugin", "-p", "nbval_without_pictures", "-p", "no:cacheprovider"]
    environment = {**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the others take seconds
    nbval = [sys.executable, "-m", "pytest", *options, path.name]
    return subprocess.run(nbval, cwd=path.parent, env=environment, capture_output=True, text=True)


@pytest.mark.first
@pytest.mark.parametrize("chapter", all_notebooks())
def test_a_chapter_prints_what_it_stores(chapter, copy, lonely):
    result = validate(copy / "notebooks" / f"{chapter}.ipynb", lonely)
    assert result.returncode == 0, f"nbval about {chapter}:\n{result.stdout}\n{result.stderr}"


def test_a_wrong_number_in_a_stored_output_is_noticed(copy, lonely):
    path = copy / "notebooks" / "03_concatenation.ipynb"
    notebook = nbformat.read(path, as_version=4)
    changed = [i for i, cell in enumerate(notebook.cells) if change(cell, "23", "24")][:1]
    assert changed, "chapter 3 stores no 23"
    notebook.cells = notebook.cells[: changed[0] + 1]
    nbformat.write(notebook, path)

    result = validate(path, lonely)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 failed" in result.stdout and "Cell outputs differ" in result.stdout


def change(cell: nbformat.NotebookNode, old: str, new: str) -> bool:
    """Replace text in a cell's stored outputs; True when there was something to replace."""
    texts = [(output, "text") for output in cell.get("outputs", []) if "text" in output]
    texts += [
        (output.data, "text/plain")
        for output in cell.get("outputs", [])
        if "text/plain" in output.get("data", {})
    ]
    found = [(holder, key) for holder, key in texts if old in holder[key]]
    for holder, key in found:
        holder[key] = holder[key].replace(old, new)
    return bool(found)


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("import urllib.request as r; r.urlopen('http://densenet.example')", "no network"),
        ("import socket; socket.create_connection(('192.0.2.1', 80))", "no network"),
        ("open('/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz')", "no data sets"),
    ],
)
def test_a_lonely_notebook_reaches_neither_network_nor_data(code, complaint, lonely):
    python = [sys.executable, "-c", code]
    result = subprocess.run(python, env=lonely, capture_output=True, text=True)
    assert result.returncode == 1 and complaint in result.stderr, result.stderr
