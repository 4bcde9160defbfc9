"""Who handed in what: names of files and folders, rosters, zips, and what becomes of each file."""

import csv
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from instructors import grade, sets, tables
from instructors.class_page import write_class_page
from instructors.entry import GRADED, Entry
from instructors.names import Person, name_students, plain, read_roster, spellings
from instructors.sorting import NO_NAME, Sorting
from instructors.sorting import table as table_of
from instructors.submissions import Submission, read_submissions, stem_of

sys.path.insert(0, str(Path(__file__).parent / "problem_sets"))

import toy  # noqa: E402

SETS = ["ps3_dense", "Problem set 3: A dense block"]


def named(*paths: str, roster: tuple = ()) -> list[Submission]:
    files = [Submission(path) for path in paths]
    name_students(files, SETS, roster)
    return files


def students(*paths: str, roster: tuple = ()) -> list[str]:
    return [one.student for one in named(*paths, roster=roster)]


@pytest.mark.parametrize(
    ("name", "student", "attempt", "late"),
    [
        ("doejane_12345_67890_ps3_dense-2.ipynb", "12345", 2, False),
        ("doejane_LATE_12345_67890_ps3_dense.ipynb", "12345", 0, True),
        ("Jane Doe_4711_assignsubmission_file_/my notebook.ipynb", "4711", 0, False),
        ("Jane Doe_4711_assignsubmission_file_ps3_dense.ipynb", "4711", 0, False),
        ("4711-815 - Jane Doe - Nov 22, 2026 1105 AM/ps3.ipynb", "4711", 0, False),
        ("4711-815 - Jane Doe - 22 November, 2026 1105 PM - ps3 (1).ipynb", "4711", 1, False),
        ("Problem Set 3_jdoe_attempt_2026-11-22-10-15-33_ps3.ipynb", "jdoe", 0, False),
        ("Problem Set 3_jdoe_attempt_2026-11-22-10-15-33.txt", "jdoe", 0, False),
        ("Jane Doe - Problem set 3: A dense block.ipynb", "Jane_Doe", 0, False),
        ("Copy of Problem set 3.ipynb", "", 0, False),
        ("s1234567_ps3_dense.ipynb", "s1234567", 0, False),
        ("ps3_dense_s1234567 (1).ipynb", "s1234567", 1, False),
        ("ps3_dense_s1234567 (1).ipynb.txt", "s1234567", 1, False),
        ("jane.doe/ps3_dense.ipynb", "jane.doe", 0, False),
        ("jane.doe/homework.ipynb", "jane.doe", 0, False),
        ("week 1/jane_ps3.ipynb", "jane", 0, False),
        ("Copy of ps3_dense_jane.ipynb", "jane", 0, False),
        ("jane_late_ps3.ipynb", "jane", 0, True),
        ("jane_ps3_dense-2.ipynb", "jane", 2, False),
        ("ps3-group-2.ipynb", "group-2", 0, False),
        ("Jane_2026_11_final.ipynb", "Jane", 0, False),
        ("ps3_राम.ipynb", "राम", 0, False),
        ("ps3_Jos\u00e9.ipynb", "José", 0, False),
        ("work/doejane_12345_67890_homework.ipynb", "12345", 0, False),
        ("12345_67890_ps3_of_the_class_2025/jane_ps3.ipynb", "jane", 0, False),
        ("leo.zip/ps3.ipynb", "leo", 0, False),
        ("ps3_dense.ipynb", "", 0, False),
    ],
)
def test_the_student_is_read_off_the_names(name, student, attempt, late):
    (one,) = named(name)
    assert (one.student, one.attempt[1], one.late) == (student, attempt, late)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ("leo/homework/ps3, mia/homework/ps3", "leo mia"),
        ("leo/hw/my try, mia/hw/solution, tim/x/ps3", "leo mia tim"),
        ("all/leo/ps3, all/mia/ps3, all/tim/deep/ps3", "leo mia tim"),
        ("nested.zip/leo/deep/er/ps3, mia/ps3, tim_ps3", "leo mia tim"),
        ("Tuesday/ann_ps3, Tuesday/bob_ps3, Friday/eve_ps3", "ann bob eve"),
        ("smith/ann_ps3, smith/bob_ps3, leo/ps3, mia/ps3, tim/ps3", "ann bob leo mia tim"),
        ("leo.zip/ps3, mia.zip/homework/ps3", "leo mia"),
        ("leo/leo_ps3, mia/mia_ps3", "leo mia"),
        ("leo/ps3_my own, mia/ps3, tim/ps3", "leo mia tim"),
        ("ps3/leo/a b, ps4/mia/a b", "leo mia"),
        ("late/leo/ps3, on time/mia/ps3, on time/tim/ps3", "leo mia tim"),
    ],
)
def test_the_student_is_what_differs_between_files_that_are_otherwise_alike(paths, expected):
    assert students(*(f"{path}.ipynb" for path in paths.split(", "))) == expected.split()


