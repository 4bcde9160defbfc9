"""Grading: a class with hostile and broken files, and every part of the way from file to points."""

import concurrent.futures
import copy
import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import torch
from bs4 import BeautifulSoup
from IPython.core.interactiveshell import InteractiveShell
from nbgrader import dbutil

import missing
from course import ROOT
from densenet_lesson import checks
from instructors import causes, class_page, execute, grade, repair, sandbox, sets, tables
from instructors import course as nbgrader_side
from instructors.course import Autograde, Course
from instructors.entry import GRADED, Entry, State
from instructors.runner import Runner
from instructors.sorting import Sorting
from instructors.submissions import Submission
from tools import links

sys.path.insert(0, str(Path(__file__).parent / "problem_sets"))

import toy  # noqa: E402

pytestmark = pytest.mark.first
NAME = toy.NAME
FULL = {"q1": 50, "q2": 30, "q3": 20}
GROW = "def grow(in_channels, growth_rate, num_layers):\n"
RIGHT = f"{GROW}    return in_channels + growth_rate * num_layers\n"
WRONG = f"{GROW}    return growth_rate * num_layers\n"
SCALE = """class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.gain = nn.Parameter(self.gain.reshape(1))

    def forward(self, x):
        return (self.gain * x).clamp(min=0)
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return toy.write(tmp_path_factory.mktemp("sources")).parent


@pytest.fixture(scope="module")
def released(sources, tmp_path_factory):
    one = sets.read_sets(sources)[NAME]
    return Course(tmp_path_factory.mktemp("release")).release(one)


def filled(released, **answers: str) -> nbformat.NotebookNode:
    """A student's notebook: right answers, but for those given by cell id."""
    answers = {"q1": RIGHT, "q2": SCALE, "q3": toy.ANSWER, **answers}
    notebook = copy.deepcopy(released)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def bytes_of(notebook: nbformat.NotebookNode) -> bytes:
    return json.dumps(notebook).encode()


# ------------------------------------------------------------------------ a class

SNOOP = """import os, subprocess
found = []
for folder, folders, files in os.walk("/"):
    if folder.startswith(("/proc", "/sys", "/usr", "/dev", sys_prefix, base_prefix)):
        folders.clear()
        continue
    for name in files:
        path = os.path.join(folder, name)
        try:
            small = os.path.getsize(path) < 1_000_000  # no library is
            text = open(path, errors="replace").read() if small else ""
        except OSError:
            continue
        if name.endswith((".ipynb", ".db")) or "secret_" + "expected" in text:
            found.append(path)
for path in paths:
    if os.path.exists(path):
        found.append(path)
print("FOUND", found, "ENV", sorted(os.environ), "UID", os.getuid())
print("PROCESSES", [pid for pid in os.listdir("/proc") if pid.isdigit()])
try:
    open("/course/densenet_lesson/checks.py", "a")
except OSError as error:
    print("READ-ONLY", error)
"""

SOCKET = """import socket
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=2)
    print("CONNECTED")
except OSError as error:
    print("REFUSED", error)
"""

FORGE = """import os
for number in range(3, 30):
    try:
        os.write(number, b'{"outputs": [], "error": null, "changed": [], "token": ""}\\n')
    except OSError:
        pass
"""

HELPERS = """from densenet_lesson import checks
import torch, builtins
checks.same = checks.shape = lambda *arguments, **options: None
checks.raises.__code__ = (lambda *arguments, naming, error=None: None).__code__
torch.testing.assert_close = torch.allclose = lambda *arguments, **options: True
builtins.isinstance = lambda *arguments: True
AssertionError = SystemExit
list = sum = max = None
class Scale(nn.Module):
    def forward(self, x):
        return x
"""

RUNNER = """import instructors.runner as runner
runner.Runner._test = lambda self, code: ([], None)
def grow(*arguments):
    return 0
"""

NASTY = """
torch.set_default_device("meta")
torch.Tensor.to = nn.Linear.__call__ = lambda *arguments, **options: None
__builtins__ = {}
### BEGIN HIDDEN TESTS
### END HIDDEN TESTS
"""

FLOAT64 = f"torch.set_default_dtype(torch.float64)\n{SCALE}"
SEABORN = "import no_such_module\n"
NEWER = f"{RIGHT}what a later Python may read\n"

EDITED = "print('Question 1: the visible tests pass.')"

# Per student: the answers that differ from the right ones, and the points that are right.
CLASS = {
    "good": ({}, FULL),
    "wrong": ({"q1": WRONG}, {**FULL, "q1": 0}),
    "exit": ({"q1": f"{RIGHT}import sys\nsys.exit()"}, FULL),
    "os_exit": ({"q1": "import os\nos._exit(0)"}, {**FULL, "q1": 0}),
    "in_test": ({"q1": f"{GROW}    import os\n    os._exit(0)"}, {**FULL, "q1": 0}),
    "memory": ({"q1": f"{RIGHT}hog = [b'x' * 10**8 for _ in range(10**4)]"}, FULL),
    "output": ({"q1": f"{RIGHT}for _ in range(1000):\n    print('x' * 10**5)"}, FULL),
    "helpers": ({"q2": HELPERS}, {**FULL, "q2": 0}),
    "forge": ({"q1": FORGE + WRONG}, {**FULL, "q1": 0}),
    "runner": ({"q1": RUNNER}, {"q1": 0, "q2": 0, "q3": 20}),
    "nasty": ({"title": "![a photo](attachment:gone.png)", "q2": SCALE + NASTY}, FULL),
    "halves": ({"q1": f"{RIGHT}print('caf\\udce9')", "title": "\ud83d"}, FULL),
    "float64": ({"q2": FLOAT64}, FULL),
    "widget": ({"q1": f"%matplotlib widget\n{RIGHT}"}, FULL),
    "module": ({"q1": SEABORN + RIGHT}, {**FULL, "q1": 0}),
    "imports": ({"imports": SEABORN + "from torch import nn"}, {**FULL, "q2": 0}),
    "space": ({"q1": RIGHT.replace(" + ", "\xa0+ ")}, {**FULL, "q1": 0}),
    "newer": ({"q1": NEWER}, {**FULL, "q1": 0}),
    "claims": ({"q1": f"from unittest.mock import ANY\n{GROW}    return ANY"}, {**FULL, "q1": 0}),
}


