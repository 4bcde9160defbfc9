"""The problem sets grade rightly: a correct solution passes, a wrong one loses its question.

`make test` prints the table at its end. What is tried: tests/instructors/problem_sets/psN.txt.
"""

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from course import ROOT
from instructors import sets
from instructors.course import Autograde, Course

FOLDER = Path(__file__).parent / "problem_sets"
sys.path.insert(0, str(FOLDER))

import run  # noqa: E402
import toy  # noqa: E402
import variants  # noqa: E402
from variants import Variant, clauses_of  # noqa: E402

DEFAULT_STEPS = Autograde.autograde_preprocessors.default()
SETS = sorted((ROOT / "notebooks" / "assignments").glob("ps*.ipynb"))


def tried(path: Path) -> dict:
    """Results of a problem set's solution, its untouched release and all variants."""
    command = [sys.executable, str(FOLDER / "run.py"), str(path), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def counts(report: dict) -> dict[str, dict[bool, list[bool]]]:
    """Per question: was each correct (True) and each wrong (False) variant graded as it should?"""
    graded = {question: {True: [], False: []} for question in report["points"]}
    for entry in report["variants"]:
        variant = Variant(**entry["variant"])
        as_it_should = not run.complaints({**report, "variants": [entry]})
        graded[variant.question][variant.right].append(as_it_should)
    return graded


def clauses_share(name: str, question: str, report: dict) -> str:
    """ "4/5": of 5 clauses of the task, 4 have a variant that violates them and is refused."""
    clauses, refused = clauses_of(name)[question], set()
    for entry in report["variants"]:
        variant = Variant(**entry["variant"])
        if variant.question == question and not run.complaints({**report, "variants": [entry]}):
            refused.add(variant.clause)
    return f"{len(refused & set(clauses))}/{len(clauses)}"


def rows(name: str, report: dict) -> list[str]:
    """The table's lines for one problem set."""
    lines = []
    for question, graded in counts(report).items():
        shares = [f"{sum(graded[right])}/{len(graded[right])}" for right in (True, False)]
        points = report["points"][question]
        shares.append(clauses_share(name, question, report))
        columns = f"{shares[0]:>10} {shares[1]:>8} {shares[2]:>8}"
        lines.append(f"{name:<26} {question:<9} {points:>6g} {columns}")
    return lines


@pytest.mark.first
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_every_solution_gets_the_points_that_it_deserves(path, problem_set_table):
    report = tried(path)
    problem_set_table.extend(rows(path.stem, report))
    assert not run.complaints(report)
    assert set(report["solution"]) == set(report["untouched"]) == set(report["points"])
    for question, graded in counts(report).items():
        assert len(graded[True]) >= 3, f"{question} needs three correct solutions"
        assert len(graded[False]) >= 6, f"{question} needs six wrong solutions"


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_variants_differ_from_each_other_and_from_the_model_solution(path):
    cells = {cell.id: cell.source for cell in run.read(path)}
    codes = [(v.question, v.code.strip()) for v in run.variants_of(path.stem)]
    assert all(code != cells[question].strip() for question, code in codes)
    assert not [code for code, times in Counter(codes).items() if times > 1]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("* a loop: `c + k` → `c`", "is no entry"),
        ("- no code", "is no entry"),
        ("- a slip: `c + n` → `c`", "is not in the code"),
        ("- a slip: `c + k` -> `c`", "is no edit"),
        ("- a slip\n    `c + k` → `c`, `k`", "is no edit"),
    ],
)
def test_a_slip_in_the_list_of_variants_is_noticed(line, complaint, tmp_path):
    path = tmp_path / "ps9.txt"
    path.write_text(f"A set.\n\n== q1\n+ a sum\n    c + k\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match=complaint):
        variants.read(path)


def words(text: str) -> str:
    """A text in one line: where the lines of a task end doesn't matter."""
    return " ".join(text.split())


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_every_clause_is_in_its_task_and_has_a_variant_that_violates_it(path):
    cells = {cell.id: words(cell.source) for cell in run.read(path)}
    clauses = clauses_of(path.stem)
    for question, quotes in clauses.items():
        missing = [quote for quote in quotes if quote not in cells[f"{question}-task"]]
        assert not missing, f"{question}: not in the task: {missing}"
        violated = [v.clause for v in run.variants_of(path.stem) if v.question == question]
        assert set(quotes) <= set(violated) and len(quotes) == len(set(quotes))
    assert set(clauses) == set(run.points(run.read(path)))


def names_used(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def names_defined(source: str) -> set[str]:
    return {node.name for node in ast.parse(source).body if hasattr(node, "name")}


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_no_question_s_tests_use_what_another_question_asks_for(path):
    cells = [cell for cell in run.read(path) if cell.cell_type == "code"]
    asked = {
        run.question(cell): names_defined(cell.source) for cell in cells if not run.is_test(cell)
    }
    for cell in filter(run.is_test, cells):
        others = [
            names for question, names in asked.items() if question not in (run.question(cell), "")
        ]
        assert not names_used(cell.source) & set().union(*others), cell.id


def mixed(path: Path) -> tuple[dict[str, str], dict[str, float]]:
    """Answers by question, every second one wrong, and the points that they deserve."""
    points, answers = run.points(run.read(path)), {}
    for place, question in enumerate(points):
        right = place % 2 == 0
        of_this = [v for v in run.variants_of(path.stem) if v.question == question]
        answers[question] = next(v.code for v in of_this if v.right == right)
        points[question] *= right
    return answers, points


@pytest.mark.first
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_nbgrader_s_own_execution_agrees(path, tmp_path):
    answers, expected = mixed(path)
    course = Course(tmp_path)
    course.config.Autograde.autograde_preprocessors = DEFAULT_STEPS
    course.config.Execute.timeout = 300
    notebook = course.release(sets.read_sets(path.parent, path.stem)[path.stem])
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    course.autograde(path.stem, "student", notebook)
    with course.gradebook() as book:
        grades = book.find_submission_notebook(path.stem, path.stem, "student").grades
        points = {grade.name.removesuffix("_tests"): grade.auto_score for grade in grades}
    assert {question: points[question] for question in expected} == expected


@pytest.fixture(scope="module")
def toy_report(tmp_path_factory):
    return tried(toy.write(tmp_path_factory.mktemp("assignments")))


def test_the_toy_is_graded_rightly_and_its_rows_say_so(toy_report):
    assert run.complaints(toy_report) == []
    assert [line.split() for line in rows("ps0_toy", toy_report)] == [
        ["ps0_toy", "q1", "50", "1/1", "2/2", "1/1"],
        ["ps0_toy", "q2", "30", "1/1", "1/1", "1/1"],
    ]


def changed(report: dict, right: bool, tests: dict) -> dict:
    """The report with one variant, and with other results for it."""
    variant = {"question": "q1", "name": "made up", "code": "", "right": right}
    return {**report, "variants": [{"variant": variant, "tests": tests}]}


@pytest.mark.parametrize(
    ("right", "tests", "complaint"),
    [
        (True, {"q1": ["wrong", 0], "q2": ["", 0]}, "q1, correct: made up: q1 fails: wrong"),
        (False, {"q1": ["", 0], "q2": ["", 0]}, "q1, wrong: made up: q1 passes"),
        (False, {"q1": ["wrong", 0], "q2": ["too", 0]}, "q1, wrong: made up: q2 fails: too"),
    ],
)
def test_a_variant_that_is_graded_wrongly_is_reported(right, tests, complaint, toy_report):
    assert complaint in run.complaints(changed(toy_report, right, tests))


def test_a_variant_that_ends_the_process_does_not_end_the_others():
    assert "the process" in run.in_a_fork(lambda: os._exit(3))
    assert run.in_a_fork(lambda: {"q1": ["", 0]}) == {"q1": ["", 0]}