@pytest.mark.parametrize("name", ["a.ipynb", "a.ipynb.txt", "a.json", "a.ipynb.json", "A.IPYNB"])
def test_the_endings_that_browsers_and_mail_add_are_those_of_notebooks(name):
    assert Submission(name).is_notebook and stem_of(name).lower() == "a"


# ------------------------------------------------------------------------ sorting


@pytest.fixture(scope="module")
def all_sets(tmp_path_factory):
    return sets.read_sets(toy.write(tmp_path_factory.mktemp("sources")).parent)


def notebook(number: int = 0) -> bytes:
    title = {"cell_type": "markdown", "metadata": {}, "source": "# Problem set 0: A toy"}
    other = {**title, "source": str(number)}
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [title, other]}
    ).encode()


def sort(all_sets, *paths: str, same: bool = False) -> Sorting:
    """Sort notebooks that differ, or are the same."""
    data = [notebook(0 if same else number) for number in range(len(paths))]
    files = [
        Submission(path, lambda content=content: content, f"2026-11-{10 + number}T12:00:00")
        for number, (path, content) in enumerate(zip(paths, data, strict=True))
    ]
    name_students(files)
    return Sorting(all_sets).sort(files)


@pytest.mark.parametrize(
    "paths",
    [
        ["hw1/ps0.ipynb", "hw1/ps0 (1).ipynb", "hw1/ps0 (2).ipynb"],
        [f"Copy of Problem set 0{end}.ipynb" for end in ("", " (1)", " (2)")],
    ],
)
def test_files_that_name_nobody_are_nobody_s(paths, all_sets):
    sorting = sort(all_sets, *paths)
    assert [(entry.path, entry.status) for entry in sorting.problems] == [
        (p, NO_NAME) for p in paths
    ]
    assert not sorting.counts and not sorting.doubts


@pytest.mark.parametrize(
    "paths",
    [
        ["Tuesday/ps0.ipynb", "Tuesday/ps0 (1).ipynb"],
        ["A/jane_ps0.ipynb", "B/jane_ps0.ipynb"],
        [
            "Jane Doe_12_assignsubmission_file_/a.ipynb",
            "Jane Doe_12_assignsubmission_file_/b.ipynb",
        ],
    ],
)
def test_several_different_notebooks_of_one_student_are_a_doubt(paths, all_sets):
    sorting = sort(all_sets, *paths)
    (found,) = sorting.counts
    assert found.one.path == paths[1]
    assert sorting.doubts == [f"{found.one.student}, ps0_toy: which one counts? {', '.join(paths)}"]
    look = f"LOOK: taken for one person's: {', '.join(paths)}"
    assert found.notes == ["the newest of 2 files", look]
    assert [(e.path, e.status) for e in sorting.aside] == [
        (paths[0], f"not graded: {paths[1]} counts")
    ]