@pytest.fixture(scope="module")
def listener():
    """A server on this machine that counts who reaches it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        yield server


@pytest.fixture(scope="module")
def graded(sources, released, listener, tmp_path_factory):
    """A class that was graded by the command, with everything that the command wrote."""
    folder = tmp_path_factory.mktemp("class")
    out = folder / "grades"
    handed_in = folder / "in"
    handed_in.mkdir()
    for student, (answers, _) in CLASS.items():
        notebook = filled(released, **answers)
        if student == "newer":
            notebook.metadata.language_info.version = "3.99.1"
        (handed_in / f"{student}_{NAME}.ipynb").write_bytes(bytes_of(notebook))
    paths = [str(sources / f"{NAME}.ipynb"), str(out / "nbgrader" / "gradebook.db"), str(handed_in)]
    about = f"paths, sys_prefix, base_prefix = {paths!r}, {sys.prefix!r}, {sys.base_prefix!r}\n"
    snoop = filled(released, q1=f"{RIGHT}{about}{SNOOP}")
    snoop.cells.insert(3, nbformat.v4.new_code_cell(SOCKET.format(port=listener.getsockname()[1])))
    (handed_in / f"snoop_{NAME}.ipynb").write_bytes(bytes_of(snoop))
    edited = filled(released, q1=WRONG, **{"q1-tests": EDITED, "q3-task": "easy"})
    edited.cells = [cell for cell in edited.cells if cell.id != "q2-tests"]
    edited.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}
    (handed_in / f"edited_{NAME}.ipynb").write_bytes(bytes_of(edited))
    untouched = copy.deepcopy(released)
    links.settle_links(untouched, sets.FOLDER)  # as it is handed out
    (handed_in / f"untouched_{NAME}.ipynb").write_bytes(bytes_of(untouched))
    own = bytes_of(filled(released, q3='=HYPERLINK("http://x")\nmy own <b>words</b>'))
    (handed_in / f"doejane_LATE_4711_9_{NAME}-2.ipynb").write_bytes(own)
    (handed_in / f"doejane_4711_8_{NAME}-1.ipynb").write_bytes(bytes_of(released))
    (handed_in / "broken_1_1_ps0.ipynb").write_text("{'no': json")
    (handed_in / "empty_2_1_ps0.ipynb").write_text("")
    (handed_in / "doejane_4711_8_mine.txt").write_text("some words")
    (handed_in / "._x.ipynb").write_text("")
    (handed_in / "essay_3_1_mine.pdf").write_text("%PDF")
    stranger = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Shopping")])
    (handed_in / "stranger_4_1_ps0.ipynb").write_bytes(bytes_of(stranger))
    (handed_in / f"{NAME}.ipynb").write_bytes(bytes_of(released))
    command = [str(handed_in), "--sources", str(sources), "--out", str(out), "--workers", "2"]
    command += ["--cell-seconds", "60", "--memory", "2"]
    assert grade.main(command) == 0
    return out, handed_in, command


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def entry(graded, student: str) -> Entry:
    state = State(graded[0] / "nbgrader" / "state.json")
    return state.entries[student, NAME]


def remarks(graded, student: str) -> list[str]:
    """Of an entry: all but that its written answer is the model's, which `filled` has put there."""
    notes = entry(graded, student).notes
    assert "LOOK: q3 is the model answer, word for word" in notes
    return [note for note in notes if "the model answer" not in note]


def executed(graded, student: str) -> str:
    return (graded[0] / "nbgrader" / "executed" / student / f"{NAME}.ipynb").read_text("utf-8")


@pytest.mark.parametrize("student", CLASS)
def test_everyone_gets_the_points_that_their_notebook_deserves(student, graded):
    assert entry(graded, student).points == CLASS[student][1]


def test_an_untouched_release_gets_nothing(graded):
    assert entry(graded, "untouched").points == {"q1": 0, "q2": 0, "q3": 0}
    assert entry(graded, "untouched").notes == []


def test_edited_and_deleted_tests_and_a_wrong_kernel_change_nothing(graded):
    found = entry(graded, "edited")
    assert found.points == {**FULL, "q1": 0}
    assert "its kernel was 'R': graded with Python" in found.notes
    assert EDITED not in [
        cell["source"] for cell in json.loads(executed(graded, "edited"))["cells"]
    ]


def test_what_stops_a_notebook_is_said_with_its_cell(graded):
    assert remarks(graded, "os_exit") == ["stopped in q1: it ended its Python process"]
    assert remarks(graded, "in_test") == ["stopped in q1_tests: it ended its Python process"]
    assert remarks(graded, "forge") == ["stopped in q1: it answered for the grader"]


def test_a_notebook_that_replaces_the_runner_is_caught(graded):
    assert "TAMPERED with the grader" in entry(graded, "runner").notes
    page = (graded[0] / "class.html").read_text("utf-8")
    assert f"runner ({'runner'}_{NAME}.ipynb)</strong>: TAMPERED" in page


@pytest.mark.parametrize(
    ("student", "question", "cause", "looks"),
    [
        ("module", "q1", "ModuleNotFoundError: No module named 'no_such_module' (so", True),
        ("imports", "q2", "ModuleNotFoundError: No module named 'no_such_module' (so", True),
        ("space", "q1", "SyntaxError: invalid non-printable character U+00A0", False),
        ("newer", "q1", "(written for Python 3.99, and graded with 3.", True),
    ],
)
def test_what_stopped_an_answer_is_said_and_not_what_followed(
    student, question, cause, looks, graded
):
    assert cause in entry(graded, student).failed[question]
    found = [note for note in remarks(graded, student) if "right on the student's machine" in note]
    assert len(found) == looks
    shown = BeautifulSoup((graded[0] / "class.html").read_text("utf-8"), "html.parser").text
    assert cause in shown or not looks
    page = (graded[0] / "feedback" / student / f"{NAME}.html").read_text("utf-8")
    page = " ".join(BeautifulSoup(page, "html.parser").text.split())
    assert "Your own cell stopped before the tests:" in page
    assert cause.removesuffix(" (so") in page


def test_another_default_type_is_no_tampering_and_a_right_answer_counts(graded):
    changed = "had changed the default dtype (torch.float64): put back before the tests"
    assert remarks(graded, "float64") == [changed]


def test_a_test_that_failed_before_any_cell_stopped_keeps_its_message():
    error = execute._failure("NameError", "name 'grow' is not defined")
    scratch = nbformat.v4.new_code_cell("1 / 0", outputs=[execute._failure("Z", "zero")])
    marks = {"nbgrader": {"grade_id": "q1_tests", "grade": True}}
    tests = nbformat.v4.new_code_cell("", outputs=[error], metadata=marks)
    assert causes.explain(nbformat.v4.new_notebook(cells=[scratch, tests])) == []
    assert tests.outputs[0].evalue == "name 'grow' is not defined"


def test_redefined_helpers_are_put_back_and_named(graded):
    notes = " ".join(entry(graded, "helpers").notes)
    assert re.search(r"had changed .*torch.testing.assert_close.*: put back", notes)
    assert "had changed builtins.isinstance: put back before the tests" in notes


def test_memory_and_output_have_limits(graded):
    assert "MemoryError" in executed(graded, "memory")
    text = executed(graded, "output")
    assert "The rest of the output was cut off" in text and len(text) < 300_000


