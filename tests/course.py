"""What several tests need to know about the course: where it is, its chapters, its notebooks."""

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


def chapters() -> list[str]:
    """The chapters' notebooks in reading order, such as "03_concatenation"."""
    return [Path(page).name for page in pages() if page.startswith("notebooks/")]


def notebook(chapter: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)


def code_cells(chapter: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook(chapter).cells if cell.cell_type == "code"]
