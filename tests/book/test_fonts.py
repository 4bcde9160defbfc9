"""The book brings its fonts: whatever a machine has, every box of a page is at the same place."""

import html
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
from playwright.sync_api import Browser, Page, Playwright

from browser import DESKTOP, HTML, OPTIONS, PHONE, TYPESET, browser_path, built_pages, note_time
from course import ROOT
from subset_fonts import FONTS, FORMULAS, SIGNS, characters

PAGES = ["book/index", "notebooks/04_growth_rate", "book/instructors/grading"]
BOXES = """() => [...document.querySelectorAll("body *")].map(e => {
  const {x, y, width, height} = e.getBoundingClientRect();
  return `${e.tagName} ${[x, y + scrollY, width, height].map(value => value.toFixed(2))}`;
})"""
# Pictures that are not in view load late, and change their height by a fraction of a pixel. The
# theme scrolls its side bar before the fonts have come; it moves it, and marks where a reader is,
# a little after the window has changed.
AT_REST = """async () => {
  await document.fonts.ready;
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
  document.querySelector(".bd-sidebar-primary").scrollTop = 0;
  await new Promise(done => setTimeout(done, 300));
  await Promise.all(document.getAnimations().map(one => one.finished));
}"""
# letters in the machine's font, not the book's, to see that two machines differ
MACHINE = """() => {
  const word = document.createElement("span");
  word.textContent = "Which letters are these?";
  word.style.cssText = "position: absolute; font: 40px sans-serif";
  document.body.append(word);
  return word.getBoundingClientRect().width;
}"""
LOADED = """() => performance.getEntriesByType("resource")
  .filter(file => file.name.includes("/_static/fonts/"))
  .map(file => [file.name, file.encodedBodySize])"""
PAPER = {"width": 643, "height": 900}  # as wide as the text on an A4 page
CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")  # comes from the reader's system
MACHINES = ("DejaVu*.ttf", "[cS][mT]*.ttf")  # of Matplotlib's fonts: DejaVu only, or others


def start(playwright: Playwright, folder: Path, pattern: str) -> Browser:
    """A browser that knows no fonts but these of Matplotlib's."""
    known = folder / "known"
    known.mkdir()
    for file in Path(matplotlib.get_data_path(), "fonts", "ttf").glob(pattern):
        shutil.copy(file, known)
    settings = folder / "fonts.conf"
    settings.write_text(
        f"<fontconfig><dir>{known}</dir><cachedir>{folder / 'cache'}</cachedir></fontconfig>"
    )
    environment = {**os.environ, "FONTCONFIG_FILE": str(settings)}
    return playwright.chromium.launch(executable_path=browser_path(), args=OPTIONS, env=environment)


@pytest.fixture(scope="module")
def machines(playwright, tmp_path_factory) -> Iterator[list[Browser]]:
    """Two browsers: one on a machine with DejaVu only, one on a machine with other fonts."""
    browsers = [start(playwright, tmp_path_factory.mktemp("fonts"), each) for each in MACHINES]
    yield browsers
    for browser in browsers:
        note_time(browser)
        browser.close()


def visit(browser: Browser, address: str, **options) -> Page:
    page = browser.new_page(reduced_motion="reduce", **options)
    page.goto(address)
    page.evaluate(TYPESET)
    return page


def boxes(browser: Browser, name: str) -> dict[str, list[str]]:
    """Where every element of a page is: on a desktop, on a phone, and as it is printed."""
    page = visit(browser, (HTML / f"{name}.html").as_uri(), viewport=DESKTOP)
    found = {}
    for medium, size in (("desktop", DESKTOP), ("phone", PHONE), ("paper", PAPER)):
        page.emulate_media(media="print" if medium == "paper" else "screen")
        page.set_viewport_size(size)
        page.evaluate(AT_REST)
        found[medium] = page.evaluate(BOXES)
    page.close()
    return found