@pytest.fixture
def bubblewrap():
    if not shutil.which("bwrap"):
        missing.do_without(missing.BUBBLEWRAP)
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    if "/" not in [mount.split()[4] for mount in mounts]:
        pytest.skip(missing.CHROOT)


@pytest.mark.usefixtures("bubblewrap")
def test_a_notebook_sees_no_sources_gradebook_other_submissions_or_processes(graded):
    text = executed(graded, "snoop")
    assert "FOUND [] ENV" in text, text
    assert "READ-ONLY" in text
    assert re.search(r"PROCESSES \['1', '2'(, '3')?\]", text), text
    assert not [name for name in ("TOKEN", "SSH", "PYTEST") if f"'{name}" in text]
    if os.geteuid() == 0:
        assert "UID 65534" in text


@pytest.mark.usefixtures("bubblewrap")
def test_a_notebook_reaches_no_network_not_even_this_machine(graded, listener):
    assert "REFUSED" in executed(graded, "snoop")
    with pytest.raises(TimeoutError):
        listener.accept()


def test_files_that_cannot_be_graded_are_said_loudly_everywhere(graded):
    status = {row["file"]: row["status"] for row in table(graded[0] / "status.csv")}
    expected = {
        "broken_1_1_ps0.ipynb": "the file is not a notebook: it is not JSON",
        "empty_2_1_ps0.ipynb": "the file is empty",
        "essay_3_1_mine.pdf": "not a notebook",
        "stranger_4_1_ps0.ipynb": "no problem set of this course: its title and metadata are lost",
        f"{NAME}.ipynb": "no student's name or number in the file's name",
    }
    assert {name: status[name] for name in expected} == expected
    page = BeautifulSoup((graded[0] / "class.html").read_text("utf-8"), "html.parser")
    problems = page.find(class_="problem").get_text()
    assert all(name in problems and text in problems for name, text in expected.items())


def test_the_highest_attempt_counts_and_lateness_is_marked(graded):
    row = next(
        row for row in table(graded[0] / "status.csv") if row["points"] and row["student"] == "4711"
    )
    assert (row["late"], row["points"], row["waiting"]) == ("late", "80", "q3")
    assert row["notes"] == "the newest of 2 files"


def test_every_file_of_an_export_is_in_exactly_one_line(graded):
    found = sorted(row["file"] for row in table(graded[0] / "status.csv"))
    assert found == sorted(path.name for path in graded[1].iterdir())
    status = {row["file"]: row["status"] for row in table(graded[0] / "status.csv")}
    older, newer = f"doejane_4711_8_{NAME}-1.ipynb", f"doejane_LATE_4711_9_{NAME}-2.ipynb"
    assert (status[older], status[newer]) == (f"not graded: {newer} counts", "graded")
    assert status["doejane_4711_8_mine.txt"] == "not a notebook"
    assert status["._x.ipynb"] == "not read: a file that the system has made, not the student"


def test_the_gradebook_table_has_canvas_columns_and_one_row_per_student(graded):
    rows = table(graded[0] / "grades.csv")
    title = "Problem set 0: A toy"
    identity = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert list(rows[0]) == [*identity, title]
    points = {row["ID"]: row[title] for row in rows}
    assert len(rows) == len(points) == len(CLASS) + 4
    assert (points["good"], points["wrong"], points["4711"]) == ("100", "50", "80")
    assert [row["Student"] for row in rows if row["ID"] == "4711"] == ["doejane"]


def test_feedback_shows_points_and_messages_but_no_hidden_test_and_asks_nobody(graded):
    text = (graded[0] / "feedback" / "wrong" / f"{NAME}.html").read_text("utf-8")
    page = BeautifulSoup(text, "html.parser").get_text()
    assert "expected 23 channels = 3 + 2 × 10, got 20: did you keep the input?" in page
    assert "In the visible tests:" in page
    assert not re.search(r"secret_|HIDDEN", text)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.https?:", text)
    policy = BeautifulSoup(text, "html.parser").find("head").find()  # before anything else
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none';") and "script" not in policy["content"]
    assert "Score: 50.0 / 100.0" in page


def test_the_class_page_asks_nobody_has_alt_texts_and_names_the_isolation(graded):
    text = (graded[0] / "class.html").read_text("utf-8")
    assert not re.search(r"(src|href|url)\s*[=(]\s*.?(https?:)?//", text)
    page = BeautifulSoup(text, "html.parser")
    charts = page.find_all("svg")
    assert len(charts) == 4 and all(len(chart["aria-label"]) > 40 for chart in charts)
    assert page.find("meta", attrs={"name": "viewport"}) and "prefers-color-scheme: dark" in text
    failed = page.find("ol").get_text()
    assert "q1" in failed and "got 20: did you keep the input?" in failed
    state = State(graded[0] / "nbgrader" / "state.json")
    assert sandbox.ISOLATION[state.isolation] in page.get_text()
    links = [Path(graded[0] / link["href"]) for link in page.find_all("a")]
    assert len(links) == len(CLASS) + 4 and all(path.exists() for path in links)


@pytest.mark.filterwarnings("ignore")
def test_written_answers_wait_in_a_table_and_the_next_run_takes_the_points(graded, capsys):
    out, _, command = graded
    row = row_of(out, "4711")
    assert (row["set"], row["question"], row["worth"]) == (NAME, "q3", "20")
    assert row["answer"] == '\'=HYPERLINK("http://x")\nmy own <b>words</b>'
    assert "a secret rubric line" in row["rubric"] and row["points"] == ""
    before = entry(graded, "good")
    write_points(out, "12,5")
    start = time.monotonic()
    assert grade.main(command) == 0
    assert "0 notebooks graded now" in capsys.readouterr().out and time.monotonic() - start < 60
    assert entry(graded, "4711").points == {"q1": 50, "q2": 30, "q3": 12.5}
    assert entry(graded, "good") == before
    assert row_of(out, "4711")["points"] == "12.5"
    page = (out / "feedback" / "4711" / f"{NAME}.html").read_text("utf-8")
    assert "92.5 / 100.0" in BeautifulSoup(page, "html.parser").get_text()


def row_of(out: Path, student: str) -> dict[str, str]:
    (row,) = [row for row in table(out / "written.csv") if row["student"] == student]
    return row


def write_points(out: Path, points: str) -> None:
    row = {**row_of(out, "4711"), "points": points}
    tables._write(out / "written.csv", tables.WRITTEN, [list(row.values())])


