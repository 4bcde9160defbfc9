"""Find the notebooks in what a learning platform exports: folders, file names, zips within zips."""

from __future__ import annotations

import datetime
import io
import os
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 100 * 2**20  # bytes of one notebook, or of one zip inside a zip
ALL = 2**30  # bytes that are taken out of one zip
# Browsers and mail programs add an ending of their own. Of other files, only the names matter.
NOTEBOOKS = (".ipynb", ".ipynb.txt", ".ipynb.json", ".json")
READ = (*NOTEBOOKS, ".zip")
TOO_LARGE = f"the file is larger than {LARGEST // 2**20} MiB"
SKIPPED = {"__MACOSX", ".ipynb_checkpoints"}
BY_SYSTEM = "not read: a file that the system has made, not the student"
# What `grade` writes: never read as a submission, wherever the folder for it is.
OWN = {"nbgrader", "feedback", "class.html", "grades.csv", "status.csv"}
OWN |= {"written.csv", "written.csv.bak", "upload", ".gitignore"}


@dataclass
class Submission:
    """One handed-in file.

    Args:
        path: where it was found, with the names of the zips it was in.
        load: reads its bytes. Nothing is kept: a class has more of them than a memory.
        modified: when it was changed, as "2026-11-22T09:00:00".
        problem: why the file could not be read; "" when it could.
        student: the platform's number or name for the student; "" when there is none. This and
            all that follows is filled in by `names.name_students`.
        name: the student's name, as far as the platform tells.
        attempt: the date and the number that the platform, or a browser, gave it.
        late: does the platform say so?
        sure: has a platform written the student's number?
    """

    path: str
    load: Callable[[], bytes] = bytes
    modified: str = ""
    problem: str = ""
    student: str = ""
    name: str = ""
    attempt: tuple[str, int] = ("", 0)
    late: bool = False
    sure: bool = False

    @property
    def parts(self) -> list[str]:
        """The names on the way to the file, and its own."""
        return self.path.split("/")

    @property
    def is_notebook(self) -> bool:
        """Does its name say that it is one?"""
        return self.path.lower().endswith(NOTEBOOKS)


def read_submissions(place: Path) -> list[Submission]:
    """Find all files in a folder or a zip, in whatever form a platform has exported them.

    Raises:
        ValueError: there is no such folder or zip, or it holds no file.
    """
    place = Path(place)
    if not place.is_dir() and not (place.is_file() and zipfile.is_zipfile(place)):
        raise ValueError(f"submissions={str(place)!r} must be a folder or a zip")
    found = list(_in_folder(place) if place.is_dir() else _in_file(place, place.parent))
    if not found:
        raise ValueError(f"submissions={str(place)!r} holds no file")
    return found


def stem_of(name: str) -> str:
    """A file's name without its ending: "ps1" of "ps1.ipynb.txt"."""
    known = sorted((end for end in READ if name.lower().endswith(end)), key=len)
    return name[: -len(known[-1])] if known else Path(name).stem


def _submission(parts: tuple, load: Callable, when: datetime.datetime, problem="") -> Submission:
    parts = [unicodedata.normalize("NFC", part) for part in parts]
    return Submission("/".join(parts), load, when.isoformat(timespec="seconds"), problem)


def _in_folder(folder: Path) -> Iterator[Submission]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not _own(path, folder):
            yield from _in_file(path, folder)


def _own(path: Path, folder: Path) -> bool:
    """Has `grade` itself written this file, in an earlier run?"""
    parts = path.relative_to(folder).parts
    places = [folder.joinpath(*parts[:i]) for i, part in enumerate(parts) if part in OWN]
    return any((place / "nbgrader" / "state.json").exists() for place in places)


def _in_file(path: Path, folder: Path) -> Iterator[Submission]:
    modified = datetime.datetime.fromtimestamp(path.stat().st_mtime)
    parts = path.relative_to(folder).parts
    parts = tuple(os.fsencode(part).decode("utf-8", "replace") for part in parts)
    if _by_system(parts):
        yield _submission(parts, bytes, modified, BY_SYSTEM)
    elif parts[-1].lower().endswith(NOTEBOOKS) and path.stat().st_size > LARGEST:
        yield _submission(parts, bytes, modified, TOO_LARGE)
    else:
        yield from _opened(parts, path.read_bytes, modified, Room(ALL))


@dataclass
class Room:
    """How much more may be taken out of a zip and of the zips in it, and how deep they may go."""

    left: int
    depth: int = 3


def _opened(
    parts: tuple, load: Callable, modified: datetime.datetime, room: Room
) -> Iterator[Submission]:
    """The file itself; or, for a zip, the files inside. Nothing is unpacked onto the disk."""
    data = load() if parts[-1].lower().endswith(".zip") else b""
    if not data or not zipfile.is_zipfile(io.BytesIO(data)):
        yield _submission(parts, load, modified)
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception as error:  # zipfile raises many kinds when a zip is damaged
        yield _submission(parts, bytes, modified, f"the zip is damaged: {type(error).__name__}")
        return
    with archive:
        for entry in archive.infolist():
            name = entry.filename.replace("\\", "/")  # as some Windows programs write them
            inner = tuple(part for part in Path(name).parts if part not in ("/", ".."))
            if name.endswith("/") or not inner:
                continue
            path, when = (*parts, *inner), _date(entry)
            problem = BY_SYSTEM if _by_system(inner) else _content(archive, entry, room)
            if problem:
                yield _submission(path, bytes, when, problem)
            else:
                room.depth -= 1
                yield from _opened(path, _from_zip(load, entry), when, room)
                room.depth += 1


def _from_zip(load: Callable[[], bytes], entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    """Reads one file of a zip that `load` reads."""

    def read() -> bytes:
        with zipfile.ZipFile(io.BytesIO(load())) as archive:
            return archive.read(entry)

    return read


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: Room) -> str:
    """Why a file inside a zip cannot be read; "" when it can."""
    if not entry.filename.lower().endswith(READ):
        return ""
    if entry.file_size > LARGEST:
        return TOO_LARGE
    if entry.flag_bits & 1:
        return "the file is encrypted"
    if room.depth <= 0:
        return "the file is in too many zips within zips"
    if entry.file_size > room.left:
        return f"not read: there are more than {ALL // 2**20} MiB of notebooks in this zip"
    room.left -= entry.file_size
    try:
        archive.read(entry)
    except Exception as error:  # zipfile raises many kinds when a zip is damaged
        return f"the file is damaged inside its zip: {type(error).__name__}"
    return ""


def _date(entry: zipfile.ZipInfo) -> datetime.datetime:
    """When it was changed; a zip's own beginning of time where it says nonsense."""
    try:
        return datetime.datetime(*entry.date_time)
    except ValueError:
        return datetime.datetime(1980, 1, 1)


def _by_system(parts: tuple[str, ...]) -> bool:
    return bool(SKIPPED & set(parts)) or parts[-1].startswith(".")
