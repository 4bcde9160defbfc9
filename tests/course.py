"""What several tests need to know about the course: where it is, its chapters, its notebooks."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[1]


def read_yaml(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def pages() -> list[str]:
    """The book's pages in reading order, as _toc.yml names them: without their suffix."""
    contents = read_yaml("_toc.yml")
    return [contents["root"]] + [
        chapter["file"] for part in contents["parts"] for chapter in part["chapters"]
    ]


def all_notebooks() -> list[str]:
    """The notebooks of the chapters and of the appendices, in reading order."""
    return [Path(page).name for page in pages() if page.startswith("notebooks/")]


def chapters() -> list[str]:
    """The chapters' notebooks in reading order, such as "03_concatenation"."""
    return [name for name in all_notebooks() if name[0].isdigit()]


def appendices() -> list[str]:
    """The appendices' notebooks, such as "a1_museum": to look things up in."""
    return [name for name in all_notebooks() if not name[0].isdigit()]


@cache
def notebook(chapter: str) -> nbformat.NotebookNode:
    """A chapter's notebook, read once for all tests: they only look at it."""
    return nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)


def code_cells(chapter: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook(chapter).cells if cell.cell_type == "code"]


# What leads to a repository of this course: whatever Colab opens, whatever pip installs, and any
# repository at all in the files that speak of the course itself. Chapters cite other projects.
OPENED = r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)"
INSTALLED = r"git\+(?:https|ssh)://(?:git@)?([\w.-]+/[\w.-]+/[\w.-]+)"
NAMED = r"(?:github\.com|github\.io|gitlab\.com|bitbucket\.org|codeberg\.org)/([\w.-]+/[\w.-]+)"
PLACEHOLDERS = {"OWNER/NAME", "YOUR-NAME/YOUR-COPY"}
OUR_NAME = "from-resnet-to-densenet"


def led_to(text: str, of_the_course: bool) -> set[str]:
    """The repositories, as "owner/name", that a text leads to as if they were this course's."""
    found = set(re.findall(OPENED, text))
    found |= {place.partition("/")[2] for place in re.findall(INSTALLED, text)}
    named = {name.removesuffix(".") for name in re.findall(NAMED, text)}
    found |= {name for name in named if of_the_course or OUR_NAME in name}
    return {name.removesuffix(".git") for name in found} - PLACEHOLDERS