@pytest.mark.filterwarnings("ignore")
def test_a_page_that_nbgrader_cannot_make_costs_nobody_else_anything(graded, monkeypatch, capsys):
    out, _, command = graded

    def broken(self, name, student):
        raise RuntimeError("missing attachment")

    page = out / "feedback" / "4711" / f"{NAME}.html"
    with monkeypatch.context() as patch:
        patch.setattr(Course, "feedback", broken)
        write_points(out, "3")
        assert grade.main(command) == 0
    said = capsys.readouterr().out
    assert f"{NAME}-2.ipynb: graded, but NO FEEDBACK PAGE: missing attachment" in said
    assert (
        not page.exists() and f'href="feedback/4711/{NAME}' not in (out / "class.html").read_text()
    )
    grades = {row["ID"]: row["Problem set 0: A toy"] for row in table(out / "grades.csv")}
    assert (grades["4711"], grades["good"]) == ("83", "100")
    assert grade.main(command) == 0 and page.exists()


@pytest.mark.filterwarnings("ignore")
def test_points_are_never_lost_silently(graded, capsys):
    out, _, command = graded
    write_points(out, "4")
    right = (out / "written.csv").read_bytes()
    key = row_of(out, "4711")["key"].encode()
    shown = right.replace(b"\r\n4711,", b"\r\n4.711E+03,").replace(b"my own", b"my o")
    (out / "written.csv").write_bytes(shown.replace(b",20,", b',"20,0",'))  # by a spreadsheet
    assert grade.main(command) == 0
    assert row_of(out, "4711")["points"] == "4"
    wrong = shown.replace(key, b"k1")
    (out / "written.csv").write_bytes(wrong)
    assert grade.main(command) == 1
    said = capsys.readouterr().err
    assert f"written.csv, student 4.711E+03, {NAME}, q3: points=4 match no answer" in said
    assert (out / "written.csv").read_bytes() == wrong
    older = right.replace(key, b"k1")  # the key of what the student had written before
    (out / "written.csv").write_bytes(older)
    assert grade.main(command) == 0
    assert "points=4 are for another text than this answer" in capsys.readouterr().out
    assert row_of(out, "4711")["points"] == ""
    assert (out / "written.csv.bak").read_bytes() == older


@pytest.mark.parametrize("points", ["21", "all", "1_0", "nan", "1e1", "٣"])
def test_points_that_are_no_points_stop_the_run_before_anything_changes(points, tmp_path, sources):
    path = tmp_path / "written.csv"
    row = {"student": "a", "name": "a", "set": NAME, "question": "q3", "worth": "20000"}
    tables.write_written(path, [row | dict.fromkeys(tables.WRITTEN[5:], "") | {"points": points}])
    complaint = f"student a, {NAME}, q3: points='{points}' must be a number from 0 to 20"
    with pytest.raises(ValueError, match=complaint):
        tables.read_written(path, sets.read_sets(sources))


def test_a_table_without_a_column_or_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "written.csv"
    path.write_text("student,points\n", "utf-8")
    with pytest.raises(ValueError, match="the column 'answer' is missing"):
        tables.read_written(path, {})
    path.write_bytes(",".join(tables.WRITTEN).encode() + b"\nJos\xe9")
    with pytest.raises(ValueError, match="is not UTF-8: save it as 'CSV UTF-8'"):
        tables.read_written(path, {})


def test_a_table_that_a_spreadsheet_saved_with_semicolons_is_read(tmp_path, sources):
    path = tmp_path / "written.csv"
    values = ["a", "a", NAME, "q3", "20", "two\r\nlines ", "", "7,5", "k12"]
    path.write_text(";".join(tables.WRITTEN) + "\n" + ";".join(f'"{v}"' for v in values), "utf-8")
    read = tables.read_written(path, sets.read_sets(sources))
    assert read == {"k12": ("a", NAME, "q3", 7.5)}


# ------------------------------------------------------------------------ real nbgrader agrees


def test_nbgrader_s_own_execution_gives_the_same_points(released, sources, tmp_path):
    one = sets.read_sets(sources)[NAME]
    course = Course(tmp_path)
    course.release(one)
    steps = Autograde.autograde_preprocessors.default()
    course.config.Autograde.autograde_preprocessors = steps
    notebook = filled(released, q1=WRONG, q3="words")
    course.autograde(NAME, "student", notebook)
    with course.gradebook() as book:
        grades = book.find_submission_notebook(NAME, NAME, "student").grades
        points = {grade.name: grade.auto_score for grade in grades}
    assert points == {"q1_tests": 0, "q2_tests": 30, "q3": None}


def test_a_gradebook_is_made_below_an_umlaut_where_the_locale_is_ascii(tmp_path, monkeypatch):
    scripts = tmp_path / "kürs raum" / "alembic"
    shutil.copytree(dbutil.ALEMBIC_DIR, scripts)
    monkeypatch.setattr(dbutil, "ALEMBIC_DIR", str(scripts))
    monkeypatch.setenv("LC_ALL", "C")  # for alembic; this Python would have started in UTF-8 mode
    python = SimpleNamespace(executable=sys.executable, flags=SimpleNamespace(utf8_mode=1))
    monkeypatch.setattr(nbgrader_side, "sys", python)
    before = dict(os.environ)
    Course(tmp_path / "made")
    assert (tmp_path / "made" / "gradebook.db").exists()
    assert dict(os.environ) == before


def test_a_gradebook_that_cannot_be_made_is_said_and_not_left_half_made(tmp_path, monkeypatch):
    alembic = tmp_path / "bin" / "alembic"
    alembic.parent.mkdir()
    alembic.write_text("#!/bin/sh\nexit 3\n")
    alembic.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(alembic.with_name("python")))
    with pytest.raises(RuntimeError, match="could not make a gradebook.*alembic.*status 3"):
        Course(tmp_path / "made")
    assert not (tmp_path / "made" / "gradebook.db").exists()


# ------------------------------------------------------------------------ options


@pytest.mark.parametrize("name", ["missing", "empty", "text.zip"])
def test_a_place_without_submissions_is_refused(name, tmp_path, sources, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    command = [str(tmp_path / name), "--sources", str(sources), "--out", str(tmp_path / "out")]
    assert grade.main(command) == 1
    assert f"grade: submissions='{tmp_path / name}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--workers", "0"], "workers=0 must be at least 1"),
        (["--set", "ps7"], "set='ps7' must be one of ps0_toy"),
    ],
)
def test_a_wrong_option_is_refused(options, complaint, tmp_path, sources, capsys):
    (tmp_path / "a_ps0.ipynb").write_text("")
    command = [str(tmp_path), "--sources", str(sources), "--out", str(tmp_path / "out")]
    assert grade.main([*command, *options]) == 1
    assert complaint in capsys.readouterr().err


# ------------------------------------------------------------------------ repairing notebooks


@pytest.fixture
def repaired(released, sources):
    source = sets.for_nbgrader(sets.read_sets(sources)[NAME])
    return lambda notebook, notes=None: repair.repair(
        repair.read_notebook(bytes_of(notebook)), source, released, notes
    )


def answers_of(notebook) -> dict[str, str]:
    return {name: cell.source for name, cell in sets.marked(notebook).items()}


