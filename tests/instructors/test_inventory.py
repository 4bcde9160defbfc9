"""The concept inventory: its questions, and what the class page says of simulated classes."""

import copy
import json
import re
from collections import Counter

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

from course import ROOT, notebook
from instructors import gains, grade, inventory, repair
from instructors.class_page import write_class_page
from instructors.course import Course
from instructors.entry import GRADED, Entry, State
from instructors.names import anonymise, name_students
from instructors.release import check_no_trace
from instructors.sets import for_nbgrader, marked
from instructors.submissions import Submission

IDEAS = inventory.ideas()
NAMES = [f"concepts_{form}" for form in inventory.FORMS]


# ------------------------------------------------------------------------ the questions


def test_there_are_twelve_ideas_each_with_a_wrong_idea_of_the_guide_and_a_section():
    guide = (ROOT / "book" / "instructors" / "chapters.md").read_text(encoding="utf-8")
    assert len(IDEAS) == len({idea.name for idea in IDEAS}) == 12
    for idea in IDEAS:
        assert idea.guide in guide, idea.name
        chapter, heading = idea.teach
        cells = [c.source for c in notebook(chapter).cells if c.cell_type == "markdown"]
        assert re.search(rf"^#+ {re.escape(heading)}$", "\n".join(cells), re.MULTILINE), heading


@pytest.mark.parametrize("form", inventory.FORMS)
def test_each_question_has_four_different_answers_and_the_right_one_stands_anywhere(form):
    for number, idea in enumerate(IDEAS, 1):
        assert len(set(idea.answers[form])) == len(set(idea.beliefs)) == 4, idea.name
        assert sorted(idea.letters(form, number).values()) == [0, 1, 2, 3]
        assert idea.letters(form, number)[inventory.RIGHT[form][number - 1]] == 0
    assert set(Counter(inventory.RIGHT[form]).values()) == {3}
    right = [
        len(idea.answers[form][0]) for idea in IDEAS
    ]  # the longest answer is not the right one
    longest = [max(map(len, idea.answers[form][1:])) for idea in IDEAS]
    assert sum(a > b for a, b in zip(right, longest, strict=True)) <= 4


def test_the_numbers_in_the_answers_are_those_of_the_arithmetic():
    by_name = {idea.name: idea.answers for idea in IDEAS}
    for form, inputs, layers, k in (("pre", 64, 6, 32), ("post", 48, 8, 12)):
        out = inputs + layers * k
        assert by_name["What k counts"][form] == [*map(str, (out, k, inputs + k, layers * k))]
        assert by_name["What a layer reads"][form] == [*map(str, (out - k, out, k, inputs))]
        first = inputs if form == "pre" else 24
        assert first * 4 * k + 4 * k * 9 * k > first * 9 * k  # the bottleneck costs


def test_two_forms_ask_about_the_same_ideas_in_other_words():
    first, second = (inventory.concept_sets()[name] for name in NAMES)
    for number, idea in enumerate(IDEAS, 1):
        texts = [one.cell(f"q{number}_task").source for one in (first, second)]
        assert texts[0] != texts[1], idea.name
    assert [q.name for q in first.questions] == [q.name for q in second.questions]
    assert inventory.RIGHT["pre"] != inventory.RIGHT["post"]


# ------------------------------------------------------------------------ released and graded


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("release"))
    return {name: course.release(one) for name, one in inventory.concept_sets().items()}


@pytest.mark.parametrize("name", NAMES)
def test_students_get_questions_with_a_place_for_a_letter_and_no_answer(name, released):
    one = inventory.concept_sets()[name]
    check_no_trace(one, released[name])
    cells = {cell.id: cell.source for cell in released[name].cells}
    assert cells["q3"].strip() == 'answer_3 = "?"  # A, B, C or D'
    assert "HIDDEN" not in str(released[name]) and "chose" not in str(released[name])
    unread = repair.repair(released[name], for_nbgrader(one), released[name])
    assert list(marked(unread)) == list(marked(released[name]))


def answered(released, name: str, letters: str) -> nbformat.NotebookNode:
    filled = copy.deepcopy(released[name])
    for number, letter in enumerate(letters, 1):
        cell = next(cell for cell in filled.cells if cell.id == f"q{number}")
        cell.source = cell.source.replace("?", letter)
    return filled


