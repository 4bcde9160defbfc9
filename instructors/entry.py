"""What is known about one handed-in notebook, kept between runs in `state.json`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

GRADED = "graded"


@dataclass
class Entry:
    """One student's submission of one set.

    Args:
        student: the platform's number or name.
        name: the student's name, as far as it is known.
        set_name: the problem set; "" when it was not recognised.
        path: the file.
        status: "graded", or what is wrong with the file.
        late: does the platform say so?
        notes: what the instructor should know.
        fingerprint: changes with the file, the set, and the grader.
        version: of the problem set that it was graded with.
        points: per question; None while a written answer waits.
        answers: per written question, the student's text.
        failed: per question that lost its points in the tests, the message.
        feedback: the page that was last written for exactly these points.
    """

    student: str
    name: str
    set_name: str
    path: str
    status: str = ""
    late: bool = False
    notes: list[str] = field(default_factory=list)
    fingerprint: str = ""
    version: str = ""
    points: dict[str, float | None] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    feedback: str = ""

    @property
    def graded(self) -> bool:
        """Has nbgrader graded it?"""
        return self.status == GRADED

    @property
    def total(self) -> float | None:
        """All points so far; None when it was not graded."""
        return sum(p for p in self.points.values() if p is not None) if self.graded else None

    @property
    def waiting(self) -> list[str]:
        """Questions whose written answers wait for the instructor."""
        return [question for question, points in self.points.items() if points is None]


class State:
    """The entries of earlier runs; `save` keeps them, all or nothing.

    Args:
        path: the file; without it, there were no earlier runs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        content = json.loads(path.read_text("utf-8")) if path.exists() else {}
        stored = [Entry(**entry) for entry in content.get("entries", [])]
        self.entries = {(entry.student, entry.set_name): entry for entry in stored}
        self.checked: dict[str, str] = content.get("checked", {})
        self.isolation: str = content.get("isolation", "process")

    def save(self) -> None:
        """Write everything to the file."""
        entries = list(map(asdict, self.entries.values()))
        content = {"entries": entries, "checked": self.checked, "isolation": self.isolation}
        text = json.dumps(content, ensure_ascii=False, indent=1)
        write_whole(self.path, text)


def in_unicode(content: Any) -> Any:
    """What can be written as UTF-8: halves of letters (a cut emoji) become question marks.

    Args:
        content: anything that JSON can hold.
    """
    text = json.dumps(content, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))


def write_whole(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file so that it is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(text, encoding=encoding, newline="")
    os.replace(draft, path)
