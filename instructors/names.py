"""Who handed in what: read off the names on the way to each file, over the whole export at once.

Five platforms write the student into the names. Elsewhere the student is what differs between files
that are otherwise alike: of `leo/homework/ps1.ipynb` and `mia/homework/ps1.ipynb` the first folder.
"""

from __future__ import annotations

import csv
import hmac
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .submissions import Submission, stem_of

PLATFORMS = [
    # Moodle: Jane Doe_12345_assignsubmission_file_ (a folder, or the beginning of a file's name)
    r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?.*",
    # Blackboard: Problem Set 1_jdoe_attempt_2026-11-22-10-15-33_ps1.ipynb
    r".+_(?P<id>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5}).*",
    # Brightspace: 12345-67890 - Jane Doe - Nov 22, 2026 1105 AM (a folder, or a file's beginning)
    r"(?P<id>\d+)-\d+ - (?P<name>.+?) - (?P<date>[^-]*20\d\d[^-]* [AP]M).*",
]
# Canvas: doejane_LATE_12345_67890_ps1-2.ipynb: name, user, submission, file, attempt.
# Homework_2026_11_final.ipynb is a date.
CANVAS = r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?!20\d\d_\d\d?_)(?P<id>\d+)_\d+_.+"
LATE = re.compile(r"(?:^|[\W_])late(?=$|[\W_])", re.IGNORECASE)
COPY = re.compile(r"\s*\((\d{1,3})\)$")  # by a browser
ATTEMPT = re.compile(r"-(\d{1,3})$")  # by Canvas
# What stands in many names, and is nobody's.
NOISE = r"""copy[ _]of|kopie[ _]von|copia[ _]de|copie[ _]de|20\d\d(?:[-_.]\d\d?){0,2}|late|new|work
    |(?:ps|problem[\W_]*set|week|hw|homework|assignment|exercise|section|tutorial|version|v)[\W_]*\d*
    |final|solutions?|submissions?|submitted|answers?|notebooks?|draft|done|untitled|exports?"""
FILE = -1  # the place of the file's own name; folders are 0, 1, ...

COLUMNS = {  # of a roster: what platforms call them, in small letters
    "id": ["id", "id number", "orgdefinedid", "student id", "sis user id", "username"],
    "name": ["name", "student", "full name", "student name"],
    "first": ["first name"],
    "last": ["last name", "surname"],
    "login": ["login", "username", "sis login id"],
    "sis": ["sis user id"],
    "email": ["email", "email address", "e-mail"],
    "section": ["section"],
    "file": ["file"],
}


@dataclass(frozen=True)
class Person:
    """One student of a roster. `file` is the path of a file that is theirs whatever its name."""

    id: str
    name: str = ""
    first: str = ""
    last: str = ""
    login: str = ""
    sis: str = ""
    email: str = ""
    section: str = ""
    file: str = ""

    @property
    def user(self) -> str:
        """What Blackboard finds a student by."""
        return self.login or self.id