def test_the_two_machines_have_different_fonts(machines):
    widths = [visit(browser, "about:blank").evaluate(MACHINE) for browser in machines]
    assert abs(widths[0] - widths[1]) > 10


@pytest.mark.parametrize("name", PAGES)
def test_every_box_is_at_the_same_place_whatever_fonts_a_machine_has(name, machines):
    first, second = (boxes(browser, name) for browser in machines)
    for medium, expected in first.items():
        assert len(expected) > 300
        moved = [pair for pair in zip(expected, second[medium], strict=True) if len({*pair}) > 1]
        assert moved == [], medium


def test_the_fonts_are_light_enough_for_a_slow_line(browser, server):
    page = visit(browser, f"{server}/notebooks/04_growth_rate.html")
    page.evaluate("document.fonts.ready.then(() => null)")
    loaded = dict(page.evaluate(LOADED))
    page.close()
    assert len(loaded) >= 3 and 50_000 < sum(loaded.values()) <= 145_000
    files = (HTML / "_static" / "fonts").glob("*.woff2")
    assert sum(file.stat().st_size for file in files) <= 220_000


def used(name: str, formulas: bool = False) -> set[str]:
    """The characters of a built page that can be seen, without its formulas or only in them."""
    text = (HTML / f"{name}.html").read_text(encoding="utf-8")
    parts = re.split("(?s)(<math.*?</math>)", text)
    text = "".join(parts[1::2] if formulas else parts[::2])
    text = re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", "", text)
    return {letter for letter in html.unescape(text) if letter.isprintable()}


def test_the_fonts_have_every_character_of_the_pages(browser, server):
    needed = sorted(set().union(*map(used, built_pages())))
    needed = [letter for letter in needed if not CHINESE.match(letter)]
    assert len(needed) > 100
    assert [letter for letter in needed if ord(letter) not in characters()] == []
    page = visit(browser, f"{server}/book/index.html")
    page.evaluate(
        """text => {
          document.querySelector("article").innerHTML = "<p></p><code></code>";
          document.querySelectorAll("article > *").forEach(place => (place.textContent = text));
        }""",
        "".join(needed),
    )
    page.evaluate("document.fonts.ready.then(() => null)")
    for place in ("article > p", "article > code"):
        assert machine_fonts(page, place) == []
    page.close()


def test_the_formulas_font_has_every_sign_of_the_formulas(browser, server):
    signs = set().union(*(used(name, formulas=True) for name in built_pages()))
    known = characters() | characters(FORMULAS, SIGNS)
    assert len(signs) > 40 and [sign for sign in sorted(signs) if ord(sign) not in known] == []
    page = visit(browser, f"{server}/book/index.html")
    page.evaluate(
        """signs => {
          const letters = signs.map(sign => `<mi>${sign}</mi><mo>${sign}</mo>`);
          document.querySelector("article").innerHTML = `<math>${letters.join("")}</math>`;
          return document.fonts.ready.then(() => null);
        }""",
        sorted(signs - set("<&>")),
    )
    assert machine_fonts(page, "article > math") == []
    page.close()


def machine_fonts(page: Page, selector: str) -> list[str]:
    """Which of the machine's fonts an element is drawn with."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    document = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": document, "selector": selector})
    fonts = session.send("CSS.getPlatformFontsForNode", node)["fonts"]
    assert fonts
    return [font["familyName"] for font in fonts if not font["isCustomFont"]]


def test_each_font_has_its_version_and_licence_beside_it():
    folder = ROOT / "book" / "_static" / "fonts"
    told = (folder / "README.md").read_text(encoding="utf-8")
    files = {file.name for file in folder.iterdir()} - {"README.md"}
    assert files >= set(FONTS) and all(f"`{name}`" in told for name in files)
    for package, *_ in FONTS.values():
        name, _, version = package.rpartition("@")
        assert f"`{name}` {version}" in told
    licences = list(folder.glob("OFL-*.txt"))
    assert len(licences) == 3
    assert all("SIL OPEN FONT LICENSE" in each.read_text("utf-8") for each in licences)
