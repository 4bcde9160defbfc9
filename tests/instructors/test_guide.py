"""The instructors' guide: its minutes, points, numbers and commands are those of the course."""

import json
import re

import pytest

from course import ROOT, chapters, notebook
from exercises import exercises
from instructors import gains, grade
from instructors.inventory import ideas
from instructors.sets import read_sets

GUIDE = ROOT / "book" / "instructors"
PAGES = sorted(path.name for path in GUIDE.glob("*.md"))


def text(page: str) -> str:
    return (GUIDE / page).read_text(encoding="utf-8")


def rows(page: str, section: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its first two lines."""
    below = text(page).split(f"## {section}\n", 1)[1]
    table = re.search(r"(^\|.*\n)+", below, re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def stated(chapter: str) -> list[int]:
    """The minutes to read and for the exercises, as the chapter's first box states them."""
    texts = "\n".join(cell.source for cell in notebook(chapter).cells[:4])
    line = re.search(r"\*\*Time:?\*\*:?(.*)", texts)[1]
    return [int(number) for number in re.findall(r"\d+", line)]


def reading(chapter: str) -> float:
    """Minutes to read a chapter before its exercises: 180 words each, 3 seconds a line of code."""
    words = lines = 0
    for cell in notebook(chapter).cells:
        if cell.source.startswith("## Exercises"):
            break
        if cell.cell_type == "markdown":
            words += len(re.sub(r"(?s)```.*?```|<[^>]+>|\]\([^)]*\)", "", cell.source).split())
            continue
        words += len(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "").split())
        if not {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", [])):
            lines += len([line for line in cell.source.splitlines() if line.strip()])
    return words / 180 + lines * 3 / 60


def exercise_minutes() -> dict[str, int]:
    found = {}
    for chapter in chapters():
        found |= {e.number: e.minutes for e in exercises(ROOT / "notebooks" / f"{chapter}.ipynb")}
    return found


def named(line: str) -> list[str]:
    """Exercises in "Exercises 3.1 to 3.4", "Exercises 1.1 and 1.2", "Exercises 3.1, 3.2, 3.4"."""
    numbers = re.findall(r"(\d+\.\d+)(?: to \d+\.(\d+))?", line)
    found = []
    for first, last in numbers:
        chapter, number = first.split(".")
        found += [f"{chapter}.{n}" for n in range(int(number), int(last or number) + 1)]
    return found


def test_the_times_of_grading_are_those_of_the_record():
    record = json.loads((GUIDE / "grading_time.json").read_text(encoding="utf-8"))
    found = {
        cells[0]: (int(cells[1]), int(cells[2])) for cells in rows("grading.md", "Step by step")
    }
    assert found == {n: (run["submissions"], run["seconds"]) for n, run in record["runs"].items()}
    assert set(found) == set(read_sets(ROOT / "notebooks" / "assignments"))
    assert record["processor"] in text("grading.md") and record["workers"] == 2
    assert any(run["submissions"] >= 100 for run in record["runs"].values())


def test_the_table_of_ideas_is_that_of_the_concept_inventory():
    page = text("concepts.md")
    lines = [
        re.split(r" *\| *", line)[2:5] for line in re.findall(r"^\| \d+ .*$", page, re.MULTILINE)
    ]
    assert lines == [
        [idea.name, idea.beliefs[1], f"{int(idea.teach[0][:2])}, *{idea.teach[1]}*"]
        for idea in ideas()
    ]
    assert f"Below {gains.FEW} students" in page and f"stay below {gains.LOW}," in page
    assert f"that {gains.KNOWN:.0%} knew before".replace("%", " %") in page


def test_what_the_guide_says_of_a_large_class_is_that_of_the_records():
    page = text("grading.md")
    record = json.loads((GUIDE / "grading_large.json").read_text(encoding="utf-8"))
    quick = json.loads((GUIDE / "grading_time.json").read_text(encoding="utf-8"))
    count, seconds = record["submissions"], record["seconds"]
    assert f"{count} of them took {seconds} seconds" in page
    assert 1000 * seconds / count / 3600 == pytest.approx(3.25, abs=0.1)
    alone = quick["runs"][record["set"]]
    assert 1000 * alone["seconds"] / alone["submissions"] / 60 == pytest.approx(30, abs=3)
    memory = record["mebibytes_when_so_many_were_graded"]
    most = record["mebibytes_at_most"]
    said = f"{memory['5']} MiB when 5 were graded, {memory['60']} MiB when 60 were, and {most} MiB"
    assert said in page


def test_the_minutes_of_every_chapter_are_those_that_it_states():
    expected = {name: stated(name) for name in chapters()}
    in_syllabus = {
        re.search(r"/(\w+)\.ipynb", cells[0])[1]: [int(cells[1]), int(cells[2])]
        for cells in rows("syllabus.md", "What every chapter takes")
    }
    assert in_syllabus == expected
    notes = text("chapters.md").split("\n## Chapter ")[1:]
    in_notes = {}
    for note in notes:
        minutes = re.search(r"\*\*Minutes:\*\* (\d+) to read, (\d+) for the exercises", note)
        in_notes[re.search(r"/(\w+)\.ipynb", note)[1]] = [int(minutes[1]), int(minutes[2])]
    assert in_notes == expected


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_takes_about_as_long_to_read_as_it_says(chapter):
    assert reading(chapter) <= stated(chapter)[0] <= 1.5 * reading(chapter)


def test_every_exercise_and_case_that_the_guide_names_exists():
    known = exercise_minutes()
    for page in PAGES:
        for line in re.findall(r"[Ee]xercises? [\d., a-z]+", text(page)):
            missing = [number for number in named(line) if number not in known]
            assert not missing, f"{page}: {missing}"
        cases = [int(n) for n in re.findall(r"[Cc]ases? (\d+)", text(page))]
        assert all(1 <= case <= 13 for case in cases)
    assert len(known) > 30


@pytest.mark.parametrize(
    ("plan", "columns", "minutes"), [("One week", 3, 80), ("Four weeks", 4, 90)]
)
def test_a_meeting_is_as_long_as_its_parts_and_leaves_time_for_its_exercises(
    plan, columns, minutes
):
    known, meetings = exercise_minutes(), 0
    for row in rows("syllabus.md", plan):
        for cell in row[1:columns]:
            parts = re.findall(r"(?:^|\. )(.+?): (\d+)(?=\.|$)", cell)
            assert sum(int(length) for _, length in parts) == minutes, cell
            meetings += 1
            for what, length in parts:
                if re.match(r"Exercises? \d", what):
                    needed = sum(known[number] for number in named(what))
                    assert needed <= int(length), f"{what} take {needed} minutes"
    assert meetings == {"One week": 10, "Four weeks": 12}[plan]


def test_the_day_goes_by_the_clock():
    known, plan = exercise_minutes(), rows("syllabus.md", "One day")
    starts = [60 * int(h) + int(m) for h, m in (row[0].split(":") for row in plan)]
    lengths = [int(re.findall(r"(\d+) minutes", row[2])[-1]) for row in plan]
    gaps = [after - before for before, after in zip(starts, starts[1:], strict=False)]
    assert lengths[:-1] == gaps
    for row, length in zip(plan, lengths, strict=True):
        if row[1].startswith("Exercise"):
            assert sum(known[number] for number in named(row[1])) <= length, row[1]


def test_every_section_that_a_plan_or_a_note_names_is_a_heading_of_the_course():
    sources = [notebook(name).cells for name in chapters()]
    cells = [cell.source for source in sources for cell in source if cell.cell_type == "markdown"]
    headings = "\n".join(re.findall(r"^#{2,3} (.+)$", "\n".join(cells), re.MULTILINE))
    titled = text("syllabus.md") + text("chapters.md")
    for section in re.findall(r"to the end of \*([^*]+)\*|stop all at \*([^*]+)\*", titled):
        assert "".join(section) in headings, section


def test_the_table_of_problem_sets_is_that_of_the_sets():
    found = []
    for name, one in read_sets(ROOT / "notebooks" / "assignments").items():
        box = next(cell.source for cell in one.notebook.cells if "| Question |" in cell.source)
        minutes, points = re.search(r"\| \| \| \| (\d+) \| (\d+) \|", box).groups()
        written = sum(question.points for question in one.questions if question.written)
        assert sum(question.points for question in one.questions) == int(points) == 100
        built = re.findall(r"chapter\s+(\d+)\]", box)
        title = re.sub(r"^Problem set (\d): ", r"\1. ", one.title)
        found.append([title, ", ".join(built), minutes, f"{100 - written:g}", f"{written:g}"])
        assert name.startswith(f"ps{len(found)}_")
    text_of_table = text("problem_sets.md").split("\n|", 1)[1].split("\n\n", 1)[0]
    lines = [line.strip("|").split("|") for line in f"|{text_of_table}".splitlines()[2:]]
    assert [[cell.strip() for cell in line] for line in lines] == found


def test_limits_columns_and_options_are_those_of_the_command():
    page, limits = text("grading.md"), grade.sandboxes.Limits()
    options = {text for action in grade.parser()._actions for text in action.option_strings}
    assert set(re.findall(r"`(--[a-z-]+)`", page)) <= options
    for value in (f"{limits.cell_seconds:g} s", f"{limits.notebook_seconds:g} s"):
        assert f"| {value} |" in page
    assert f"| {limits.memory / 2**30:g} GiB |" in page
    assert f"| {limits.output:,} letters |" in page and f"| {limits.processes} |" in page
    assert f"| {limits.files / 2**20:g} MiB |" in page
    isolation = re.findall(r"^\| `([^`]+)` \| (?:Linux|macOS)", page, re.MULTILINE)
    assert isolation == list(grade.sandboxes.ISOLATION)


def test_every_make_command_and_every_file_that_the_guide_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = set(re.findall(r"^([a-z-]+):.*  ## ", makefile, re.MULTILINE))
    made_up = "tests/instructors/problem_sets/ps7.txt"  # the set that a reader adds
    for page in PAGES:
        named_here = re.findall(r"(?:`|^ *|course-grading )make ([a-z-]+)", text(page), re.M)
        assert set(named_here) <= commands, page
        for path in re.findall(r"`((?:tests|densenet_lesson|notebooks)/[\w/.]+)", text(page)):
            assert path == made_up or (ROOT / path).exists(), f"{page}: {path}"


def test_the_guide_is_in_the_book_and_its_pages_lead_to_each_other():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    for page in PAGES:
        assert f"book/instructors/{page.removesuffix('.md')}" in toc
        assert page == "index.md" or f"({page})" in text("index.md")


@pytest.mark.parametrize(
    ("name", "student", "attempt", "late"),
    [
        ("doejane_LATE_12345_67890_ps1-2.ipynb", "12345", 2, True),
        ("Jane Doe_12345_assignsubmission_file_/ps1.ipynb", "12345", 0, False),
        ("Jane Doe_12345_assignsubmission_file_ps1.ipynb", "12345", 0, False),
        ("12345-67890 - Jane Doe - Nov 22, 2026 1105 AM/ps1.ipynb", "12345", 0, False),
        ("Problem Set 1_jdoe_attempt_2026-11-22-10-15-33_ps1.ipynb", "jdoe", 0, False),
        ("Jane Doe - Problem set 1.ipynb", "Jane_Doe", 0, False),
        ("Copy of Problem set 1.ipynb", "", 0, False),
        ("12345_ps1.ipynb", "12345", 0, False),
        ("jane/ps1.ipynb", "jane", 0, False),
        ("late/jane_ps1 (2).ipynb", "jane", 2, True),
        ("jane_ps1.ipynb", "jane", 0, False),
    ],
)
def test_the_file_names_in_the_guide_are_read_as_it_says(name, student, attempt, late):
    found = grade.Submission(name)
    grade.name_students([found], read_sets(ROOT / "notebooks/assignments"))
    assert (found.student, found.attempt[1], found.late) == (student, attempt, late)
    assert name in text("grading.md") or name in text("index.md")


def test_every_option_of_make_grade_is_in_the_guide_and_in_the_makefile():
    options = set(re.findall(r"^\| `([A-Z_]+)=", text("grading.md"), re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = makefile.split("\ngrade:", 1)[1].split("\n\n", 1)[0]
    assert options == set(re.findall(r"\$\((?:if \$\()?([A-Z_]+)\)", command))