def test_a_file_that_came_twice_and_a_platform_s_attempts_are_no_doubt(all_sets):
    twice = sort(all_sets, "a/jane_ps0.ipynb", "b/jane_ps0.ipynb", same=True)
    assert not twice.doubts and twice.aside[0].status == "the same as b/jane_ps0.ipynb"
    canvas = sort(all_sets, "doe_1_7_ps0-2.ipynb", "doe_1_6_ps0-1.ipynb")
    assert not canvas.doubts and canvas.counts[0].one.path == "doe_1_7_ps0-2.ipynb"
    dates = [f"Ps_jdoe_attempt_2026-11-{day}-10-15-33_ps0.ipynb" for day in (23, 22)]
    assert sort(all_sets, *dates).counts[0].one.path == dates[0]
    assert not sort(all_sets, *dates).doubts


def test_two_spellings_of_one_name_are_a_doubt(all_sets):
    sorting = sort(all_sets, "jane doe_ps0.ipynb", "Doe-Jane_ps0.ipynb", "bob_ps0.ipynb")
    assert sorting.doubts == ["one student, or 2? Doe-Jane, jane_doe"]
    assert spellings(["José", "jose", "Joe"]) == [["José", "jose"]]
    assert plain("Ärger_3") == "arger 3"


def test_the_table_shows_every_notebook_and_every_problem_before_anything_is_graded(all_sets):
    sorting = sort(all_sets, "doejane_12_3_ps0.ipynb", "leo/ps0.ipynb", "ps0.ipynb")
    lines = table_of(sorting).splitlines()
    assert [line.split(maxsplit=1) for line in lines[1:]] == [
        ["12", "(doejane)  ps0_toy  doejane_12_3_ps0.ipynb"],
        ["?", "-        ps0.ipynb"],
        ["leo", "ps0_toy  leo/ps0.ipynb"],
    ]


def test_doubts_stop_the_command_before_anything_is_written(tmp_path, capsys):
    sources = toy.write(tmp_path / "sources").parent
    for number in range(2):
        path = tmp_path / "in" / "jane" / f"ps0 ({number}).ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook(number))
    command = [str(tmp_path / "in"), "--sources", str(sources), "--out", str(tmp_path / "out")]
    assert grade.main(command) == 1
    said = capsys.readouterr()
    assert "jane  ps0_toy  jane/ps0 (1).ipynb" in said.out
    assert "nothing was graded yet" in said.err and "AS_SHOWN=yes" in said.err
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------------ the roster

ROSTER = """Student;ID;SIS User ID;SIS Login ID;Section
    Points Possible;;;;
Doe, Jane;11;x1;jdoe;A
Doe, Jane;12;x2;jdoe2;B
García, José;13;x3;jgarcia;A
Lee, Leo;14;x4;llee;A
"""


def written(path: Path, text: str) -> list[Person]:
    path.write_text(text, "utf-8-sig")
    return read_roster(path)


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("hw/11_ps3.ipynb", "11"),
        ("jdoe2/ps3.ipynb", "12"),
        ("garciajose_99_88_ps3.ipynb", "13"),
        ("Jose Garcia_815_assignsubmission_file_/ps3.ipynb", "13"),
        ("leo/ps3.ipynb", "14"),
        ("12 Jane Doe/ps3.ipynb", "12"),
    ],
)
def test_a_roster_says_who_it_is(path, student, tmp_path):
    roster = written(tmp_path / "class.csv", ROSTER)
    (one,) = named(path, roster=roster)
    assert (one.student, one.problem) == (student, "")
    assert one.name == {person.id: person.name for person in roster}[student]


def test_a_file_that_fits_nobody_or_two_in_the_roster_says_so(tmp_path):
    roster = written(tmp_path / "class.csv", ROSTER)
    nobody, two = named("tim_ps3.ipynb", "Jane Doe/ps3.ipynb", roster=roster)
    assert nobody.problem == "fits nobody in the roster"
    assert two.problem == "fits 2 people of the roster: 11 (Doe, Jane), 12 (Doe, Jane)"


