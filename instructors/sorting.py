"""Every file of an export ends in exactly one line: graded, set aside, or a problem."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from nbformat import NotebookNode

from .entry import Entry
from .names import spellings
from .repair import Unreadable, read_notebook
from .sets import ProblemSet, set_of
from .submissions import BY_SYSTEM, Submission

NO_NAME = "no student's name or number in the file's name"
NO_SET = "no problem set of this course: its title and metadata are lost"


@dataclass
class Found:
    """A notebook of a student for a set.

    Args:
        one: the file.
        set_name: the problem set.
        notes: what the instructor should know.
    """

    one: Submission
    set_name: str
    notes: list[str] = field(default_factory=list)


@dataclass
class Sorting:
    """What becomes of the files of an export.

    Args:
        sets: the problem sets by name.
        only: take every notebook as this set.
    """

    sets: dict[str, ProblemSet]
    only: str | None = None
    counts: list[Found] = field(default_factory=list)  # of each student and set the one that counts
    problems: list[Entry] = field(default_factory=list)  # need a look
    aside: list[Entry] = field(default_factory=list)  # need none
    doubts: list[str] = field(default_factory=list)  # nothing is graded before they are settled

    def sort(self, submissions: list[Submission]) -> Sorting:
        """Recognise each file, and choose among several of one student."""
        groups, others = defaultdict(list), []
        for one in submissions:
            if one.problem == BY_SYSTEM:
                self.aside.append(line(one, one.problem))
            elif one.problem:
                self.problems.append(line(one, one.problem))
            elif not one.is_notebook:
                others.append(one)
            elif found := self._read(one):
                groups[one.student, found.set_name].append(found)
        self.counts = [self._choose(group) for group in groups.values()]
        known = {problem.student for problem in self.problems} | {student for student, _ in groups}
        for one in others:  # what a platform adds, or a student; the only file of somebody: no
            lines = self.aside if one.student in known - {""} else self.problems
            lines.append(line(one, "not a notebook"))
        unsure = {found.one.student for found in self.counts if not found.one.sure}
        for names in spellings(unsure):
            self.doubts.append(f"one student, or {len(names)}? {', '.join(names)}")
        return self

    def _read(self, one: Submission) -> Found | None:
        """The notebook's set, and what is odd about it; None for a problem."""
        try:
            notebook = read_notebook(one.load())
        except Unreadable as error:
            return self.problems.append(line(one, str(error)))
        name = self.only or set_of(notebook, self.sets)
        if not name or not one.student:
            return self.problems.append(line(one, NO_NAME if name else NO_SET, name or ""))
        return Found(one, name, _odd(notebook))

    def _choose(self, group: list[Found]) -> Found:
        """The highest attempt, then the newest; a doubt when no platform says which."""
        group = sorted(group, key=lambda f: (f.one.attempt, f.one.modified, f.one.path))
        *others, best = group
        unclear = False
        for other in others:
            same = other.one.load() == best.one.load()
            why = f"the same as {best.one.path}" if same else f"not graded: {best.one.path} counts"
            self.aside.append(line(other.one, why, best.set_name))
            said = best.one.sure and other.one.attempt != best.one.attempt  # by the platform
            unclear |= not same and not said
        if others:
            best.notes.append(f"the newest of {len(group)} files")
        if unclear:
            paths = ", ".join(found.one.path for found in group)
            best.notes.append(f"LOOK: taken for one person's: {paths[:300]}")
            self.doubts.append(f"{best.one.student}, {best.set_name}: which one counts? {paths}")
        return best


def line(one: Submission, status: str, set_name: str = "") -> Entry:
    """The line of a file that is not graded."""
    return Entry(one.student, one.name, set_name, one.path, status, one.late)


def _odd(notebook: NotebookNode) -> list[str]:
    kernel = notebook.metadata.get("kernelspec", {}).get("language", "python")
    return [f"its kernel was {kernel!r}: graded with Python"] * (str(kernel).lower() != "python")


def table(sorting: Sorting) -> str:
    """Who handed in what, to be looked at before anything is graded."""
    rows = []
    for found in sorting.counts:
        one = found.one
        who = one.student if one.name in ("", one.student) else f"{one.student} ({one.name})"
        rows.append((who, found.set_name, one.path))
    rows += [(entry.student or "?", "-", entry.path) for entry in sorting.problems]
    widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
    lines = [
        f"  {who:<{widths[0]}}  {name:<{widths[1]}}  {path}" for who, name, path in sorted(rows)
    ]
    return "\n".join(["Who handed in what:", *lines])
