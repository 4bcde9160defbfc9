"""`make slides`: a deck for each chapter, with all that is to be shown, on slides that suffice."""

import os
import re
import subprocess
from copy import copy
from functools import cache
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from browser import outside
from course import ROOT, chapters, notebook

HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
LONG = "long"  # a notebook with everything that could be too much for a slide

# For each slide: how far its parts reach, the smallest letters, and how high its picture is.
MEASURE = """() => [...document.querySelectorAll(".slides > section")].map(slide => {
  slide.style.display = "flex";
  slide.hidden = false;
  const box = slide.getBoundingClientRect();
  const parts = [...slide.querySelectorAll(":scope > :not(aside)")];
  const words = parts.flatMap(part => [part, ...part.querySelectorAll("*")]).filter(e =>
    !e.closest("math") && [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()));
  const picture = slide.querySelector("img")?.getBoundingClientRect();
  const found = {
    title: parts[0].textContent,
    bottom: Math.max(...parts.map(part => part.getBoundingClientRect().bottom - box.top)),
    right: Math.max(...parts.map(part => part.getBoundingClientRect().left + part.scrollWidth)),
    inside: slide.scrollHeight <= 720 && slide.scrollWidth <= 1280,
    letters: Math.min(...words.map(e => parseFloat(getComputedStyle(e).fontSize))),
    picture: picture ? picture.height : null,
  };
  slide.style.display = "none";
  return found;
})"""