def test_a_roster_s_column_for_files_settles_what_no_name_says(tmp_path):
    files = ["Copy of Problem set 3.ipynb", "Copy of Problem set 3 (1).ipynb"]
    text = f"id,name,file\n5,Ann,{files[0]}\n6,Bob,{files[1]}\n6,Bob,x.ipynb\n"
    roster = written(tmp_path / "class.csv", text)
    assert students(*files, "x.ipynb", roster=roster) == ["5", "6", "6"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name\nAnn\n", "must have a column 'id', not"),
        ("id,name\n1,Ann\n1,Bob\n", "must have each id once, not '1' again"),
    ],
)
def test_a_roster_without_ids_or_with_one_twice_is_refused(text, complaint, tmp_path):
    with pytest.raises(ValueError, match=complaint):
        written(tmp_path / "class.csv", text)
    with pytest.raises(ValueError, match="must be a table in UTF-8"):
        read_roster(tmp_path / "none.csv")


UPLOADS = {
    "canvas": "Student=Doe, Jane|ID=11|SIS User ID=x1|SIS Login ID=jdoe|Section=A|T=7",
    "moodle": "ID number=11|Full name=Doe, Jane|Email address=|T=7",
    "brightspace": "OrgDefinedId=11|Username=jdoe|T Points Grade=7|End-of-Line Indicator=#",
    "blackboard": "Last Name=Doe|First Name=Jane|Username=jdoe|T=7",
    "google_classroom": "Last Name=Doe|First Name=Jane|Email Address=|T=7",
}


