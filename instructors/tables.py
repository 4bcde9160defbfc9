"""The tables that `grade` writes and reads: grades.csv, status.csv and written.csv."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from .entry import Entry, write_whole
from .names import Person
from .sets import ProblemSet

WRITTEN = ["student", "name", "set", "question", "worth", "answer", "rubric"]
WRITTEN += ["points", "key"]
# Canvas wants these five first, and finds a student by ID; Moodle maps any column that you choose.
IDENTITY = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
# Of each platform: its columns and the roster's fields, the heading of points, what follows.
PLATFORMS = {
    "canvas": (
        dict(zip(IDENTITY, ("name", "id", "sis", "login", "section"), strict=True)),
        "{}",
        {},
    ),
    "moodle": ({"ID number": "id", "Full name": "name", "Email address": "email"}, "{}", {}),
    "brightspace": (
        {"OrgDefinedId": "id", "Username": "login"},
        "{} Points Grade",
        {"End-of-Line Indicator": "#"},
    ),
    "blackboard": ({"Last Name": "last", "First Name": "first", "Username": "user"}, "{}", {}),
    "google_classroom": (
        {"Last Name": "last", "First Name": "first", "Email Address": "email"},
        "{}",
        {},
    ),
}


def _write(path: Path, header: list[str], rows: Iterable[Iterable]) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(header)
    table.writerows([_harmless(value) for value in row] for row in rows)
    write_whole(path, text.getvalue(), encoding="utf-8-sig")  # so that Excel reads accents


def _harmless(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def _number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def write_grades(path: Path, entries: list[Entry], sets: dict[str, ProblemSet]) -> None:
    """Write one row for each student and one column for each set. An empty cell: not graded."""
    names, totals = _totals(entries, sets)
    people = {entry.student: entry.name for entry in reversed(entries) if entry.graded}
    rows = [[people[s], s, "", "", "", *totals[s]] for s in sorted(people)]
    _write(path, [*IDENTITY, *(sets[name].title for name in names)], rows)


def _totals(entries: list[Entry], sets: dict[str, ProblemSet]) -> tuple[list[str], dict]:
    """The sets that were handed in, and by student the points of each, as text."""
    graded = {(entry.student, entry.set_name): entry for entry in entries if entry.graded}
    names = [name for name in sets if any(name == of for _, of in graded)]
    totals: dict[str, list[str]] = defaultdict(lambda: [""] * len(names))
    for student, of in graded:
        totals[student][names.index(of)] = _number(graded[student, of].total)
    return names, totals


def write_uploads(
    folder: Path, entries: list[Entry], sets: dict[str, ProblemSet], roster: Sequence[Person]
) -> None:
    """Write what each platform imports, with everybody in the roster; nothing without one.

    Canvas finds a student by ID, Moodle by any column that you choose, Brightspace by either of its
    two, Blackboard by Username. Google Classroom imports nothing: the table has its own columns.
    """
    names, totals = _totals(entries, sets)
    people = {person.id: person for person in roster}
    for platform, (columns, points, after) in PLATFORMS.items():
        header = [*columns, *(points.format(sets[name].title) for name in names), *after]
        rows = [
            [*(getattr(p, field) for field in columns.values()), *totals[p.id], *after.values()]
            for p in people.values()
        ]
        if people:
            _write(folder / f"{platform}.csv", header, rows)


def write_status(path: Path, entries: list[Entry], sets: dict[str, ProblemSet]) -> None:
    """Write one row for each file: what came of it, and the points of each question."""
    header = ["student", "name", "set", "status", "late", "points", "of", "waiting", "questions"]
    rows = []
    for entry in entries:
        each = " ".join(f"{q}={_number(p) or '?'}" for q, p in entry.points.items())
        of = _number(sets[entry.set_name].points) if entry.set_name in sets else ""
        rows.append(
            [entry.student, entry.name, entry.set_name, entry.status, "late" * entry.late]
            + [_number(entry.total), of, " ".join(entry.waiting), each]
            + ["; ".join(entry.notes), entry.path]
        )
    _write(path, [*header, "notes", "file"], rows)


def write_written(path: Path, rows: list[dict]) -> None:
    """Write the answers that an instructor grades, with the points given so far.

    What stood in the file stays beside it, as `written.csv.bak`, when it was something else.
    """
    before = path.read_bytes() if path.exists() else b""
    _write(path, WRITTEN, ([row[key] for key in WRITTEN] for row in rows))
    if before not in (b"", path.read_bytes()):
        path.with_name(f"{path.name}.bak").write_bytes(before)


class Given(NamedTuple):
    """Points that the instructor has given to one answer."""

    student: str
    set_name: str
    question: str
    points: float


def key_of(student: str, set_name: str, question: str, answer: str) -> str:
    """What finds an answer again: letters and digits that no spreadsheet takes for a number.

    Spreadsheets change what they show (0012 into 12, long texts into shorter ones), but not this.
    """
    text = "\n".join((student, set_name, question, answer))
    return f"k{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:15]}"


def read_written(path: Path, sets: dict[str, ProblemSet]) -> dict[str, Given]:
    """Read the points that the instructor has filled in.

    Args:
        path: the table; it needs not exist.
        sets: the problem sets, which say what each question is worth.

    Returns:
        The points by `key_of` the answer; rows without points are left out.

    Raises:
        ValueError: the file is not UTF-8, a column is missing, or points are no number from 0 to
            what the question is worth; names student and question.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8: save it as 'CSV UTF-8'") from error
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    table = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    missing = set(WRITTEN) - set(table.fieldnames or [])
    if missing:
        raise ValueError(f"{path}: the column {sorted(missing)[0]!r} is missing")
    found = {}
    for row in table:
        text = (row["points"] or "").strip()
        if text:
            about = ((row["student"] or "").removeprefix("'"), row["set"], row["question"])
            worth = _worth(sets, row["set"], row["question"])
            points = _points(text, worth, f"{path.name}, {place_of(*about)}")
            key = (row["key"] or "").strip() or f"no key: {about}"
            found[key] = Given(*about, points)
    return found


def place_of(student: str, set_name: str, question: str) -> str:
    """A row of written.csv in words: its number means little where answers have many lines."""
    return f"student {student}, {set_name}, {question}"


def _worth(sets: dict[str, ProblemSet], set_name: str, question: str) -> float:
    """What a question is worth by its source; infinite if there is no such question."""
    questions = sets[set_name].questions if set_name in sets else []
    return next((one.points for one in questions if one.name == question), float("inf"))


def _points(text: str, worth: float, place: str) -> float:
    number = re.fullmatch(r"\d+(?:[.,]\d*)?|[.,]\d+", text, re.ASCII)
    points = float(text.replace(",", ".")) if number else -1.0
    if not 0 <= points <= worth:
        raise ValueError(f"{place}: points={text!r} must be a number from 0 to {worth:g}")
    return points


def same_text(answer: str) -> str:
    """An answer as it is compared: its words."""
    return " ".join(answer.split())