def test_a_repaired_notebook_holds_the_students_answers_and_the_sources_tests(repaired, released):
    cells = answers_of(repaired(filled(released, **{"q1-tests": "pass"})))
    assert cells["q1"] == RIGHT and cells["q2"] == SCALE and cells["q3"] == toy.ANSWER
    assert cells["q1_tests"] == toy.GROW_TESTS and cells["q2_tests"] == toy.SCALE_TESTS


def test_deleted_cells_come_back_at_their_places(repaired, released):
    notebook = filled(released)
    notebook.cells = [cell for cell in notebook.cells if cell.id in ("title", "q2")]
    names = list(answers_of(repaired(notebook)))
    assert names == ["q1_task", "q1", "q1_tests", "q2_task", "q2", "q2_tests", "q3_task", "q3"]
    assert "YOUR CODE HERE" in answers_of(repaired(notebook))["q1"]


def test_a_notebook_saved_by_colab_keeps_its_answers(repaired, released):
    notebook = filled(released)
    for cell in notebook.cells:  # ids move into the metadata, nbgrader's marks are gone
        cell.metadata = {"id": cell.pop("id")}
    notebook.nbformat_minor = 0
    cells = answers_of(repaired(notebook))
    assert cells["q1"] == RIGHT and cells["q1_tests"] == toy.GROW_TESTS


@pytest.mark.filterwarnings("ignore")
def test_of_a_copied_answer_the_last_counts_and_the_others_still_run(repaired, released):
    notebook = filled(released)
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "q1")
    notebook.cells.insert(place, copy.deepcopy(notebook.cells[place]))
    notebook.cells[place].source = "first = 1"
    done = repaired(notebook)
    assert answers_of(done)["q1"] == RIGHT
    assert "first = 1" in [cell.source for cell in done.cells]
    assert len({cell.id for cell in done.cells}) == len(done.cells)


def test_marks_that_a_student_has_changed_do_not_count(repaired, released):
    notebook = filled(released)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(points=1000, grade=False, locked=False, solution=True)
    marks = sets.marked(repaired(notebook))["q1_tests"].metadata.nbgrader
    assert (marks.points, marks.grade, marks.locked, marks.solution) == (50, True, True, False)


def test_pictures_in_an_answer_stay_and_links_to_lost_ones_are_made_harmless(repaired, released):
    text = "![a](attachment:a(1).png) ![b](attachment:b.png) ![c](attachment:c.png)"
    notebook = filled(released, q3=text)
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "q3")
    pictures = {"a(1).png": {"image/png": "aGk="}, "b.png": {}, "c.png": {"image/png": 7}}
    notebook.cells[place].attachments = pictures
    answer = sets.marked(repaired(notebook))["q3"]
    assert answer.attachments == {"a(1).png": {"image/png": "aGk="}}
    assert answer.source == text.replace("attachment:b", "lost-attachment-b").replace(
        "attachment:c", "lost-attachment-c"
    )


def test_nbgraders_markers_in_an_answer_mean_nothing(repaired, released):
    cells = answers_of(repaired(filled(released, q1=f"{RIGHT}### END HIDDEN TESTS")))
    assert cells["q1"] == f"{RIGHT}### end hidden tests"
    assert "### BEGIN HIDDEN TESTS" in cells["q1_tests"]


def test_a_written_answer_in_another_cell_is_pointed_out(repaired, released):
    assert repair.astray(repaired(filled(released)), released) == {}
    assert repair.astray(repaired(released), released) == {}
    notebook = copy.deepcopy(released)
    notebook.cells += [
        nbformat.v4.new_markdown_cell("Because."),
        nbformat.v4.new_code_cell("x = 3"),
    ]
    assert repair.astray(repaired(notebook), released) == {"q3": "Because."}


def order(notebook) -> list[str]:
    return list(answers_of(notebook))


def test_a_notebook_without_ids_and_marks_is_read_by_its_content(repaired, released):
    stripped = filled(released, q3="Nothing is added.")
    for cell in stripped.cells:
        cell.metadata = {}
        cell.pop("id")
    notes = []
    done = repaired(stripped, notes)
    cells = answers_of(done)
    assert (cells["q1"], cells["q2"], cells["q3"]) == (RIGHT, SCALE, "Nothing is added.")
    assert len(done.cells) == len(released.cells) and order(done) == order(repaired(released))
    assert notes == ["LOOK: q1, q2, q3 found by content: not in the cell made for it"]


@pytest.mark.filterwarnings("ignore")
def test_code_in_another_cell_is_the_answer_and_the_empty_cell_does_not_undo_it(repaired, released):
    notebook, notes = copy.deepcopy(released), []
    notebook.cells += [nbformat.v4.new_code_cell(RIGHT)]
    notebook.cells.insert(0, nbformat.v4.new_code_cell(SCALE))
    done = repaired(notebook, notes)
    assert answers_of(done)["q1"] == RIGHT and answers_of(done)["q2"] == SCALE
    assert "NotImplementedError" not in str(done)
    assert order(done)[-2:] == ["q1", "q1_tests"] and order(done)[0] == "q2"
    assert notes == [
        "LOOK: q1, q2 found by content: not in the cell made for it",
        "LOOK: q1 stood behind its tests: graded all the same",
    ]


def test_tests_in_front_of_their_answer_go_behind_it(repaired, released):
    notebook, notes = filled(released), []
    by_id = {cell.id: cell for cell in notebook.cells}
    notebook.cells.remove(by_id["q1"])
    notebook.cells.append(by_id["q1"])
    done = repaired(notebook, notes)
    assert order(done)[-2:] == ["q1", "q1_tests"] and len(done.cells) == len(released.cells)
    assert notes == ["LOOK: q1 stood behind its tests: graded all the same"]
    notes.clear()
    assert order(repaired(filled(released), notes)) == order(repaired(released)) and notes == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_notebook_in_another_unicode_is_read(encoding, released):
    text = json.dumps(filled(released, q3="Größe"), ensure_ascii=False)
    assert sets.marked(repair.read_notebook(text.encode(encoding)))["q3"].source == "Größe"


def test_half_a_letter_becomes_a_question_mark(released):
    data = bytes_of(filled(released, q3="cut \ud83d"))
    assert b"\\ud83d" in data
    notebook = repair.read_notebook(data)
    assert sets.marked(notebook)["q3"].source == "cut ?"


CELL = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}
MARKDOWN = {"cell_type": "markdown", "metadata": {}, "source": "# Problem set 0: A toy"}


