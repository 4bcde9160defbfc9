"""The concept inventory: two forms of twelve questions, as problem sets that `grade` takes.

    concept_sets()["concepts_pre"], concept_sets()["concepts_post"]

The questions are in `concepts.toml`. How much a class has learned: `gains.py`.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .sets import ProblemSet

FORMS = {"pre": "before the course", "post": "after the course"}
LETTERS = "ABCD"
# Where the right answer stands: each letter three times in each form.
RIGHT = {"pre": "CADBBDACDBCA", "post": "BDACABDCCABD"}
CHOSE = "chose "  # begins the message of a test, and names the answer

INTRO = """# Concept inventory, {form}

Twelve questions, twenty minutes. Nobody expects you to know all of this. What you answer shows
what to explain again, so answer every question, and don't look anything up.

For each question, put one letter in place of the question mark: `"B"`. Nothing needs to be run."""
TESTS = """given = str(answer_{number}).strip().upper()
assert given in tuple("ABCD"), f"no answer to question {number}: {{answer_{number}!r}}"
### BEGIN HIDDEN TESTS
assert given == "{letter}", f"{chose}{{given}}"
### END HIDDEN TESTS"""


@dataclass(frozen=True)
class Idea:
    """One idea, and what learners believe instead.

    Args:
        name: such as "What k counts".
        guide: a wrong idea in the words of the instructors' guide.
        teach: the chapter and section to teach again.
        questions: by form.
        answers: by form; the right one first.
        beliefs: the wrong idea behind each answer; "" for the right one.
    """

    name: str
    guide: str
    teach: tuple[str, str]
    questions: dict[str, str]
    answers: dict[str, list[str]]
    beliefs: list[str]

    def letters(self, form: str, number: int) -> dict[str, int]:
        """By letter, which of the answers stands there. Questions are numbered from 1."""
        shift = LETTERS.index(RIGHT[form][number - 1])
        return {letter: (place - shift) % 4 for place, letter in enumerate(LETTERS)}


@functools.cache
def ideas() -> list[Idea]:
    """The twelve ideas, in the order of the questions."""
    text = Path(__file__).with_name("concepts.toml").read_text(encoding="utf-8")
    found = []
    for one in tomllib.loads(text)["idea"]:
        answers = {
            form: [one["right"][i], *(wrong[i] for wrong in one["wrong"])]
            for i, form in enumerate(FORMS)
        }
        beliefs = ["", *(wrong[2] for wrong in one["wrong"])]
        questions = {form: one[form] for form in FORMS}
        teach = tuple(one["teach"])
        found.append(Idea(one["name"], one["guide"], teach, questions, answers, beliefs))
    return found


def concept_sets() -> dict[str, ProblemSet]:
    """Both forms, by name: concepts_pre and concepts_post."""
    names = {form: f"concepts_{form}" for form in FORMS}
    return {name: ProblemSet(name, _notebook(form), stub="") for form, name in names.items()}


def form_of(set_name: str) -> str | None:
    """ "pre" or "post" for a form of the inventory; None for another set."""
    form = set_name.removeprefix("concepts_")
    return form if form in FORMS and form != set_name else None


def _notebook(form: str) -> NotebookNode:
    cells = [new_markdown_cell(INTRO.format(form=FORMS[form]), id="title")]
    for number, idea in enumerate(ideas(), 1):
        cells += _question(idea, form, number)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    language = {"name": "python", "pygments_lexer": "ipython3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": language})


def _question(idea: Idea, form: str, number: int) -> list[NotebookNode]:
    letters = idea.letters(form, number)
    shown = [f"- **{letter}**: {idea.answers[form][place]}" for letter, place in letters.items()]
    task = "\n".join([f"## Question {number}\n\n{idea.questions[form]}\n", *shown])
    right = RIGHT[form][number - 1]
    answer = f'answer_{number} = "?"  # A, B, C or D\n'
    answer += f'### BEGIN SOLUTION\nanswer_{number} = "{right}"\n### END SOLUTION'
    tests = TESTS.format(number=number, letter=right, chose=CHOSE)
    return [
        _cell(new_markdown_cell, task, f"q{number}-task", locked=True),
        _cell(new_code_cell, answer, f"q{number}", solution=True),
        _cell(new_code_cell, tests, f"q{number}-tests", locked=True, grade=True, points=1),
    ]


def _cell(kind, source: str, identity: str, **marks) -> NotebookNode:
    usual = {"grade": False, "locked": False, "solution": False, "task": False}
    mark = {"schema_version": 3, "grade_id": identity.replace("-", "_"), **usual, **marks}
    return kind(source, id=identity, metadata={"nbgrader": mark})