def make(*arguments: str | Path) -> subprocess.CompletedProcess:
    """Run the script in the book's environment, as make does."""
    python = ROOT / ".venv-book" / ("Scripts" if os.name == "nt" else "bin") / "python"
    command = [python, "tools/slides.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def too_long() -> nbformat.NotebookNode:
    """Code of 70 lines without a gap, a line of 300 letters, lists and tables without end."""
    code = "def f(x):\n" + "\n".join(f"    x = x + {i}" for i in range(70))
    lines = "y\n" * 50
    text = f"{'word ' * 60}\n{'x' * 300}\n{lines}"
    printed = v4.new_output("stream", text=text)
    entries = "\n".join(f"- an entry, number {i}, {'with more words ' * 9}." for i in range(30))
    paragraphs = "\n\n".join("One sentence after another. " * 40 for _ in range(12))
    title = f"## A title {'that does not want to end ' * 4}\n\n"
    texts = ["# Long", title + entries, "## Words\n\n" + paragraphs, "$$x$$", "$$y$$", "$$z$$"]
    cells = [v4.new_markdown_cell(text) for text in texts]
    codes = [v4.new_code_cell(code, outputs=[printed]) for _ in range(2)]
    return v4.new_notebook(cells=[*cells[:2], codes[0], *cells[2:], codes[1]])


@pytest.fixture(scope="module")
def slides(tmp_path_factory) -> Path:
    """The folder with all decks."""
    folder = tmp_path_factory.mktemp("slides")
    nbformat.write(too_long(), folder / f"{LONG}.ipynb")
    paths = [f"notebooks/{chapter}.ipynb" for chapter in chapters()]
    done = make("--out", folder / "out", *paths, folder / f"{LONG}.ipynb")
    assert done.returncode == 0, done.stderr
    return folder / "out"


@cache
def deck(slides: Path, chapter: str) -> BeautifulSoup:
    """A deck, read once; who takes something out of it works with a copy."""
    return BeautifulSoup((slides / f"{chapter}.html").read_text(encoding="utf-8"), "html.parser")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def letters(text: str) -> str:
    """What is left of Markdown or HTML when marks and formulas are gone."""
    return re.sub(r"[\W_]+", "", re.sub(r"\]\([^)]*\)", "", text))


def hidden(cell: nbformat.NotebookNode) -> bool:
    tags = set(cell.metadata.get("tags", []))
    return "hide-cell" in tags or ("hide-input" in tags and not drawn(cell))


def drawn(cell: nbformat.NotebookNode) -> bool:
    return any("image/svg+xml" in output.get("data", {}) for output in cell.get("outputs", []))


@pytest.mark.parametrize("chapter", chapters())
def test_a_slide_begins_at_each_heading_of_the_chapter(chapter, slides):
    texts = [cell.source for cell in notebook(chapter).cells if cell.cell_type == "markdown"]
    headings = [letters(title) for title in HEADING.findall("\n\n".join(texts))]
    titles = [letters(tag.get_text()) for tag in deck(slides, chapter).select("h1, h2")]
    expected = headings[: headings.index("Furtherreading")]
    assert [title for title in dict.fromkeys(titles) if title in expected] == expected
    assert f"{chapter}.html" in (slides / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("chapter", chapters())
def test_all_code_and_all_it_printed_is_shown_and_every_picture(chapter, slides):
    page = deck(slides, chapter)
    shown = squeezed("".join(tag.get_text() for tag in page.select("pre")))
    cells = [cell for cell in notebook(chapter).cells if cell.cell_type == "code"]
    cells = [cell for cell in cells if not hidden(cell) and cell.id != "imports"]
    for cell in cells:
        assert drawn(cell) or squeezed(cell.source) in shown, cell.id
        printed = "".join(output.get("text", "") for output in cell.outputs)
        assert squeezed(printed) in shown, cell.id
    captions = [cell.metadata.get("mystnb", {}).get("figure") for cell in cells if drawn(cell)]
    figures = page.select("figure")
    assert len(figures) == len(captions) > 0
    assert all(len(tag.img["alt"]) > 20 for tag in figures)
    for tag, caption in zip(figures, captions, strict=True):
        assert caption is None or letters(caption["caption"])[:30] in letters(tag.get_text())


@pytest.mark.parametrize("chapter", chapters())
def test_no_set_up_no_solution_and_nothing_folded_is_on_a_slide(chapter, slides):
    shown = squeezed(deck(slides, chapter).get_text())
    cells = notebook(chapter).cells
    seen = squeezed("".join(cell.source for cell in cells if not hidden(cell)))
    for cell in filter(hidden, cells):
        lines = [line for line in map(squeezed, cell.source.splitlines()) if line not in seen]
        assert not [line for line in lines if len(line) > 20 and line in shown], cell.id
    for cell in cells:
        for folded in re.findall(r"<details>.*?</details>", cell.source, re.DOTALL):
            words = letters(BeautifulSoup(folded, "html.parser").details.get_text())
            middle = len(words) // 2
            assert words[middle : middle + 50] not in letters(shown), cell.id


def test_an_exercise_is_shown_whole_and_a_paragraph_only_to_the_end_of_a_sentence(slides):
    page = copy(deck(slides, "02_resnet_addition"))
    for note in page.select("aside"):
        note.extract()
    exercise = next(tag for tag in page.select("section") if "Exercise 2.1" in tag.get_text())
    assert exercise.get_text().rstrip().endswith("supports or contradicts it?")
    page = deck(slides, "14_debugging_clinic")  # where no formula ends a paragraph early
    ends = [tag.get_text().strip()[-1] for tag in page.select("section > p")]
    assert len(ends) > 30 and set(ends) <= set(".:?!)"), set(ends)


def test_a_sentence_that_goes_on_behind_a_formula_is_shown_with_it(slides):
    page = deck(slides, "04_growth_rate")
    place = next(tag for tag in page.select("section") if "k0+Lk" in tag.get_text())
    shown = squeezed(place.get_text())
    assert "Afterwardstherearek0+Lkchannels:3+2×10=23inchapter3" in shown


def test_a_sentence_that_leads_to_a_formula_is_shown_before_it(slides):
    page = deck(slides, "04_growth_rate")
    place = next(tag for tag in page.select("section") if "k0+Lk" in tag.get_text())
    before = [tag.get_text() for tag in place.select("p")]
    assert any(text.endswith("Afterwards there are") for text in before), before


def test_a_quick_check_is_shown_with_its_answers_and_without_the_reasons(slides):
    page = deck(slides, "04_growth_rate")
    place = next(
        tag for tag in page.select("section") if "first to read more than 100?" in tag.text
    )
    assert [tag.get_text() for tag in place.select("li")][-3:] == ["layer 7", "layer 8", "layer 9"]
    assert "Right." not in place.get_text() and "Wrong." not in place.get_text()


def test_a_table_of_results_is_shown_as_text(slides):
    printed = [output.get_text() for output in deck(slides, "08_comparison").select("pre.output")]
    assert any("parameters  MFLOPs" in text and "175,690" in text for text in printed)
    assert any("fastest epoch, s" in text and "narrow, 17 epochs" in text for text in printed)


def test_what_the_slides_leave_out_is_in_the_notes_for_the_speaker(slides):
    page = copy(deck(slides, "03_concatenation"))
    notes = [note.extract().get_text() for note in page.select("aside.notes")]
    sentence = "nobody can tell how much of its brightness"
    assert sentence not in page.get_text()
    assert any(sentence in " ".join(note.split()) for note in notes)


def test_a_deck_loads_nothing_but_its_own_files(slides):
    for path in slides.glob("*.html"):
        page = deck(slides, path.stem)
        named = [tag["src"] for tag in page.select("[src]")] + [t["href"] for t in page("link")]
        files = [name for name in named if not name.startswith("data:image/")]
        assert [name for name in files if not (slides / name).is_file()] == []
        assert len(page.select("script[src]")) >= 3 or path.stem == "index"
    styles = (slides / "slides.css").read_text(encoding="utf-8")
    fonts = re.findall(r'url\("([^"]+)"\)', styles)
    assert len(fonts) == 7 and all((slides / font).is_file() for font in fonts)


@pytest.mark.parametrize("chapter", ["04_growth_rate", "14_debugging_clinic", LONG])
def test_nothing_sticks_out_of_a_slide_and_all_can_be_read_from_the_back_row(
    chapter, slides, browser
):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    complaints = []
    page.on("request", lambda request: complaints.extend(outside(request.url, "file:")))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url} failed"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((slides / f"{chapter}.html").as_uri())
    page.wait_for_function("Reveal.isReady()")
    formulas = page.locator("math").count()
    found = page.evaluate(MEASURE)
    page.close()
    assert complaints == []
    assert len(found) > 12 and (formulas > 0 or chapter == "14_debugging_clinic")
    for number, slide in enumerate(found, start=1):
        where = f"slide {number}, {slide['title']}: {slide}"
        assert slide["inside"] and slide["bottom"] <= 700 and slide["right"] <= 1250, where
        assert slide["letters"] >= 24, where
        assert slide["picture"] is None or slide["picture"] >= 250, where


def test_a_notebook_without_a_title_is_named_and_leaves_no_slides(tmp_path):
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("1")]), tmp_path / "bare.ipynb")
    done = make("--out", tmp_path / "out", tmp_path / "bare.ipynb")
    assert done.returncode == 1 and not (tmp_path / "out").exists()
    assert "bare.ipynb: the first cell must begin with a title" in done.stderr
    assert "Traceback" not in done.stderr