@pytest.mark.parametrize("platform", UPLOADS)
def test_grades_come_out_in_the_columns_of_each_platform_with_everybody(
    platform, all_sets, tmp_path
):
    roster = written(tmp_path / "class.csv", ROSTER)
    entry = Entry("11", "Jane", "ps0_toy", "a.ipynb", GRADED, points={"q1": 7})
    tables.write_uploads(tmp_path, [entry], all_sets, roster)
    text = (tmp_path / f"{platform}.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text.replace("Problem set 0: A toy", "T"))))
    assert "|".join(f"{key}={value}" for key, value in rows[0].items()) == UPLOADS[platform]
    assert len(rows) == 4
    assert {row[next(key for key in row if key.startswith("T"))] for row in rows[1:]} == {""}


def test_who_has_handed_in_nothing_is_said(all_sets, tmp_path, capsys):
    grader = grade.Grader.__new__(grade.Grader)
    grader.problems, grader.warnings, grader.graded, grader.out = [], [], 0, tmp_path
    grader.roster = written(tmp_path / "class.csv", ROSTER)
    grader.aside = [Entry("12", "Jane", "", "a.pdf", "not a notebook")]
    grader.entries = lambda: [Entry("11", "Jane", "ps0_toy", "a", GRADED)]
    grade.summarise(grader)
    line = "nothing from 13 (García, José)"
    said = capsys.readouterr().out
    assert f"MISSING: {line}" in said and "from 11" not in said and "from 12" not in said
    write_class_page(tmp_path / "c.html", [], all_sets, "process", grader.missing())
    page = (tmp_path / "c.html").read_text("utf-8")
    assert f"<li>{line}</li>" in page and "2 need a look" in page


# ------------------------------------------------------------------------ zips and folders


def zipped(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_zips_within_zips_are_read_and_nothing_is_unpacked_outside(tmp_path):
    inner = zipped(**{"ps3_dense.ipynb": b"inner", "../../evil_ps3.ipynb": b"evil"})
    names = {"doejane_11_22_work.zip": inner, "__MACOSX/._x.ipynb": b"junk"}
    (tmp_path / "export.zip").write_bytes(zipped(**names, **{"roe_12_23_ps3.ipynb": b"roe"}))
    for place in (tmp_path, tmp_path / "export.zip"):
        read = [one for one in read_submissions(place) if not one.problem]
        name_students(read, ["ps3_dense"])
        assert [(one.student, one.load()) for one in read] == [
            ("11", b"inner"),
            ("11", b"evil"),
            ("12", b"roe"),
        ]
    assert [path.name for path in tmp_path.rglob("*")] == ["export.zip"]


def test_damaged_and_encrypted_files_in_zips_cost_nobody_else_anything(tmp_path, monkeypatch):
    names = {"ann_ps3.ipynb": b"n" * 50, "bob_ps3.ipynb": b"b" * 50, "eve_ps3.ipynb": b"e" * 50}
    data = zipped(**names, **{"large_ps3.ipynb": b"l" * 99}).replace(b"b" * 50, b"c" * 50)
    date = zipfile.ZipFile(io.BytesIO(data)).infolist()[0].date_time
    stamp = ((date[0] - 1980) << 9 | date[1] << 5 | date[2]).to_bytes(2, "little")
    central = data.index(b"PK\x01\x02")
    data = data[:central] + data[central:].replace(stamp, b"\0\0")  # month 0, day 0
    eve = data.rindex(b"PK\x01\x02", 0, data.rindex(b"eve_ps3"))
    data = data[: eve + 8] + b"\x01" + data[eve + 9 :]  # the flag: encrypted
    (tmp_path / "a.zip").write_bytes(data)
    (tmp_path / "b.zip").write_bytes(data[:-22] + b"PK\x05\x06" + b"\xff" * 16 + b"\0\0")
    monkeypatch.setattr("instructors.submissions.LARGEST", 98)
    problems = {one.path: one.problem for one in read_submissions(tmp_path)}
    assert problems == {
        "a.zip/ann_ps3.ipynb": "",
        "a.zip/bob_ps3.ipynb": "the file is damaged inside its zip: BadZipFile",
        "a.zip/eve_ps3.ipynb": "the file is encrypted",
        "a.zip/large_ps3.ipynb": "the file is larger than 100 MiB",
        "b.zip": "the zip is damaged: BadZipFile",
    }


def test_a_zip_has_room_for_notebooks_only(tmp_path, monkeypatch):
    names = {"film.mp4": b"f" * 500, "ann_ps3.ipynb": b"a" * 60, "bob_ps3.ipynb": b"b" * 60}
    inner = zipped(**{"eve_ps3.ipynb": b"e" * 30, "dan_ps3.ipynb": b"d" * 60})
    (tmp_path / "all.zip").write_bytes(zipped(**names, **{"more.zip": inner}))
    monkeypatch.setattr("instructors.submissions.ALL", 160 + len(inner))
    read = {Path(one.path).name[:3]: one for one in read_submissions(tmp_path)}
    assert [name for name, one in read.items() if one.problem] == ["dan"]
    assert "not read: there are more than" in read["dan"].problem
    assert read["eve"].load() == b"e" * 30


def test_a_large_film_beside_the_notebooks_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "film_ps3.mp4").write_bytes(b"f" * 500)
    (tmp_path / "ann_ps3.ipynb").write_bytes(b"a" * 500)
    monkeypatch.setattr("instructors.submissions.LARGEST", 400)
    ann, film = read_submissions(tmp_path)
    assert not film.is_notebook and "is larger than" in ann.problem


def test_a_zip_with_backslashes_is_read(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped(**{"ps3\\": b"", "ps3\\jane\\ps3.ipynb": b"x"}))
    (one,) = read_submissions(tmp_path)
    name_students([one])
    assert (one.path, one.student) == ("a.zip/ps3/jane/ps3.ipynb", "jane")


def test_a_name_in_another_encoding_is_read_and_can_be_written(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"jos\xe9_ps3.ipynb")).write_text("x")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    (one,) = read_submissions(tmp_path)
    name_students([one])
    assert one.path == "jos\ufffd_ps3.ipynb" and one.student == "jos"


@pytest.mark.parametrize("out", ["grades", "."])
def test_what_the_grader_wrote_is_no_submission(out, tmp_path):
    out = tmp_path / out
    for name in ("nbgrader/state.json", "nbgrader/submitted/ann/ps3/ps3.ipynb", "written.csv"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("x")
    for name in ("ann_ps3.ipynb", "feedback/bob_ps3.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert len(read_submissions(tmp_path)) == (2 if out != tmp_path else 1)
