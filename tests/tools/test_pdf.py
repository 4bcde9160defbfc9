"""`make pdf`, tried on two pages of the book: what is printed, and are the page numbers right?"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from io import BytesIO
from itertools import chain

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader
from pypdf.generic import ArrayObject, IndirectObject
from pypdfium2 import PdfDocument
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

import pdf
from browser import HTML, browser_path
from course import ROOT, read_yaml
from whole_book import SCREEN_ONLY, Entry, answers, contents, whole_book

CHAPTER, GLOSSARY = "notebooks/03_concatenation", "book/glossary"
ENTRIES = [entry for entry in contents(ROOT) if entry.name in (CHAPTER, GLOSSARY)]
MILLIMETRE = 72 / 25.4  # in points
MOST_PIXELS = 130  # of a photograph's longer side: all else is drawn


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> PdfReader:
    browser_path()
    target = tmp_path_factory.mktemp("pdf") / "two.pdf"
    command = [sys.executable, "tools/pdf.py", "--output", target, CHAPTER, GLOSSARY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reader = PdfReader(BytesIO(target.read_bytes()))
    assert done.stdout.startswith(f"{len(reader.pages)} pages: ")
    return reader


@pytest.fixture(scope="module")
def lines(printed) -> list[list[str]]:
    """The lines of each page; spaces left out, since a PDF knows none."""
    return [[*map(squeezed, page.extract_text().splitlines())] for page in printed.pages]


@pytest.fixture(scope="module")
def texts(lines) -> list[str]:
    """The text of each page."""
    return list(map("".join, lines))


@pytest.fixture(scope="module")
def page() -> BeautifulSoup:
    """The whole book of these two pages, before it is printed."""
    return BeautifulSoup(whole_book(HTML, ENTRIES, pdf.about(ROOT)), "html.parser")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_contents_give_the_page_on_which_each_heading_stands(lines, texts, page):
    entries = page.select(".paper-contents li:not(.part)")
    titles = [squeezed(entry.a.span.get_text()) for entry in entries]
    listed = iter(lines[1])
    numbers = []
    for title in titles:
        found = next(line for line in listed if re.fullmatch(re.escape(title) + r"\d+", line))
        numbers.append(int(found.removeprefix(title)))
    assert len(numbers) >= 10 and numbers == sorted(numbers)
    assert numbers[0] >= 3 and numbers[-1] <= len(texts)
    for title, number in zip(titles, numbers, strict=True):
        assert title in texts[number - 1], f"{title} is not on page {number}"


def test_every_page_but_the_cover_bears_its_number_and_title(lines, texts, page):
    assert squeezed(read_yaml("_config.yml")["title"]) in texts[0]
    assert not texts[0].endswith("1")
    for number, paper in enumerate(lines[1:], 2):
        found = [line for line in paper if re.search(rf"(^|\D){number}$", line)]
        assert found, f"page {number} has no number"
    title = squeezed(page.select_one("article h1").get_text())
    start = next(i for i, text in enumerate(texts) if i > 1 and title in text)
    end = next(i for i, text in enumerate(texts) if i > start and "Glossary" in text[:60])
    assert all(title in text for text in texts[start:end]) and end - start >= 5


def test_the_answers_stand_at_the_end_and_their_pages_are_named(texts, page):
    folded = BeautifulSoup((HTML / f"{CHAPTER}.html").read_text(encoding="utf-8"), "html.parser")
    found = folded.article.find_all("details")  # but for code that is folded above its picture
    cells = [tag for tag in found if not tag.find_parent(class_="tag_hide-input")]
    assert len(page.select(".answer")) == len(cells) >= 6
    assert page.select(".answer details, article details") == []
    first = page.find("h2", string="Answers")
    assert first == first.find_parent("article").find_all("h2")[-1]
    for line in page.select(".answer-is-on"):
        assert line.find_next(id=line.a["href"][1:]) is not None  # later, not before
    for number, text in enumerate(texts):
        for told in re.findall(r"Solution:page(\d+)", text):
            assert int(told) > number
            assert any("Answers" in text or "Solution" in text for text in texts[: int(told)])


def test_links_and_side_bar_lead_somewhere(printed, page):
    names = {name.removeprefix("/") for name in printed.named_destinations}
    inner = [tag["href"][1:] for tag in page.select('a[href^="#"]')]
    assert len(inner) >= 40 and set(inner) <= names
    assert not page.select('a[href^="/"]')  # those that lead out of the PDF
    kinds = Counter()
    for sheet in printed.pages:
        for note in sheet.get("/Annots", ArrayObject()):
            note = note.get_object() if isinstance(note, IndirectObject) else note
            kinds["inside" if "/Dest" in note else "outside"] += 1
    assert kinds["inside"] >= len(inner) and kinds["outside"] >= 5
    headings = [squeezed(item.title) for item in flat(printed.outline)]
    assert {squeezed(tag.get_text()) for tag in page.select("article h1")} <= set(headings)


def flat(outline: list) -> list:
    return [
        found for item in outline for found in (flat(item) if isinstance(item, list) else [item])
    ]


def test_every_line_of_code_is_on_paper(texts, page):
    for block in page.select("article pre"):
        for line in filter(None, map(squeezed, block.get_text().splitlines())):
            assert any(line in text for text in texts), line


def test_nothing_of_the_screen_is_on_paper(texts):
    everything = "".join(texts)
    for word in ("Showtheset-upcell", "COLAB_RELEASE_TAG", "Showthesolution", "Skiptomaincontent"):
        assert word not in everything
    assert "000" not in "".join(texts[1:3])  # a page number that was never filled in


def test_nothing_sticks_out_into_the_margins(printed):
    width, height = printed.pages[0].mediabox[2:]
    assert (round(width), round(height)) == (595, 842)  # A4
    left, right = 18 * MILLIMETRE, width - 18 * MILLIMETRE  # the margins are 20 wide
    letters = pictures = 0
    for sheet in PdfDocument(printed.stream):
        words = sheet.get_textpage()
        for box in map(words.get_charbox, range(words.count_chars())):
            letters += 1
            assert left <= box[0] and box[2] <= right, words.get_text_range()[:80]
        for shape in sheet.get_objects(max_depth=1):
            x, _, end, _ = shape.get_bounds()
            pictures += 1
            assert (left <= x and end <= right) or (x <= 0 and end >= width)  # or the paper itself
    assert letters > 10_000 and pictures > 100


def test_the_text_was_not_shrunk_to_make_room_for_something_wide(printed):
    words = list(PdfDocument(printed.stream))[-2].get_textpage()  # of the glossary
    boxes = [words.get_charbox(place, loose=True) for place in range(words.count_chars())]
    heights = Counter(round(box[3] - box[1], 1) for box in boxes)
    size = heights.most_common(1)[0][0] / 1.21  # of Inter, a line is 1.21 times as high
    assert size == pytest.approx(10.5, abs=0.2)


def test_the_pictures_are_drawings_and_not_pixels(printed, page):
    assert len(page.select("article img")) >= 3
    images = (sheet.get_objects([FPDF_PAGEOBJ_IMAGE]) for sheet in PdfDocument(printed.stream))
    small = [image.get_px_size() for image in chain.from_iterable(images)]
    assert small  # photographs and feature maps alone
    assert all(max(size) <= MOST_PIXELS for size in small)


def test_without_a_browser_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match="install Debian's package chromium-headless-shell"):
        pdf.print_book(ENTRIES, tmp_path / "book.pdf")
    assert not list(tmp_path.iterdir())


def test_a_page_that_is_not_in_the_book_is_named(tmp_path):
    with pytest.raises(RuntimeError, match=r"none of these pages is in _toc\.yml"):
        pdf.print_book([], tmp_path / "book.pdf")


def test_what_is_folded_is_sorted_by_what_it_is():
    text = BeautifulSoup(
        """<article><section><h2>Exercise 1</h2>
        <details><summary>Hint</summary><p>think</p></details>
        <div class="cell tag_hide-input"><details><summary><p>Show the code</p></summary>
        <div class="cell_input">print(1)</div></details><div>1</div></div>
        <div class="cell tag_hide-input"><details><summary>Set-up</summary>
        <div class="cell_input">COLAB_RELEASE_TAG</div></details></div>
        </section></article>""",
        "html.parser",
    ).article
    answers(text)
    place = [tag.get_text(" ", strip=True) for tag in text.section.find_all(recursive=False)]
    assert place == ["Exercise 1", "Hint: page 000", "print(1) 1", "Answers Exercise 1 Hint think"]


def test_the_pages_come_in_the_order_of_the_table_of_contents():
    names = [entry.name for entry in contents(ROOT) if entry.name]
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert names == [name for name in re.findall(r"- file: (\S+)", toc) if name not in SCREEN_ONLY]
    assert Entry("", "The course") in contents(ROOT)
