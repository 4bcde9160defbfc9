"""The exercises of a chapter, read from the titles in its notebook, which say all of it:

### Exercise 4.2 (arithmetic, 8 minutes, medium): a block for CIFAR
"""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat

EXAMPLE = "Exercise 4.2 (code, 8 minutes, easy): what"
KINDS = ("recall", "arithmetic", "code", "open")
DIFFICULTIES = ("easy", "medium", "hard")
TITLE = re.compile(
    r"^### (?P<heading>Exercise (?P<number>A?\d+\.\d+) "
    r"\((?P<kind>\w+), (?P<time>[^,)]+), (?P<difficulty>\w+)\): (?P<title>.+))$",
    re.MULTILINE,
)


class Exercise(NamedTuple):
    """One exercise: its number ("4.2"), kind, time ("8 minutes"), difficulty, title, heading."""

    number: str
    kind: str
    time: str
    difficulty: str
    title: str
    heading: str

    @property
    def minutes(self) -> int:
        """The number that the time begins with."""
        return int(self.time.split()[0])

    @property
    def anchor(self) -> str:
        """What MyST makes of the heading, for a link: GitHub's rule."""
        return re.sub(r"[^\w\- ]", "", self.heading.lower()).replace(" ", "-")


def exercises(notebook: Path) -> list[Exercise]:
    """Find the exercises of a chapter.

    Raises:
        ValueError: if a heading begins like an exercise's and doesn't go on like one.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    found = [Exercise(**m.groupdict()) for m in TITLE.finditer(text)]
    if len(found) != len(re.findall(r"^### Exercise ", text, re.MULTILINE)):
        raise ValueError(f"{notebook.name}: a title must be like {EXAMPLE!r}")
    for exercise in found:
        for value, known in ((exercise.kind, KINDS), (exercise.difficulty, DIFFICULTIES)):
            if value not in known:
                raise ValueError(f"{exercise.heading!r}: {value!r} must be one of {known}")
    return found


def table(notebook: Path, link: str) -> list[str]:
    """Return the lines of a Markdown table with the exercises of a chapter."""
    rows = ["| | Kind | Minutes | Difficulty |", "|---|---|--:|---|"]
    for e in exercises(notebook):
        title = f"[{e.number} {e.title}]({link}#{e.anchor})"
        rows.append(f"| {title} | {e.kind} | {e.minutes} | {e.difficulty} |")
    return rows