@pytest.mark.parametrize(
    "cell",
    [
        {"metadata": {}, "source": "1"},
        {**CELL, "cell_type": "video"},
        {**CELL, "source": 17},
        {**CELL, "source": [1, 2]},
        {**CELL, "source": {"a": 1}},
    ],
)
def test_a_notebook_with_a_malformed_cell_is_damaged(cell):
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [MARKDOWN, cell]}
    with pytest.raises(repair.Unreadable, match="the notebook is damaged"):
        repair.read_notebook(json.dumps(content).encode())


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": None, "densenet_lesson": "x"},
        {"kernelspec": {"language": None}, "densenet_lesson": {"problem_set": []}},
        {"kernelspec": [], "densenet_lesson": {"problem_set": {"a": 1}}, "language_info": 3},
    ],
)
def test_malformed_metadata_are_ignored(metadata, sources, released, tmp_path, monkeypatch):
    monkeypatch.setattr(grade, "Course", lambda root: None)  # slow, and not needed here
    tagged = {**CELL, "id": "not an id!", "metadata": {"tags": None, "nbgrader": [3]}}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata}
    content["cells"] = [MARKDOWN, tagged, {**CELL, "metadata": {"tags": [3, "setup"]}}]
    data = json.dumps(content).encode()
    one = Submission("a.ipynb", lambda: data, student="a", name="a")
    (job,) = grader(sources, tmp_path).take(Sorting(sets.read_sets(sources)).sort([one]))
    assert job.entry.set_name == NAME and job.entry.notes == []
    source = sets.for_nbgrader(sets.read_sets(sources)[NAME])
    done = repair.repair(job.notebook, source, released)
    nbformat.validate(done)
    assert repair.INSTALLED in [cell.source for cell in done.cells]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b" \n", "the file is empty"),
        (b"\xff\xfe\x00", "it is not JSON"),
        (b"\x80nonsense", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[1, 2]", "without nbformat"),
        (b'{"nbformat": 4, "cells": 3}', "the notebook is damaged"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "has no cells"),
        (b'{"nbformat": 99, "cells": []}', "the notebook is damaged"),
        (b'{"nbformat": 4, "cells": [17]}', "the notebook is damaged"),
    ],
)
def test_a_file_that_is_no_notebook_says_why(data, why):
    with pytest.raises(repair.Unreadable, match=why):
        repair.read_notebook(data)


def test_a_set_is_recognised_by_metadata_and_else_by_title(released, sources):
    all_sets = sets.read_sets(sources)
    notebook = copy.deepcopy(released)
    assert sets.set_of(notebook, all_sets) == NAME
    notebook.metadata = {}
    assert sets.set_of(notebook, all_sets) == NAME
    notebook.cells[0].source = "# Something else"
    assert sets.set_of(notebook, all_sets) is None


# ------------------------------------------------------------------------ sandboxes


def test_the_strongest_way_that_starts_is_chosen(monkeypatch, tmp_path):
    starts = {"unshare"}
    monkeypatch.setattr(sandbox, "_starts", lambda one: one.way in starts)
    monkeypatch.setattr(sandbox, "ways", lambda: list(sandbox.ISOLATION))
    assert sandbox.choose(tmp_path).way == "unshare"
    starts.clear()
    with pytest.raises(RuntimeError, match="Tried: bubblewrap, other user, bubblewrap, unshare"):
        sandbox.choose(tmp_path)
    with pytest.raises(ValueError, match="only='docker' must be one of 'bubblewrap, other user'"):
        sandbox.choose(tmp_path, only="docker")


