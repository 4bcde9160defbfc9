"""Find the notebooks in what a learning platform exports: folders, file names, zips within zips."""

from __future__ import annotations

import datetime
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 100 * 2**20  # bytes of one notebook, or of one zip inside a zip
ALL = 2**30  # bytes that are taken out of one zip
READ = (".ipynb", ".zip")  # of other files, only the names matter
TOO_LARGE = f"the file is larger than {LARGEST // 2**20} MiB"
SKIPPED = {"__MACOSX", ".ipynb_checkpoints"}
# What `grade` writes: never read as a submission, wherever the folder for it is.
OWN = {"nbgrader", "feedback", "class.html", "grades.csv", "status.csv"}
OWN |= {"written.csv", "written.csv.bak"}

# Canvas: doejane_LATE_12345_67890_ps1-2.ipynb: name, user, submission, file, attempt.
# Homework_2026_11_final.ipynb is a date.
CANVAS = re.compile(
    r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?!20\d\d_\d\d?_)(?P<id>\d+)_(?P<submission>\d+)_(?P<file>.+)"
)
# Moodle: Jane Doe_12345_assignsubmission_file_ (a folder, or the beginning of a file's name)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?(?P<file>.*)")
LATE = re.compile(r"(?:^|[\W_])late(?=$|[\W_])", re.IGNORECASE)
ATTEMPT = re.compile(r"-(\d{1,3})$|\s*\((\d{1,3})\)$")  # by Canvas; by a browser


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
        sure: does the student's number come from a platform, and stand in the file's own name or
            in a folder that the platform has made?
    """

    path: str
    student: str
    name: str
    data: bytes
    modified: str
    attempt: int = 0
    late: bool = False
    problem: str = ""
    sure: bool = False


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
    if not parts[-1].lower().endswith(READ):
        yield parts, b"", modified, ""
    elif parts[-1].lower().endswith(".ipynb") and path.stat().st_size > LARGEST:
        yield parts, b"", modified, TOO_LARGE
    else:
        yield from _opened(parts, path.read_bytes(), modified, Room(ALL))


@dataclass
class Room:
    """How much more may be taken out of a zip and of the zips in it, and how deep they may go."""

    left: int
    depth: int = 3


def _opened(parts: tuple, data: bytes, modified: datetime.datetime, room: Room) -> Iterator[tuple]:
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
            name = entry.filename.replace("\\", "/")  # as some Windows programs write them
            inner = tuple(part for part in Path(name).parts if part not in ("/", ".."))
            if name.endswith("/") or not inner or _skipped(Path(*inner)):
                continue
            content, problem = _content(archive, entry, room)
            path, when = (*parts, *inner), _date(entry)
            if problem:
                yield path, b"", when, problem
            else:
                room.depth -= 1
                yield from _opened(path, content, when, room)
                room.depth += 1


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: Room) -> tuple[bytes, str]:
    """A file inside a zip, and why it could not be read."""
    if not entry.filename.lower().endswith(READ):
        return b"", ""
    if entry.file_size > LARGEST:
        return b"", TOO_LARGE
    if entry.flag_bits & 1:
        return b"", "the file is encrypted"
    if room.depth <= 0:
        return b"", "the file is in too many zips within zips"
    if entry.file_size > room.left:
        return b"", f"not read: there are more than {ALL // 2**20} MiB of notebooks in this zip"
    room.left -= entry.file_size
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
    parts = tuple(unicodedata.normalize("NFC", part) for part in parts)
    path, when = "/".join(parts), modified.isoformat(timespec="seconds")
    stem = Path(parts[-1]).stem
    attempt = ATTEMPT.search(stem)
    number = int(attempt[1] or attempt[2]) if attempt else 0
    files = [part for part in parts if part.lower().endswith(READ) or part == parts[-1]]
    moodle = [found for part in parts if (found := MOODLE.fullmatch(part))]
    canvas = [found for part in reversed(files) if (found := CANVAS.fullmatch(part))]
    if moodle or canvas:
        found = (moodle or canvas)[0]
        late = bool(found.groupdict().get("late"))
        sure = bool(moodle) or found.string == parts[-1]
        about = (path, found["id"], found["name"], data, when, number, late, problem, sure)
        return Submission(*about)
    folders = [part for part in parts[:-1] if not part.lower().endswith(".zip")]
    left = ATTEMPT.sub("", stem)
    if attempt and attempt[1] and not re.search(rf"(?:{sets.pattern})$", left, re.IGNORECASE):
        left, number = stem, 0  # group-1 and group-2 are no attempts of one group
    student = _plain(left, folders[-1] if folders else "", sets)
    late = bool(LATE.search(path))
    return Submission(path, student, student, data, when, number, late, problem)


def _plain(stem: str, folder: str, sets: re.Pattern) -> str:
    """The student's name or number: in the file's name, or else the folder's."""
    left, folder = (_tidy(sets.sub("", name)) for name in (stem, folder))
    says_who = sets.search(stem) or re.search(r"\d", left)  # rather than "homework"
    return left if left and (says_who or not folder) else folder


def _tidy(text: str) -> str:
    text = LATE.sub("_", re.sub(r"copy of|kopie von", "", text, flags=re.IGNORECASE))
    marks = ("Mn", "Mc")  # parts of letters, as in many scripts of India
    kept = [c if re.match(r"[\w.@-]", c) or unicodedata.category(c) in marks else "_" for c in text]
    return re.sub(r"_+", "_", "".join(kept)).strip("_-. ")


def newest(submissions: list[Submission]) -> Submission:
    """Of several by one student for one set: the highest attempt, then the latest, counts."""
    return max(submissions, key=lambda one: (one.attempt, one.modified, one.path))