class Cleaner:
    """Takes from names what says nothing about the student.

    Args:
        sets: names and titles of the problem sets.
    """

    def __init__(self, sets: Iterable[str] = ()) -> None:
        known = [r"[\W_]+".join(re.findall(r"[^\W_]+", name)) for name in sets]
        known = "|".join(sorted(filter(None, known), key=len, reverse=True)) or "(?!)"
        ends = r"(?:(?<=[\W_])|^)(?:{})(?=[\W_]|$)"
        self.set = re.compile(ends.format(rf"{known}|ps\d+"), re.IGNORECASE)
        self.set_last = re.compile(rf"(?:{known}|ps\d+)$", re.IGNORECASE)
        self.noise = re.compile(ends.format(rf"{known}|{NOISE}"), re.IGNORECASE | re.VERBOSE)

    def __call__(self, text: str) -> str:
        """What is left of a name; "" when it is nobody's."""
        text, marks = self.noise.sub("_", text), ("Mn", "Mc")  # parts of letters in India's scripts
        kept = [
            c if re.match(r"[\w.@-]", c) or unicodedata.category(c) in marks else "_" for c in text
        ]
        left = re.sub(r"_+", "_", "".join(kept)).strip("_-. ")
        return left if len(left.encode()) > 1 else ""  # a letter is a section: A, B

    def stem(self, one: Submission) -> tuple[str, int]:
        """A file's name without its ending, and the number of its attempt or copy."""
        stem = stem_of(one.parts[-1])
        if found := COPY.search(stem):
            return COPY.sub("", stem), int(found[1])
        left, found = ATTEMPT.sub("", stem), ATTEMPT.search(stem)
        if found and self.set_last.search(left):  # group-1 and group-2 are no attempts of a group
            return left, int(found[1])
        return stem, 0

    def places(self, one: Submission) -> dict[int, str]:
        """Where the student's name may be, from the outside in. Zips count if nothing else does."""
        zips = [part.lower().endswith(".zip") for part in one.parts[:-1]]
        folders = [p for p, is_zip in zip(one.parts, zips, strict=False) if not is_zip]
        found = {place: self(part) for place, part in enumerate(folders)}
        found[FILE] = self(self.stem(one)[0])
        if not any(found.values()):
            found = {i: self(stem_of(p)) for i, p in enumerate(one.parts[:-1]) if zips[i]}
        return {place: text for place, text in found.items() if text}


def name_students(
    submissions: list[Submission], sets: Iterable[str] = (), roster: Sequence[Person] = ()
) -> None:
    """Fill in the student, the attempt and lateness of every file.

    Args:
        submissions: all files of one export; changed in place.
        sets: names and titles of the problem sets, which are no part of a student's name.
        roster: who is in the class; then a file that fits nobody, or several, gets a problem.
    """
    clean = Cleaner(sets)
    _by_difference([one for one in submissions if not _by_platform(one, clean)], clean)
    if roster:
        for one in submissions:
            _by_roster(one, roster)


def _by_platform(one: Submission, clean: Cleaner) -> bool:
    """Read what a platform has written; False when none has."""
    files = [part for part in one.parts if part.lower().endswith(".zip")] + [one.parts[-1]]
    found = [re.fullmatch(p, part) for p in PLATFORMS for part in one.parts]
    found += [re.fullmatch(CANVAS, part) for part in reversed(files)]
    about = next((match.groupdict() for match in found if match), None)
    if about is None:
        return False
    one.student, one.name = about["id"], (about.get("name") or about["id"]).strip()
    one.late, one.sure = bool(about.get("late")), True
    one.attempt = (about.get("when") or "", clean.stem(one)[1])
    return True


def _by_difference(unknown: list[Submission], clean: Cleaner) -> None:
    """Among paths of one shape, take the place where they differ most."""
    places = [clean.places(one) for one in unknown]
    everywhere, shapes = defaultdict(set), defaultdict(list)
    for one, named in zip(unknown, places, strict=True):
        one.attempt, one.late = ("", clean.stem(one)[1]), bool(LATE.search(one.path))
        for place, text in named.items():
            everywhere[place].add(text)
        shapes[len(one.parts), *named].append((one, named))
    for (_, *shape), alike in shapes.items():
        # a name next to the set's, as in jane_ps1, or a number: rather than "my"
        says_who = all(
            clean.set.search(stem_of(one.parts[-1])) or re.search(r"\d", named.get(FILE, ""))
            for one, named in alike
        )
        score = {
            place: (
                len({named[place] for _, named in alike}),
                len(everywhere[place]),
                says_who if place == FILE else not says_who,
            )
            for place in shape
        }
        best = max(score, key=score.get, default=None)
        for one, named in alike:
            one.student = one.name = named.get(best, "")


def anonymise(submissions: list[Submission], secret: bytes) -> None:
    """Put codes in place of names, in paths too. With one secret, a student keeps their code.

    Args:
        submissions: by `name_students`; changed in place.
        secret: whoever has it can find out the code of a name.
    """

    def code(text: str) -> str:
        return hmac.new(secret, text.encode("utf-8", "replace"), "sha256").hexdigest()[:10]

    for one in submissions:
        ending = one.parts[-1][len(stem_of(one.parts[-1])) :]
        one.student = one.name = code(one.student) if one.student else ""
        one.path = f"{one.student or 'nobody'}/{code(one.path)}{ending}"


