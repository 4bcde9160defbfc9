"""Find the notebooks in what a learning platform exports: folders, file names, zips within zips."""

from __future__ import annotations

import datetime
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 100 * 2**20  # bytes of one file inside a zip
SKIPPED = {"__MACOSX", ".ipynb_checkpoints"}
# What `grade` writes: never read as a submission, wherever the folder for it is.
OWN = {"nbgrader", "feedback", "class.html", "grades.csv", "status.csv"}
OWN |= {"written.csv", "written.csv.bak"}

# Canvas: doejane_LATE_12345_67890_ps1-2.ipynb: name, user, submission, file, attempt
CANVAS = re.compile(
    r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<submission>\d+)_(?P<file>.+)"
)
# Moodle: Jane Doe_12345_assignsubmission_file_ (a folder, or the beginning of a file's name)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?(?P<file>.*)")
LATE = re.compile(r"(?:^|[\W_])late(?=$|[\W_])", re.IGNORECASE)
ATTEMPT = re.compile(r"(?:-|\s*\()(\d{1,3})\)?$")


@dataclass
class Submission:
    """One handed-in file.

    Args:
        path: where it was found, with the names of the zips it was in.
        student: the platform's number or name for the student; "" when there is none.
        name: the student's name, as far as the platform tells.
        data: the file's bytes.
        modified: when it was changed, as "2026-11-22T09:00:00".
        attempt: the number that the platform gave it.
        late: does the platform say so?
        problem: why the file could not be read; "" when it could.
    """

    path: str
    student: str
    name: str
    data: bytes
    modified: str
    attempt: int = 0
    late: bool = False
    problem: str = ""


def read_submissions(place: Path, sets: Iterable[str] = ()) -> list[Submission]:
    """Read all files in a folder or a zip, in whatever form a platform has exported them.

    Args:
        place: the folder or zip.
        sets: names of the problem sets, which in a file's name are no part of the student's.

    Raises:
        ValueError: there is no such folder or zip, or it holds no file.
    """
    place = Path(place)
    if not place.is_dir() and not (place.is_file() and zipfile.is_zipfile(place)):
        raise ValueError(f"submissions={str(place)!r} must be a folder or a zip")
    files = _in_folder(place) if place.is_dir() else _in_file(place, place.parent)
    names = "|".join(re.escape(name) for name in sorted(sets, key=len, reverse=True))
    pattern = rf"{names}{'|' if names else ''}ps\d+(?![a-z\d])"
    found = [_submission(*file, re.compile(pattern, re.IGNORECASE)) for file in files]
    if not found:
        raise ValueError(f"submissions={str(place)!r} holds no file")
    return found


def _in_folder(folder: Path) -> Iterator[tuple]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or _own(path, folder):
            continue
        if not _skipped(path.relative_to(folder)):
            yield from _in_file(path, folder)


def _own(path: Path, folder: Path) -> bool:
    """Has `grade` itself written this file, in an earlier run?"""
    parts = path.relative_to(folder).parts
    places = [folder.joinpath(*parts[:i]) for i, part in enumerate(parts) if part in OWN]
    return any((place / "nbgrader" / "state.json").exists() for place in places)


def _in_file(path: Path, folder: Path) -> Iterator[tuple]:
    modified = datetime.datetime.fromtimestamp(path.stat().st_mtime)
    parts = path.relative_to(folder).parts
    parts = tuple(os.fsencode(part).decode("utf-8", "replace") for part in parts)
    yield from _opened(parts, path.read_bytes(), modified, 0)


def _opened(parts: tuple, data: bytes, modified: datetime.datetime, depth: int) -> Iterator[tuple]:
    """The file itself; or, for a zip, the files inside. Nothing is unpacked onto the disk."""
    if not parts[-1].lower().endswith(".zip") or not zipfile.is_zipfile(io.BytesIO(data)):
        yield parts, data, modified, ""
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception as error:  # zipfile raises many kinds when a zip is damaged
        yield parts, b"", modified, f"the zip is damaged: {type(error).__name__}"
        return
    with archive:
        for entry in archive.infolist():
            inner = tuple(part for part in Path(entry.filename).parts if part not in ("/", ".."))
            if entry.is_dir() or not inner or _skipped(Path(*inner)):
                continue
            content, problem = _content(archive, entry, depth)
            path, when = (*parts, *inner), _date(entry)
            if problem:
                yield path, b"", when, problem
            else:
                yield from _opened(path, content, when, depth + 1)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> tuple[bytes, str]:
    """A file inside a zip, and why it could not be read."""
    if entry.file_size > LARGEST:
        return b"", f"the file is larger than {LARGEST // 2**20} MiB"
    if entry.flag_bits & 1:
        return b"", "the file is encrypted"
    if depth >= 3:
        return b"", "the file is in too many zips within zips"
    try:
        return archive.read(entry), ""
    except Exception as error:  # zipfile raises many kinds when a zip is damaged
        return b"", f"the file is damaged inside its zip: {type(error).__name__}"


def _date(entry: zipfile.ZipInfo) -> datetime.datetime:
    """When it was changed; a zip's own beginning of time where it says nonsense."""
    try:
        return datetime.datetime(*entry.date_time)
    except ValueError:
        return datetime.datetime(1980, 1, 1)


def _skipped(path: Path) -> bool:
    return bool(SKIPPED & set(path.parts)) or path.name.startswith(".")


def _submission(
    parts: tuple, data: bytes, modified: datetime.datetime, problem: str, sets: re.Pattern
) -> Submission:
    """Read the student, the attempt and lateness off the names on the way to a file."""
    path, when = "/".join(parts), modified.isoformat(timespec="seconds")
    stem = Path(parts[-1]).stem
    attempt = ATTEMPT.search(stem)
    number = int(attempt[1]) if attempt else 0
    for part in parts:
        if found := MOODLE.fullmatch(part) or CANVAS.fullmatch(part):
            late = bool(found.groupdict().get("late"))
            return Submission(path, found["id"], found["name"], data, when, number, late, problem)
    folders = [part for part in parts[:-1] if not part.lower().endswith(".zip")]
    student = _plain(ATTEMPT.sub("", stem), folders[-1] if folders else "", sets)
    late = bool(LATE.search(path))
    return Submission(path, student, student, data, when, number, late, problem)


def _plain(stem: str, folder: str, sets: re.Pattern) -> str:
    """The student's name or number: in the file's name, or else the folder's."""
    left, folder = (_tidy(sets.sub("", name)) for name in (stem, folder))
    says_who = sets.search(stem) or re.search(r"\d", left)  # rather than "homework"
    return left if left and (says_who or not folder) else folder


def _tidy(text: str) -> str:
    text = LATE.sub("_", re.sub(r"copy of|kopie von", "", text, flags=re.IGNORECASE))
    return re.sub(r"_+", "_", re.sub(r"[^\w.@-]+", "_", text)).strip("_-. ")


def newest(submissions: list[Submission]) -> Submission:
    """Of several by one student for one set: the highest attempt, then the latest, counts."""
    return max(submissions, key=lambda one: (one.attempt, one.modified, one.path))
