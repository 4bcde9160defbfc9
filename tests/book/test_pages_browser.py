"""What is special to some pages, in a real browser: the map, tips, search, formulas, downloads."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from browser import DESKTOP, HTML, PHONE, TYPESET, widest
from colours import contrast
from course import ROOT, chapters
from tools import address

FRONT, NUMBERS, CONCATENATION = "book/index", "book/numbers", "notebooks/03_concatenation"
FOLDER = HTML.as_uri()  # the book as files, without a server
TERM = "a.term[href$='#concatenation']"
TIP = "Putting tensors one after the other along one axis; here the channels"

# ------------------------------------------------------------------------ the front page


def test_the_front_page_shows_its_subject_and_where_to_go_on_one_screen_of_a_desktop(visit):
    page = visit(FRONT, viewport=DESKTOP)
    expect(page.locator(".microscope-answer")).to_contain_text("DenseNet:")
    for part in (".front-buttons", ".microscope-panels"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= DESKTOP["height"], f"{part} ends below the screen"
    assert page.locator(".front").bounding_box()["height"] <= DESKTOP["height"]


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    """Read in one go, since a page that is still being filled moves between two questions."""
    return page.locator(selector).evaluate_all("""found => found.map(each => {
      const {x, y, width, height} = each.getBoundingClientRect();
      return {x, y, width, height};
    })""")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_lines_of_the_map_begin_and_end_at_the_chapters(size, visit):
    page = visit(FRONT, viewport=size)
    drawing, *rows = boxes(page, ".chapter-map svg, .chapter-rows li")
    assert drawing["height"] == pytest.approx(sum(row["height"] for row in rows), abs=1)
    assert drawing["y"] == pytest.approx(rows[0]["y"], abs=1)
    assert drawing["x"] + drawing["width"] == pytest.approx(rows[0]["x"], abs=1)
    words = boxes(page, ".chapter-rows li p")
    for row, text in zip(rows, words, strict=True):  # no title is cut off, or covers another
        assert text["height"] <= row["height"] + 1
    assert len({row["height"] for row in rows}) == 1


def test_the_map_has_room_for_twice_as_many_chapters_on_one_screen(visit):
    page = visit(FRONT, viewport=DESKTOP)
    page.evaluate("""() => {
      const rows = document.querySelector(".chapter-rows");
      while (rows.children.length < 14) rows.append(rows.lastElementChild.cloneNode(true));
      document.querySelector(".chapter-map svg").style.setProperty("--rows", 14);
    }""")
    assert page.locator(".front").bounding_box()["height"] <= DESKTOP["height"]


def test_nothing_moves_when_the_networks_come_alive(visit):
    page = visit(FRONT, viewport={"width": 320, "height": 800})
    expect(page.locator(".microscope-answer")).to_contain_text("DenseNet:")
    box = page.locator("[data-explorable=microscope]")
    for width in (320, 375, 404, 412, 540, 640, 700, 768, 776, 980, 1024, 1200, 1215, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        reserved = box.evaluate("e => parseFloat(getComputedStyle(e).minHeight)")
        height = box.evaluate("""e => {
          e.style.minHeight = 0;
          const {height} = e.getBoundingClientRect();
          e.style.minHeight = "";
          return height;
        }""")
        assert reserved - 60 < height <= reserved + 2, width


def test_on_a_phone_plus_stands_beside_brackets_on_the_first_screen(visit):
    page = visit(FRONT, viewport=PHONE)
    expect(page.locator(".microscope-answer")).to_contain_text("DenseNet:")
    dense, twin = boxes(page, ".microscope-panels > *")
    assert dense["x"] + dense["width"] <= twin["x"] and dense["y"] == twin["y"]
    assert dense["y"] < 0.65 * PHONE["height"]


# ------------------------------------------------------------------------ what a word means


@pytest.mark.parametrize("at", ["server", "folder"])
def test_pointing_at_a_term_says_what_it_means_and_escape_takes_it_away(at, visit):
    page = visit(CONCATENATION, **({"at": FOLDER} if at == "folder" else {}))
    link, tip = page.locator(TERM).first, page.get_by_role("tooltip")
    link.hover()
    expect(tip).to_contain_text(TIP)
    tip.hover()  # it stays while the pointer is on it
    page.wait_for_timeout(400)
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    link.hover()
    expect(tip).to_be_visible()
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()


def test_a_term_that_has_the_focus_says_what_it_means_also_to_a_screen_reader(visit):
    page = visit(CONCATENATION)
    link, tip = page.locator(TERM).first, page.get_by_role("tooltip")
    link.focus()
    expect(tip).to_contain_text(TIP)
    expect(link).to_have_accessible_description(re.compile(TIP))
    page.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    assert link.get_attribute("aria-describedby") is None
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary.html#concatenation")


def test_the_first_tap_on_a_term_explains_it_and_the_second_leads_to_the_glossary(visit):
    page = visit(CONCATENATION, viewport=PHONE, has_touch=True)
    link, tip = page.locator(TERM).first, page.get_by_role("tooltip")
    link.tap()
    expect(tip).to_contain_text(TIP)
    expect(tip).to_contain_text("Tap again")
    box = tip.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    page.locator("article h1").tap()
    expect(tip).to_be_hidden()
    assert page.url.endswith("03_concatenation.html")
    link.tap()
    link.tap()
    page.wait_for_url("**/glossary.html#concatenation")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_tip_can_be_read_in_both_themes(theme, visit):
    page = visit(CONCATENATION, color_scheme=theme)
    page.locator(TERM).first.focus()
    colours = """e => ["color", "backgroundColor"].map(
      name => getComputedStyle(e)[name].match(/\\d+/g).slice(0, 3).map(n => n / 255))"""
    text, ground = page.get_by_role("tooltip").evaluate(colours)
    assert contrast(text, ground) >= 7
    assert (sum(ground) > 1.5) == (theme == "light")


def test_a_term_is_marked_by_a_dotted_line(visit):
    style = (
        visit(CONCATENATION)
        .locator(TERM)
        .first.evaluate("e => getComputedStyle(e).textDecorationStyle")
    )
    assert style == "dotted"


# ------------------------------------------------------------------------ boxes, search, downloads


def test_objectives_and_summary_look_like_boxes(visit):
    page = visit(CONCATENATION)
    style = """e => { const s = getComputedStyle(e); return {
      line: parseFloat(s.borderLeftWidth), room: parseFloat(s.paddingLeft),
      own: s.backgroundColor !== getComputedStyle(document.body).backgroundColor,
      colour: s.borderLeftColor}; }"""
    found = [page.locator(f".{box}").evaluate(style) for box in ("objectives", "summary")]
    for box in found:
        assert box["line"] >= 3 and box["room"] >= 12 and box["own"]
    assert found[0]["colour"] != found[1]["colour"]


@pytest.mark.parametrize("at", ["server", "folder"])
def test_the_search_finds_growth_rate(at, visit):
    options = {"at": FOLDER} if at == "folder" else {}
    page = visit("search", hash="?q=growth+rate", **options)
    for wanted in ("notebooks/04_growth_rate.html", "book/glossary.html"):
        found = page.locator(f"#search-results li a[href^='{wanted}']")
        expect(found.first).to_be_visible()  # results come one after the other


@pytest.mark.parametrize("chapter", chapters()[:1])
@pytest.mark.parametrize("at", ["server", "folder"])
def test_the_download_button_hands_out_the_notebook(at, chapter, visit):
    options = {"at": FOLDER} if at == "folder" else {}
    page = visit(f"notebooks/{chapter}", **options)
    page.locator(".dropdown-download-buttons > button").click()
    link = page.locator(".dropdown-download-buttons a[href$='.ipynb']")
    expect(link).to_be_visible()
    address = link.evaluate("e => e.href")
    source = (ROOT / "notebooks" / f"{chapter}.ipynb").read_bytes()
    if at == "server":
        assert page.request.get(address).body() == source
    else:  # from a folder, a browser shows a file instead of saving a copy of it
        with page.expect_popup() as opened:
            link.click()
        assert opened.value.url == address
        file = HTML / "_sources" / "notebooks" / f"{chapter}.ipynb"
        assert file.as_uri() == address and file.read_bytes() == source


@pytest.mark.skipif(address.read(ROOT) is not None, reason="Colab opens the chapters themselves")
def test_the_line_near_the_top_saves_the_file_for_colab(visit):
    page = visit(CONCATENATION)
    link = page.get_by_role("link", name="download this chapter")
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "03_concatenation.ipynb"
    made = HTML / "_static" / "colab" / "03_concatenation.ipynb"
    assert Path(saved.value.path()).read_bytes() == made.read_bytes()


def test_a_link_to_a_recorded_run_unfolds_it(visit):
    page = visit(NUMBERS)
    run = page.locator("#run-fashion_mnist_ours")
    expect(run).to_be_hidden()
    page.locator('table a[href="#run-fashion_mnist_ours"]').click()
    expect(run).to_be_visible()
    expect(run).to_contain_text("make reproduce RUN=fashion_mnist_ours")


@pytest.mark.parametrize("place", ["gone", "notebooks/gone", "book/api/gone"])
def test_a_page_that_is_not_there_leads_into_the_book_from_any_address(place, visit):
    page = visit(FRONT, console=False)  # a browser looks ahead, for files beside the address
    missing = (HTML / "404.html").read_text(encoding="utf-8")
    page.route("**/gone.html", lambda route: route.fulfill(body=missing, content_type="text/html"))
    page.goto(page.url.replace(FRONT, place))
    expect(page.locator(".exercise, h1").first).to_have_css("font-weight", "500")  # has its styles
    page.locator("article").get_by_role("link", name="front page").click()
    page.wait_for_url(f"**/{FRONT}.html")


# ------------------------------------------------------------------------ pictures, exercises


@pytest.mark.parametrize("width", [768, 1280, 1920])
def test_a_caption_stands_beside_its_picture_where_there_is_a_margin_and_else_below(width, visit):
    page = visit(CONCATENATION, viewport={"width": width, "height": 900})
    figure = page.locator(".cell:not(.tag_full-width) > .cell_output figure").first
    figure.evaluate("e => e.scrollIntoView({block: 'center'})")
    picture, caption = (figure.locator(part).bounding_box() for part in ("img", "figcaption p"))
    if width < 1200:
        assert caption["y"] >= picture["y"] + picture["height"]
        return
    text = page.locator("article section > p").first.bounding_box()
    assert caption["x"] >= text["x"] + text["width"] and caption["x"] + caption["width"] <= width
    expect(page.locator(".bd-sidebar-secondary")).to_have_class(re.compile(r"\bhide\b"))


@pytest.mark.parametrize("width", [1100, 1280, 1920])
def test_notes_stand_beside_the_text_and_not_on_each_other_and_not_where_there_is_no_room(
    width, visit
):
    page = visit("notebooks/10_inside", viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('img').forEach(e => (e.loading = 'eager'))")
    page.wait_for_function("[...document.images].every(e => e.complete)")
    notes = boxes(page, ".note-beside")
    if width < 1200:
        assert {note["height"] for note in notes} == {0}
        return
    text = page.locator("article section > p").first.bounding_box()
    beside_pictures = "section:not(.exercise) > .cell:not(.tag_full-width) figcaption"
    captions = boxes(page, beside_pictures)
    beside = sorted([*notes, *captions], key=lambda box: box["y"])
    assert len(notes) > 5 and min(box["height"] for box in beside) > 10
    for box, below in zip(beside, beside[1:], strict=False):
        assert box["x"] >= text["x"] + text["width"] and box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= below["y"] + 1


def test_drawings_and_what_code_prints_have_the_paper_of_their_page_and_print_is_light(visit):
    page = visit(CONCATENATION, color_scheme="light")
    figure = page.locator("figure img[src$=svg]").nth(1)

    def paper() -> tuple[int, ...]:
        figure.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        return Image.open(BytesIO(figure.screenshot())).convert("RGB").getpixel((2, 2))

    assert paper() == (255, 255, 255)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert f"rgb{paper()}" == background == "rgb(18, 18, 18)"
    outputs = page.locator(".cell_output .stream :is(.highlight, pre)")
    papers = outputs.evaluate_all("all => all.map(e => getComputedStyle(e).backgroundColor)")
    assert set(papers) == {"rgba(0, 0, 0, 0)"}
    page.evaluate("""() => addEventListener("beforeprint", () => {
      window.printed = document.documentElement.dataset.theme;
    })""")
    page.pdf()
    assert page.evaluate("window.printed") == "light"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print")
    assert page.locator("h1:visible").count() == 1
    expect(page.locator(".cell summary:visible")).to_have_count(0)


def printed(page: Page) -> list[list[str]]:
    """The lines of each printed page, but for its number."""
    sheets = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
    lines = [[line.strip() for line in sheet.extract_text().splitlines()] for sheet in sheets]
    return [[line for line in each if line and not line.isdigit()] for each in lines]


def test_no_printed_page_of_the_glossary_ends_with_a_term_without_what_it_means(visit):
    page = visit("book/glossary")
    terms = page.locator("dt").evaluate_all("all => all.map(dt => dt.firstChild.textContent)")
    ends = [lines[-1].rstrip("#") for lines in printed(page)]
    assert len(terms) > 50 and len(ends) > 5
    assert {term.strip() for term in terms} & {*ends} == set()


def test_a_long_table_begins_where_there_is_room_on_a_printed_page_and_goes_on_on_the_next(visit):
    pages = [" ".join(lines) for lines in printed(visit("book/instructors/syllabus"))]
    (start,) = (text for text in pages if "One day" in text)
    assert "Welcome, set-up" in start


def test_a_first_printed_page_has_its_picture_and_no_frame_of_a_microscope_that_nobody_saw(visit):
    page = visit("notebooks/00_at_work")
    first = printed(page)[0]
    assert first[0] == "Chapter 0" and any(line.startswith("Fig. 1 ") for line in first)
    page.emulate_media(media="print")
    expect(page.locator("[data-explorable=microscope]")).to_be_hidden()


def test_a_high_picture_leaves_room_for_the_code_before_it_on_a_printed_page(visit):
    page = visit("notebooks/01_before_resnet")
    page.emulate_media(media="print")
    heights = page.locator("figure img").evaluate_all("all => all.map(img => img.clientHeight)")
    assert len(heights) > 8 and max(heights) < 255 / 25.4 * 96 * 0.45  # of a sheet's height


def test_a_tap_on_a_picture_enlarges_it_on_a_phone_and_another_one_closes_it(visit):
    page = visit(CONCATENATION, viewport=PHONE, has_touch=True)
    picture, large = page.locator("figure img").first, page.locator("dialog.enlarged img")
    picture.tap()
    assert large.bounding_box()["width"] > 1.5 * picture.bounding_box()["width"]
    assert large.get_attribute("alt") == picture.get_attribute("alt")
    large.tap(position={"x": 20, "y": 20})
    expect(large).to_be_hidden()


def test_a_picture_is_enlarged_by_keyboard_and_the_focus_comes_back(visit):
    page = visit(CONCATENATION, viewport=PHONE)
    opener = page.get_by_role("button", name="Enlarge the picture").first
    opener.press("Enter")
    expect(page.get_by_role("button", name="Close the picture")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.enlarged")).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("width", [768, 1280, 1920])
def test_a_key_figure_takes_the_margin_too_where_there_is_one_and_has_its_caption_below(
    width, visit
):
    page = visit("notebooks/13_dense_unet", viewport={"width": width, "height": 900})
    figure = page.locator(".tag_full-width figure")
    figure.scroll_into_view_if_needed()
    picture, caption = (figure.locator(part).bounding_box() for part in ("img", "figcaption p"))
    text = page.locator("article section > p").first.bounding_box()
    assert caption["y"] >= picture["y"] + picture["height"]
    assert picture["x"] + picture["width"] <= width == widest(page)
    assert (picture["width"] > text["width"] + 200) == (width >= 1200)
    code = page.locator(".tag_full-width > details").bounding_box()
    assert code["width"] == pytest.approx(text["width"], abs=1)
    if width >= 1200:
        expect(page.locator(".bd-sidebar-secondary")).to_have_class(re.compile(r"\bhide\b"))


def test_a_picture_that_is_shown_in_full_has_no_button(visit):
    page = visit(CONCATENATION, viewport=DESKTOP)
    expect(page.locator("figure button.enlarge").first).to_be_hidden()


def test_one_fold_opens_all_of_a_solution_its_words_and_its_code(visit):
    card = visit(CONCATENATION).locator("section.exercise").first
    words, code = card.locator("details p").first, card.locator("details pre").first
    expect(words).to_be_hidden()
    card.locator("summary").click()
    expect(words).to_be_visible()
    expect(code).to_be_visible()


# ------------------------------------------------------------------------ room on a phone


def test_a_wide_formula_gets_smaller_on_a_phone_and_as_large_again_on_a_desktop(visit):
    page = visit(CONCATENATION, viewport=PHONE)
    page.evaluate(TYPESET)
    sizes = """() => [...document.querySelectorAll("div.math")].map(e =>
      [parseFloat(getComputedStyle(e).fontSize), e.scrollWidth - e.clientWidth])"""
    page.wait_for_function(f"({sizes})().every(([size, over]) => over <= 1)")
    narrow = [size for size, _ in page.evaluate(sizes)]
    assert min(narrow) >= 9
    assert min(narrow) < max(narrow) or len(narrow) == 1  # a short one keeps its size
    page.set_viewport_size(DESKTOP)
    alike = f"(all => all.every(([size]) => size === all[0][0]))(({sizes})())"
    page.wait_for_function(alike)
    assert min(narrow) < page.evaluate(sizes)[0][0]


@pytest.mark.parametrize("name", [NUMBERS, "book/notation", "book/names", "book/api/blocks"])
def test_only_code_scrolls_sideways_on_a_phone_even_with_everything_unfolded(name, visit):
    page = visit(name, viewport=PHONE)
    page.evaluate(TYPESET)
    page.evaluate("document.querySelectorAll('details').forEach(e => (e.open = true))")
    wide = page.evaluate("""() => [...document.querySelectorAll("article *")]
      .filter(e => !e.closest("pre"))
      .filter(e => e.getBoundingClientRect().right > innerWidth + 1 ||
        (e.scrollWidth > e.clientWidth + 1 && e.clientWidth &&
         ["auto", "scroll"].includes(getComputedStyle(e).overflowX)))
      .map(e => e.outerHTML.slice(0, 120))""")
    assert wide == []