# ------------------------------------------------------------------------ two spellings


def plain(text: str) -> str:
    """Letters and digits of a text, small and without accents, in words: "jose garcia"."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in bare if unicodedata.category(c) != "Mn" or ord(c) > 0x36F)
    return " ".join(re.findall(r"[^\W_]+", bare))


def spellings(students: Iterable[str]) -> list[list[str]]:
    """Names that may be one person's: the same words, in another order or written otherwise."""
    alike = defaultdict(list)
    for student in sorted(set(students)):
        alike["".join(sorted(plain(student).split()))].append(student)
    return [names for names in alike.values() if len(names) > 1]


# ------------------------------------------------------------------------ the roster


def read_roster(path: Path) -> list[Person]:
    """Read a class list: a table with a column for the id, and others that platforms write.

    Raises:
        ValueError: there is no such file, it is not UTF-8, it has no column for the id, or two
            students have the same one.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"roster={str(path)!r} must be a table in UTF-8: {error}") from error
    header = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count))
    named = {(name or "").strip().casefold(): name for name in table.fieldnames or []}
    column = {
        field: next((named[name] for name in names if name in named), None)
        for field, names in COLUMNS.items()
    }
    if not column["id"]:
        raise ValueError(f"roster={str(path)!r} must have a column 'id', not {list(named)}")
    people = {}
    for row in table:
        about = {f: (row.get(c) or "").strip() if c else "" for f, c in column.items()}
        about["id"] = about["id"].removeprefix("#")  # as Brightspace writes it
        about["name"] = about["name"] or f"{about['first']} {about['last']}".strip()
        if not about["last"]:  # "Doe, Jane", as Canvas writes it, or "Jane Doe"
            last, comma, first = about["name"].partition(", ")
            first, last = (first, last) if comma else about["name"].rpartition(" ")[::2]
            about |= {"first": first, "last": last}
        if (about["id"], about["file"]) in people:
            raise ValueError(
                f"roster={str(path)!r} must have each id once, not {about['id']!r} again"
            )
        if about["id"]:
            people[about["id"], about["file"]] = Person(**about)
    return list(people.values())


def _by_roster(one: Submission, roster: Sequence[Person]) -> None:
    """Give a file to the one student of the roster that it fits."""
    fitting = {person.id: person for person in _fitting(one, roster)}
    if len(fitting) == 1:
        (person,) = fitting.values()
        one.student, one.name = person.id, person.name or one.name
    else:
        people = ", ".join(f"{person.id} ({person.name})" for person in fitting.values())
        one.problem = one.problem or (
            f"fits {len(fitting)} people of the roster: {people[:200]}"
            if fitting
            else "fits nobody in the roster"
        )


def _fitting(one: Submission, roster: Sequence[Person]) -> list[Person]:
    """By the roster's column `file`; by number, login or address; by name; by part of a name."""
    if chosen := [person for person in roster if person.file == one.path]:
        return chosen
    path = unicodedata.normalize("NFC", one.path).casefold()
    words = set(plain(one.path).split()) | set(plain(one.name).split())
    by_key = [p for p in roster if any(_stands_in(key, path) for key in (p.id, p.login, p.email))]
    by_name = [p for p in roster if _is_named(plain(p.name).split(), words)]
    if by_key and by_name:
        return [person for person in by_key if person in by_name] or by_key + by_name
    part = set(plain(one.student).split())
    by_part = [p for p in roster if part and part <= set(plain(p.name).split())]
    return by_key or by_name or by_part


def _stands_in(key: str, path: str) -> bool:
    key = re.escape(key.casefold())
    return bool(key and re.search(rf"(?<![^\W_]){key}(?![^\W_])", path))


def _is_named(name: list[str], words: set[str]) -> bool:
    """All parts of a name, or the name in one word as Canvas writes it: doejane."""
    joined = {"".join(name[i:] + name[:i]) for i in range(len(name))}
    return len(name) > 1 and (set(name) <= words or bool(joined & words))