@pytest.mark.filterwarnings("ignore")
def test_both_forms_are_graded_like_sets_and_anonymous_if_wanted(released, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    right = dict(zip(NAMES, inventory.RIGHT.values(), strict=True))
    wrong_first = "D" + right[NAMES[0]][1:]
    for student, name, letters in (
        ("jane", NAMES[0], wrong_first),
        ("jane", NAMES[1], right[NAMES[1]].lower()),
    ):
        data = json.dumps(answered(released, name, letters))
        (tmp_path / "in" / f"{student}_{name}.ipynb").write_text(data, "utf-8")
    out = tmp_path / "out"
    sources = ["--sources", str(grade.FOLDER)]
    assert grade.main([str(tmp_path / "in"), "--out", str(out), "--anonymous", *sources]) == 0
    entries = State(out / "nbgrader" / "state.json").entries.values()
    points = {entry.set_name: entry.points for entry in entries}
    assert points[NAMES[1]] == {f"q{number}": 1 for number in range(1, 13)}
    assert points[NAMES[0]] == {**points[NAMES[1]], "q1": 0}
    (pre,) = [entry for entry in entries if entry.set_name == NAMES[0]]
    assert pre.failed == {"q1": "AssertionError: chose D"}
    assert len({entry.student for entry in entries}) == 1
    assert "jane" not in capsys.readouterr().out
    for path in out.rglob("*"):
        assert "jane" not in path.name
        assert path.is_dir() or b"jane" not in path.read_bytes(), path
    assert "What the class has learned" in (out / "class.html").read_text("utf-8")


def test_a_code_is_one_student_s_and_says_no_name():
    files = [Submission(f"{name}.ipynb") for name in ("jane_ps1", "jane_ps2", "bob_ps1", "ps1")]
    name_students(files)
    anonymise(files, b"secret")
    jane, again, bob, nobody = (one.student for one in files)
    assert jane == again != bob and nobody == ""
    assert len({one.path for one in files}) == 4 and not re.search("jane|bob", str(files))
    assert all(one.is_notebook for one in files)
    other = [Submission("jane_ps1.ipynb")]
    name_students(other)
    anonymise(other, b"another secret")
    assert other[0].student != jane


# ------------------------------------------------------------------------ simulated classes


def simulated(
    students: int, before: float, gain: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Right (1) or wrong (0): who knew it still does; of the others, the share `gain` learns it."""
    draw = np.random.default_rng(seed)
    first = draw.random(students) < before
    second = first | (draw.random(students) < gain)
    return first.astype(int), second.astype(int)


@pytest.mark.parametrize("paired", [True, False])
def test_a_known_gain_lies_within_the_interval(paired):
    inside = []
    for seed in range(150):
        before, gain = [(0.2, 0.1), (0.4, 0.5), (0.6, 0.7)][seed % 3]
        first, second = simulated(120, before, gain, seed)
        if not paired:
            second = simulated(100, before, gain, 1000 + seed)[1]
        found = gains.gain_of(first, second, paired)
        inside.append(found.low <= gain <= found.high)
    assert 0.88 <= np.mean(inside) <= 0.99  # of 95 % intervals, 150 of them


def test_knowing_who_is_who_makes_the_interval_narrower():
    first, second = simulated(200, 0.5, 0.3, 0)
    paired, apart = (gains.gain_of(first, second, known) for known in (True, False))
    assert paired.gain == apart.gain and paired.high - paired.low < apart.high - apart.low


def test_the_gain_is_the_share_of_what_could_be_gained():
    before = np.array([1] * 40 + [0] * 60)
    found = gains.gain_of(before, np.array([1] * 70 + [0] * 30), paired=True)
    assert (found.before, found.after, found.gain) == pytest.approx((0.4, 0.7, 0.5))
    assert not found.teach_again
    nobody = gains.gain_of(before, before, paired=True)
    assert nobody.gain == 0 and nobody.high - nobody.low > 0.02  # no certainty all the same
    assert gains.gain_of(before, before, paired=True).teach_again
    ones = np.ones(30, int)
    assert np.isnan(gains.gain_of(ones, ones, True).gain)
    assert not gains.gain_of(ones, ones, True).teach_again
    with pytest.raises(ValueError, match=r"after=\(3,\) must have the shape of before=\(100,\)"):
        gains.gain_of(before, np.ones(3), paired=True)


def a_class(students: int, gain: list[float], same: bool = True) -> list[Entry]:
    """Entries of both forms; who is wrong chooses the letter after the right one."""
    entries = []
    tables = [simulated(students, 0.4, one, seed) for seed, one in enumerate(gain)]
    for form, name in enumerate(NAMES):
        for student in range(students):
            points = {f"q{i}": float(table[form][student]) for i, table in enumerate(tables, 1)}
            failed = {}
            for i, right in enumerate(inventory.RIGHT[name.removeprefix("concepts_")], 1):
                if not points[f"q{i}"]:
                    after = "ABCD"[("ABCD".index(right) + 1) % 4]
                    failed[f"q{i}"] = f"AssertionError: chose {after}"
            who = f"s{student}" if same else f"s{form}.{student}"
            entries.append(Entry(who, who, name, "a", GRADED, points=points, failed=failed))
    return entries


def shown(entries: list[Entry], path) -> tuple[str, dict[str, list[str]]]:
    """The class page's words before the table of gains, and its rows by idea."""
    write_class_page(path, entries, inventory.concept_sets(), "process")
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    heading = page.find("h2", string="What the class has learned")
    table = heading.find_next("table")
    lines = [[cell.text for cell in row.find_all("td")] for row in table.find_all("tr")[1:]]
    return heading.find_next("p").text, {line[0]: line[1:] for line in lines}


@pytest.mark.parametrize("same", [True, False])
def test_the_class_page_says_what_was_learned_and_what_to_teach_again(same, tmp_path):
    entries = a_class(200, [0.05] * 3 + [0.8] * 9, same)
    said, rows = shown(entries, tmp_path / "class.html")
    assert list(rows) == [idea.name for idea in IDEAS] and "too few" not in said
    assert ("200 students, both times" in said) is same
    for place, idea in enumerate(IDEAS):
        before, after, gain, again, wrong = rows[idea.name]
        low, high = map(float, re.findall(r"-?\d\.\d\d", gain)[1:])
        assert (high < 0.3) is (place < 3) and low < high
        chapter, heading = idea.teach
        assert again == (f"chapter {int(chapter[:2])}, {heading}" if place < 3 else "")
        assert wrong.startswith(idea.beliefs[1])


def test_ten_students_are_told_that_they_are_too_few(tmp_path):
    said, _ = shown(a_class(10, [0.5] * 12), tmp_path / "class.html")
    assert "10 students, both times" in said and "These are too few to say" in said


def test_one_form_alone_shows_no_gain(tmp_path):
    entries = [entry for entry in a_class(30, [0.5] * 12) if entry.set_name == NAMES[0]]
    write_class_page(tmp_path / "c.html", entries, inventory.concept_sets(), "process")
    assert "What the class has learned" not in (tmp_path / "c.html").read_text("utf-8")
