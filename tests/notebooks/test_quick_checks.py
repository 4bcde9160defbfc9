"""Quick checks: questions with folded answers, of one form in all chapters."""

import re

import pytest

from course import all_notebooks, notebook

ANSWER = r"<details><summary>([^\n]+)</summary>\n\n(Right|Wrong)\. [^\n].*?\n\n</details>"
QUESTION = r"\*\*Quick check\.\*\* [^\n].*?"
FORM = rf'<div class="quick-check">\n\n{QUESTION}\n\n({ANSWER}\n\n){{3,4}}</div>'


def quick_checks() -> dict[str, str]:
    """The source of every quick check, by chapter and cell."""
    return {
        f"{chapter}:{cell.id}": cell.source
        for chapter in all_notebooks()
        for cell in notebook(chapter).cells
        if "quick-check" in cell.metadata.get("tags", []) or "quick-check" in cell.source
    }


def test_there_are_quick_checks():
    assert len(quick_checks()) >= 2  # else the test below would see nothing


@pytest.mark.parametrize("name", quick_checks())
def test_a_quick_check_has_three_or_four_answers_with_reasons_and_one_is_right(name):
    source = quick_checks()[name]
    assert name.partition(":")[2].startswith("check-")
    assert re.fullmatch(FORM, source, re.DOTALL), source
    answers = re.findall(ANSWER, source, re.DOTALL)
    assert len({text for text, _ in answers}) == len(answers)
    assert [verdict for _, verdict in answers].count("Right") == 1
    assert "$" not in "".join(text for text, _ in answers)  # a summary shows no formula


@pytest.mark.parametrize("name", quick_checks())
def test_a_quick_check_carries_the_tag_that_the_slides_look_for(name):
    chapter, _, cell_id = name.partition(":")
    (cell,) = [cell for cell in notebook(chapter).cells if cell.id == cell_id]
    assert cell.cell_type == "markdown" and cell.metadata.tags == ["quick-check"]