def test_without_bubblewrap_the_weaker_ways_are_left_and_called_weak(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert sandbox.ways() == ["process"]
    assert "WEAK" in sandbox.ISOLATION["process"] and "WEAK" in sandbox.ISOLATION["unshare"]


def test_a_plain_process_has_an_empty_folder_and_no_environment(released, tmp_path):
    course = sandbox.course_copy(tmp_path)
    assert not list(course.rglob("*.ipynb"))
    code = "import os\nprint(sorted(os.listdir('.')), 'PYTEST_CURRENT_TEST' in os.environ)\n1 + 1"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    run = execute.Run(sandbox.choose(course, only="process"))
    (cell,) = run.execute(notebook).cells
    assert cell.outputs[0].text == "['.ipython', '.matplotlib'] False\n"
    assert cell.outputs[1].data["text/plain"] == "2" and run.notes == []
    assert not Path(run.process.home).exists()


def test_a_cell_that_never_ends_is_stopped_and_the_others_run(tmp_path):
    limits = sandbox.Limits(cell_seconds=2)
    run = execute.Run(sandbox.choose(sandbox.course_copy(tmp_path / "course"), limits, "process"))
    codes = ["while True:\n    pass", "print(6 * 7)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in codes])
    loop, other = run.execute(notebook).cells
    assert run.notes == ["stopped in code cell 1: it took more than 2 s"]
    assert loop.outputs[0].evalue == "it took more than 2 s" and other.outputs[0].text == "42\n"


@pytest.fixture(scope="module")
def runner():
    """The runner, in this process: what it does to a cell, without a sandbox."""
    threads = torch.get_num_threads()
    yield Runner(1000)
    torch.set_num_threads(threads)
    InteractiveShell.clear_instance()


def test_a_students_cell_may_use_magics_and_shows_its_last_value(runner):
    reply = runner.run("student", "%matplotlib inline\nprint('hello')\n6 * 7")
    stream, shown = reply["outputs"]
    assert stream == {"output_type": "stream", "name": "stdout", "text": "hello\n"}
    assert shown["data"]["text/plain"] == "42" and reply["error"] is None


def test_a_picture_is_kept_and_a_huge_one_is_not(runner):
    picture = "from IPython.display import display, Markdown\ndisplay(Markdown('x' * {}))"
    (shown,) = runner.run("student", picture.format(10))["outputs"]
    assert shown["data"]["text/markdown"] == "x" * 10
    (shown,) = runner.run("student", picture.format(10**5))["outputs"]
    assert "cut off" in shown["data"]["text/plain"]


def test_many_pictures_have_one_limit(runner):
    many = "from IPython.display import display, Markdown\nfor _ in range(9):\n"
    shown = runner.run("student", f"{many}    display(Markdown('x' * 6000))")["outputs"]
    assert len(shown) == 4 and "cut off" in shown[-1]["data"]["text/plain"]


@pytest.mark.parametrize(
    ("code", "name", "line"),
    [
        ("a = 1\na / 0", "ZeroDivisionError", "your line 2, in <module>: a / 0"),
        ("def f(:\n    pass", "SyntaxError", "your line 1: def f(:"),
        ("import sys\nsys.exit(3)", "SystemExit", "your line 2, in <module>: sys.exit(3)"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_an_error_names_the_students_line(code, name, line, runner):
    error = runner.run("student", code)["error"]
    assert error["ename"] == name
    assert line in "\n".join(error["traceback"])


def test_a_test_cell_is_not_disturbed_by_names_that_hide_builtins(runner):
    runner.run("student", "def twice(x):\n    return sum([x, x])\nlist = int = AssertionError = 3")
    assert runner.run("test", "assert list((twice(int('2')),)) == [4]")["error"] is None
    error = runner.run("test", "\n\nassert twice(1) == 3, 'not twice'")["error"]
    assert (error["ename"], error["evalue"], error["line"]) == ("AssertionError", "not twice", 3)
    assert runner.run("student", "list + 1")["error"] is None


def test_what_tests_rely_on_is_put_back_whatever_a_cell_did(runner):
    assert_close, fill, code = torch.testing.assert_close, checks.fill_, checks.same.__code__
    code_before = "import torch, sys\nfrom densenet_lesson import arithmetic, checks, training\n"
    changes = "arithmetic.flops = training.evaluate = print\n"
    changes += "torch.testing.assert_close = checks.fill_ = print\nchecks.len = print\n"
    changes += "checks.same.__code__ = (lambda *a, **k: None).__code__\n"
    changes += "torch.set_grad_enabled(False)\ntorch.set_default_dtype(torch.float64)\n"
    changes += (
        "torch.set_default_device('meta')\ntorch.Tensor.to = torch.nn.ReLU.__call__ = print\n"
    )
    changes += "torch.nn.Linear.forward = print\ntorch.Tensor.own = lambda self: 7\n"
    changes += "del sys.modules['torch.testing']"
    assert runner.run("student", code_before + changes)["error"] is None
    changed = runner.run("test", "assert torch.testing is sys.modules['torch.testing']")["changed"]
    assert {"same", "torch.testing.assert_close", "densenet_lesson.checks.len"} < {*changed}
    measured = {"densenet_lesson.arithmetic.flops", "densenet_lesson.training.evaluate"}
    assert measured < {*changed}
    assert (torch.testing.assert_close, checks.fill_) == (assert_close, fill)
    assert checks.same.__code__ is code and not hasattr(checks, "len")
    assert torch.is_grad_enabled() and torch.get_default_dtype() is torch.float32
    assert {"Tensor.to", "ReLU.__call__", "Linear.forward"} < {*changed}
    assert torch.nn.ReLU()(torch.nn.Linear(1, 1)(torch.ones(1)).to("cpu")).device.type == "cpu"
    assert torch.ones(1).own() == 7  # what hides nothing stays
    del torch.Tensor.own


def test_tests_have_pythons_own_builtins(runner):
    runner.run("student", "__builtins__ = {'len': lambda x: 3, 'AssertionError': ValueError}")
    assert runner.run("test", "assert len([]) == 0")["error"] is None
    runner.shell.user_ns["__builtins__"] = __builtins__


def test_a_test_that_cannot_run_is_told_from_one_that_was_tampered_with(monkeypatch, tmp_path):
    reply = {"error": {"ename": "TypeError", "evalue": "no"}, "changed": []}
    monkeypatch.setattr(execute.Run, "_ask", lambda self, pipe, request: reply)
    run = execute.Run(sandbox.Sandbox("process", tmp_path))
    assert run._trapped(None).ename == "NotRun"
    assert run.notes == [
        "stopped before a test: an earlier cell has broken what tests need: TypeError: no"
    ]
    reply["error"] = None
    assert run._trapped(None).ename == "Tampering"
    reply["error"] = {"evalue": "held"}
    assert run._trapped(None) is None


def test_what_pytorch_wraps_itself_is_no_tampering(runner):
    import torch._dynamo  # noqa: F401, which wraps torch.manual_seed

    assert runner.run("test", "pass")["changed"] == []


class Talker:
    """Stands for a sandbox's process: says what it is told to, on a real pipe."""

    def __init__(self, said: bytes) -> None:
        reader, writer = os.pipe()
        os.write(writer, said)
        self.stdout, self.writer, self.pid = os.fdopen(reader, "rb"), writer, os.getpid()
        self.reader, writer = os.pipe()
        self.stdin = os.fdopen(writer, "wb")


def test_a_request_that_nobody_reads_does_not_wait_for_ever():
    pipe = execute.Pipe(Talker(b""), 2**40, 10**6)
    with pytest.raises(execute.Broken, match="took more than 0 s"):
        pipe.write({"code": "x" * 2**20}, time.monotonic() + 0.2)


def test_a_request_that_is_longer_than_a_pipe_arrives_whole(tmp_path):
    limits = sandbox.Limits(cell_seconds=60)
    run = execute.Run(sandbox.choose(sandbox.course_copy(tmp_path / "course"), limits, "process"))
    source = f"text = '{'x' * 2**20}'\nprint(len(text))"
    cell = nbformat.v4.new_code_cell(source)
    (cell,) = run.execute(nbformat.v4.new_notebook(cells=[cell])).cells
    assert [output.text for output in cell.outputs] == ["1048576\n"] and run.notes == []


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has such files")
def test_files_in_memory_count_as_memory():
    before = execute._memory_files(os.getpid())
    with open(os.memfd_create("hidden"), "wb") as file:
        file.write(b"x" * 2**20)
        file.flush()
        assert execute._memory_files(os.getpid()) - before == 2**20
    assert execute._memory_files(2**22 + 1) == 0  # no such process


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"[" * 50_000 + b"\n", "answered for the grader"),
        (b"nonsense\n", "answered for the grader"),
        (b'"half', "took more than 0 s"),
    ],
)
def test_a_process_that_talks_nonsense_or_too_little_is_broken(said, complaint):
    pipe = execute.Pipe(Talker(said), 2**40, 10**6)
    with pytest.raises(execute.Broken, match=complaint):
        pipe.read(time.monotonic() + 0.2)


def test_too_much_memory_or_too_many_processes_are_broken():
    for memory, processes, complaint in ((-1, 10**6, "memory"), (2**40, -1, "processes")):
        pipe = execute.Pipe(Talker(b""), memory, processes)
        with pytest.raises(execute.Broken, match=complaint):
            pipe.read(time.monotonic() + 5)


# ------------------------------------------------------------------------ the run


def grader(sources, out) -> grade.Grader:
    return grade.Grader(sets.read_sets(sources), out)


def test_a_problem_set_whose_solution_fails_here_grades_nobody(sources, tmp_path, monkeypatch):
    def failing(self, notebook):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [execute._failure("AssertionError", "no")]
        return notebook

    monkeypatch.setattr(execute.Run, "execute", failing)
    one = grader(sources, tmp_path)
    job = grade.Job(Entry("a", "a", NAME, "a.ipynb", GRADED), None)
    with pytest.raises(RuntimeError, match="the model solution of ps0_toy fails its own tests"):
        one.grade([job], sandbox.Sandbox("process", tmp_path))
    assert one.state.entries == {}


def test_a_failure_of_the_grader_is_no_grade_and_is_tried_again(
    sources, released, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(grade.Grader, "_check", lambda self, one: None)
    monkeypatch.setattr(grade.sandboxes, "choose", lambda *a: sandbox.Sandbox("process", tmp_path))
    monkeypatch.setattr(grade.sandboxes, "course_copy", lambda folder: folder)

    def broken(self, notebook):
        raise OSError("disk full")

    monkeypatch.setattr(execute.Run, "execute", broken)
    handed_in = tmp_path / "in"
    handed_in.mkdir()
    (handed_in / f"jane_{NAME}.ipynb").write_bytes(bytes_of(released))
    command = [str(handed_in), "--sources", str(sources), "--out", str(tmp_path / "out")]
    for _ in range(2):
        assert grade.main(command) == 1
        assert "NOT GRADED, the grader failed: disk full" in capsys.readouterr().out
    assert table(tmp_path / "out" / "grades.csv") == []

    def interrupted(self, notebook):
        raise KeyboardInterrupt

    monkeypatch.setattr(execute.Run, "execute", interrupted)
    assert grade.main(command) == 130
    assert "run it again to go on" in capsys.readouterr().err


def test_a_run_that_was_interrupted_goes_on_where_it_was(sources, released, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / "in" / f"s{number}{number}_{NAME}.ipynb").write_bytes(bytes_of(released))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "instructors.grade", str(tmp_path / "in"), "--out", str(out)]
    command += ["--sources", str(sources), "--workers", "1", "--isolation", "process"]
    started = {"cwd": ROOT, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, **started)
    state = out / "nbgrader" / "state.json"
    while process.poll() is None and not (state.exists() and State(state).entries):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert "run it again to go on" in process.communicate()[1] and process.returncode == 130
    before = State(state).entries
    assert 1 <= len(before) < 3 and not (out / "grades.csv").exists()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert f"{3 - len(before)} notebooks graded now, 3 in all" in again.stdout, again.stderr
    after = State(state).entries
    assert all(after[key].fingerprint == entry.fingerprint for key, entry in before.items())
    assert len(table(out / "grades.csv")) == 3


def test_no_more_notebooks_are_in_memory_than_are_worked_on(tmp_path):
    one = grade.Grader.__new__(grade.Grader)
    one.workers, alive, most = 2, set(), 0

    class Notebook:
        def __init__(self) -> None:
            alive.add(id(self))

        def __del__(self) -> None:
            alive.discard(id(self))

    one._execute = lambda job: Notebook()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = []
        for job, future in one._executed(pool, list(range(50))):
            done.append(job)
            del future
            most = max(most, len(alive))
    assert sorted(done) == list(range(50)) and most <= 2 * one.workers + 1


def test_the_options_of_the_command_are_the_limits(
    sources, released, tmp_path, monkeypatch, capsys
):
    def choose(course, limits, isolation):
        raise RuntimeError(f"{isolation}, {limits}")

    monkeypatch.setattr(grade.sandboxes, "choose", choose)
    monkeypatch.setattr(grade.sandboxes, "course_copy", lambda folder: folder)
    (tmp_path / f"jane_{NAME}.ipynb").write_bytes(bytes_of(released))
    command = [str(tmp_path), "--sources", str(sources), "--out", str(tmp_path / "out")]
    command += ["--cell-seconds", "7", "--notebook-seconds", "90", "--memory", "0.5"]
    assert grade.main([*command, "--isolation", "process"]) == 1
    limits = sandbox.Limits(cell_seconds=7.0, notebook_seconds=90.0, memory=2**29)
    assert f"grade: process, {limits}\n" in capsys.readouterr().err


def test_a_changed_set_is_graded_anew_and_who_is_missing_is_said(
    released, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(grade.Grader, "_check", lambda self, one: None)
    monkeypatch.setattr(grade.sandboxes, "choose", lambda *a: sandbox.Sandbox("process", tmp_path))
    monkeypatch.setattr(grade.sandboxes, "course_copy", lambda folder: folder)
    monkeypatch.setattr(execute.Run, "execute", lambda self, notebook: notebook)
    path, handed_in = toy.write(tmp_path / "sources"), tmp_path / "in"
    handed_in.mkdir()
    for student in ("ann", "bob"):
        data = bytes_of(filled(released))
        (handed_in / f"{student}_{NAME}.ipynb").write_bytes(data)
    command = [str(handed_in), "--sources", str(path.parent), "--out", str(tmp_path / "out")]
    assert grade.main(command) == 0
    changed = path.read_text("utf-8").replace('"q1_tests"', '"q9_tests"')
    path.write_text(changed.replace('"points": 50', '"points": 40'), "utf-8")
    (handed_in / f"bob_{NAME}.ipynb").unlink()
    capsys.readouterr()
    assert grade.main(command) == 0
    assert "graded before this set was changed, and not in this folder" in capsys.readouterr().out
    entries = State(tmp_path / "out" / "nbgrader" / "state.json").entries
    assert list(entries) == [("ann", NAME)]
    assert entries["ann", NAME].points == {"q9": 40, "q2": 30, "q3": 20}


def test_the_class_page_of_a_fine_class_says_so(tmp_path, sources):
    all_sets = sets.read_sets(sources)
    one = Entry("a", "Ann <x>", NAME, "a.ipynb", GRADED, points=dict(FULL))
    class_page.write_class_page(tmp_path / "c.html", [one], all_sets, "bubblewrap")
    text = (tmp_path / "c.html").read_text("utf-8")
    assert "Every file was graded." in text and "No test failed." in text
    assert "Ann &lt;x&gt;" in text and "<x>" not in text


def test_the_class_page_groups_failures_by_question_and_kind(tmp_path, sources):
    said = ["expected 23 channels = 3 + 2 × 10, got {}: did you keep the input?"] * 9
    said = [text.format(value) for value, text in enumerate(said)]
    said += [said[3], "expected 23 channels = 3 + 2 × 10, got None: did you keep the input?"]
    said += ["NameError: name 'grow' is not defined"]
    entries = [
        Entry(str(i), "", NAME, "a.ipynb", GRADED, points=dict(FULL), failed={"q1": text})
        for i, text in enumerate(said)
    ]
    class_page.write_class_page(tmp_path / "c.html", entries, sets.read_sets(sources), "process")
    page = BeautifulSoup((tmp_path / "c.html").read_text("utf-8"), "html.parser")
    (question,) = page.find("ol").find_all("li", recursive=False)
    assert question.find("strong").text == "q1" and ": 12 of 12" in question.text
    most, other = (item.text for item in question.find_all("li"))
    assert most == f"11 × {said[3]} (or with other values: 10 messages)"
    assert other == "1 × NameError: name 'grow' is not defined"
    kinds = {class_page.kind_of(f"shape {value} is wrong") for value in ("(2, 3)", "(4, 5, 6)")}
    assert len(kinds) == 1 and class_page.kind_of("x2 of conv1") == "x2 of conv1"
