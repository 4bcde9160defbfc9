"""Every page of the built book in a real browser. One visit to a page serves many tests."""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import browser as plugin
from browser import DESKTOP, HTML, PHONE, TABLET, TYPESET, built_pages, note_time, watch, widest
from course import chapters, pages

pytestmark = pytest.mark.first
MOST_BYTES = 1_500_000  # of a page

# ------------------------------------------------------------------------ one visit

OBSERVE = """
window.observed = {shift: 0, paint: 0};
const watch = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note))
  .observe({type, buffered: true});
watch("largest-contentful-paint", entry => (observed.paint = entry.startTime));
watch("layout-shift", entry => { if (!entry.hadRecentInput) observed.shift += entry.value; });
"""
MEASURE = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const files = [page, ...performance.getEntriesByType("resource")];
  const first = performance.getEntriesByName("first-contentful-paint")[0];
  return {
    "first paint": first ? first.startTime : NaN,
    "largest paint": observed.paint,
    "DOM ready": page.domContentLoadedEventEnd,
    "loaded": page.loadEventEnd,
    "shift": observed.shift,
    "requests": files.length,
    "bytes": files.reduce((sum, file) => sum + file.transferSize, 0),
  };
}"""
FORMULAS = """() => ({
  written: document.querySelectorAll(".math").length,
  drawn: [...document.querySelectorAll(".math > math")].filter(
    e => e.closest("details:not([open])") || e.getBoundingClientRect().width > 2).length,
})"""
ICONS = """() => [...document.querySelectorAll(
    ":is(i, span):is(.fa, .fas, .far, .fab, .fa-solid, .fa-regular, .fa-brands)")]
  .filter(icon => !getComputedStyle(icon, "::before").maskImage.startsWith("url("))
  .map(icon => icon.className)"""
# The theme writes some icons as letters of a font that the book does not have: boxes, or nothing
PRIVATE_LETTERS = """() => [...document.querySelectorAll("body *")]
  .filter(e => ["::before", "::after"].map(place => getComputedStyle(e, place))
    .some(s => s.display !== "none" && /[\\ue000-\\uf8ff]/.test(s.content)))
  .map(e => e.outerHTML.slice(0, 120))"""
# Elements that scroll sideways inside themselves, but hold no code and are not marked for that
SCROLLING = """() => [...document.querySelectorAll("body *")]
  .filter(e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1)
  .filter(e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
  .filter(e => !e.matches("pre, .scrolls-sideways"))
  .map(e => `${e.outerHTML.slice(0, 120)} is ${e.scrollWidth} wide in ${e.clientWidth}`)"""
# Words of a page that stick out of the window, though the page itself does not scroll
CUT_OFF = """() => [...document.querySelectorAll("article *")]
  .filter(e => !e.closest("pre, .scrolls-sideways, svg, .visually-hidden"))
  .filter(e => e.getBoundingClientRect().width > 1)
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""
# Words and names that are broken into two lines where nothing says that they may be
TORN = """() => {
  const torn = [], range = document.createRange();
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, around = text.parentElement;
    if (around.closest("pre, math, svg, script, style") || !around.checkVisibility()) continue;
    for (const {0: word, index} of text.data.matchAll(/[\\p{L}\\p{N}_.=]+/gu)) {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set(Array.from(range.getClientRects(), line => line.top)).size > 1) torn.push(word);
    }
  }
  return torn;
}"""
# Of each picture: width by height, as it is shown and as it is drawn
SHAPES = """async () => {
  const images = [...document.querySelectorAll("article figure img")]
    .filter(image => image.checkVisibility());
  images.forEach(image => (image.loading = "eager"));
  await Promise.all(images.map(image => image.decode()));
  return images.map(({width, height, naturalWidth, naturalHeight}) =>
    [width / height, naturalWidth / naturalHeight]);
}"""
COLOURS = """() => [document.body, document.querySelector("h1, main p, main a")].map(
  (e, i) => getComputedStyle(e)[i ? "color" : "backgroundColor"])"""
# axe-core takes long for thousands of coloured words of code: one of each kind is enough, and so
# are a few formulas.
THIN_OUT = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll("pre span")) {
    if (word.childElementCount || word.className === "linenos") continue;
    const kind = `${word.className} in ${word.closest("div[class]")?.className}`;
    if (seen.has(kind)) word.replaceWith(word.textContent);
    seen.add(kind);
  }
  document.querySelectorAll("pre").forEach(block => block.normalize());
  [...document.querySelectorAll("math")].slice(5).forEach(one => one.replaceChildren());
}"""
# Contrast takes axe-core longest. It follows from the colours of letters and of all that is behind
# them, and from the letters' size: five of each kind say it for the others, which are marked.
MARK_ALIKE = """() => {
  const grounds = new Map(), seen = new Map();
  const ground = e => {
    if (!e) return "";
    if (!grounds.has(e)) {
      const {backgroundColor, backgroundImage, opacity, filter} = getComputedStyle(e);
      const own = [backgroundColor, backgroundImage, opacity, filter].join();
      const above = ground(e.parentElement);
      grounds.set(e, own === "rgba(0, 0, 0, 0),none,1,none" ? above : `${own} on ${above}`);
    }
    return grounds.get(e);
  };
  for (const e of document.body.querySelectorAll("*")) {
    e.removeAttribute("data-alike");
    const words = [...e.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!words || !e.checkVisibility()) continue;
    const {color, fontSize, fontWeight, position} = getComputedStyle(e);
    const kind = [color, fontSize, fontWeight, position, ground(e)].join();
    seen.set(kind, 1 + (seen.get(kind) || 0));
    if (seen.get(kind) > 5) e.setAttribute("data-alike", "");
  }
}"""
# Only violations; preloading would ask for more files
AXE = """() => {
  axe.configure({rules: [{id: "color-contrast", selector: ":not([data-alike])"}]});
  return axe.run({resultTypes: ["violations"], preload: false});
}"""
# The theme looks again which code can be scrolled, and so needs a place for the focus, a little
# after the window has changed.
SETTLED = """() => [...document.querySelectorAll("article pre")].every(
  e => e.clientWidth === 0 || (e.scrollWidth > e.clientWidth) === (e.tabIndex === 0))"""


@dataclass
class Seen:
    """What one visit to a page brought to light."""

    name: str
    complaints: list[str] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)
    formulas: dict[str, Any] = field(default_factory=dict)
    without_icon: list[str] = field(default_factory=list)
    private_letters: list[str] = field(default_factory=list)
    widths: dict[int, int] = field(default_factory=dict)
    scrolling: dict[int, list[str]] = field(default_factory=dict)
    cut_off: dict[int, list[str]] = field(default_factory=dict)
    torn: list[str] = field(default_factory=list)
    shapes: list[list[float]] = field(default_factory=list)
    colours: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)


def look(page: Page, seen: Seen) -> None:
    """Go through a loaded page: light on a desktop, then dark on a tablet and on a phone.

    axe-core reads a page for seconds, so in the light it reads few that have every look.
    """
    page.evaluate(TYPESET)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    seen.measured = page.evaluate(MEASURE)
    seen.formulas = page.evaluate(FORMULAS)
    seen.without_icon = page.evaluate(ICONS)
    seen.private_letters = page.evaluate(PRIVATE_LETTERS)
    seen.colours["light"] = page.evaluate(COLOURS)
    switch_to_dark(page)
    seen.colours["dark"] = page.evaluate(COLOURS)
    for size in (TABLET, PHONE):
        page.set_viewport_size(size)
        page.wait_for_function(SETTLED)
        seen.widths[size["width"]] = widest(page)
        seen.scrolling[size["width"]] = page.evaluate(SCROLLING)
        seen.cut_off[size["width"]] = page.evaluate(CUT_OFF)
    seen.torn = page.evaluate(TORN)
    seen.shapes = page.evaluate(SHAPES)
    page.evaluate(THIN_OUT)
    seen.faults["dark, on a phone"] = faults(page)
    if seen.name not in IN_THE_LIGHT:
        return
    page.set_viewport_size(DESKTOP)
    page.wait_for_function(SETTLED)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    seen.faults["light, on a desktop"] = faults(page)


def switch_to_dark(page: Page) -> None:
    """Press the button of the page that changes the theme, until it is dark."""
    button = page.locator("button.theme-switch-button:visible").first
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            return
        button.click()


def faults(page: Page) -> list[str]:
    """What axe-core calls a serious or critical fault."""
    page.evaluate(Axe().axe_script)
    page.evaluate(MARK_ALIKE)
    found = page.evaluate(AXE)["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


MOULDS = ("_modules/", "book/api/")  # all pages of the package's modules and of their code


def is_generated(name: str) -> bool:
    return name.startswith(MOULDS)


def looks(name: str) -> set[str]:
    """What elements of which classes a page has."""
    return set(re.findall(r"<\w+ class=\"[^\"]*\"", (HTML / f"{name}.html").read_text("utf-8")))


def words(name: str) -> list[str]:
    """The words of a page outside of its code, which may scroll."""
    text = (HTML / f"{name}.html").read_text("utf-8").partition("<article")[2]
    text = re.sub(r"<pre.*?</pre>", "", text.partition("</article>")[0], flags=re.DOTALL)
    return re.sub(r"<[^>]+>", "", text).split()


def few_with_all_looks(names: Iterable[str]) -> list[str]:
    """Choose pages, as few as possible, that have every element that one of these pages has."""
    left = {name: looks(name) for name in names}
    chosen = []
    while any(left.values()):
        best = max(left, key=lambda name: len(left[name]))
        chosen.append(best)
        left = {name: rest - left[best] for name, rest in left.items()}
    return chosen


def widest_of_each_mould(names: Iterable[str]) -> list[str]:
    """Of the modules' pages and of those of their code, the one with the longest word."""
    longest = {name: max(map(len, words(name)), default=0) for name in sorted(names)}
    moulds = [[name for name in longest if name.startswith(mould)] for mould in MOULDS]
    return [max(pages, key=longest.get) for pages in moulds]


GENERATED = [name for name in built_pages() if is_generated(name)]
WRITTEN = [name for name in built_pages() if not is_generated(name)]
SAMPLE = list(dict.fromkeys(few_with_all_looks(GENERATED) + widest_of_each_mould(GENERATED)))
IN_THE_LIGHT = few_with_all_looks(WRITTEN + SAMPLE)


def visited(name: str) -> Any:
    """A page, all of whose tests go to one worker, so that it is visited once."""
    return pytest.param(name, marks=pytest.mark.xdist_group(name))


@pytest.fixture(scope="module", params=[visited(name) for name in WRITTEN + SAMPLE])
def seen(request: pytest.FixtureRequest, browser: Browser, server: str) -> Iterator[Seen]:
    seen = Seen(request.param)
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce", color_scheme="light")
    context.add_init_script(OBSERVE)
    page = context.new_page()
    page.set_default_timeout(30_000)
    watch(page, server, seen.complaints)
    page.goto(f"{server}/{seen.name}.html")
    look(page, seen)
    plugin.TIMINGS[seen.name] = seen.measured | {"kB": seen.measured["bytes"] / 1000}
    yield seen
    note_time(browser)
    context.close()


# ------------------------------------------------------------------------ every page


def test_a_page_loads_without_error_or_outside_request(seen):
    assert seen.complaints == []
    assert seen.measured["requests"] > 5  # else nothing was watched


def test_a_page_is_light_enough_for_a_slow_line(seen):
    assert 50_000 < seen.measured["bytes"] < MOST_BYTES


def test_every_formula_is_drawn(seen):
    assert seen.formulas["drawn"] == seen.formulas["written"]


def test_every_icon_has_a_picture(seen):
    assert seen.without_icon == []
    assert seen.private_letters == []


def lightness(colour: str) -> float:
    return sum(float(number) for number in re.findall(r"[\d.]+", colour)[:3]) / 3


def test_the_theme_button_turns_paper_dark_and_letters_light(seen):
    paper, letters = map(lightness, seen.colours["light"])
    assert paper > 240 and letters < 130
    paper, letters = map(lightness, seen.colours["dark"])
    assert paper < 50 and letters > 120


@pytest.mark.parametrize("width", [375, 768])
def test_nothing_but_code_scrolls_sideways(seen, width):
    assert seen.widths[width] <= width, "the page scrolls sideways"
    assert seen.scrolling[width] == []
    assert seen.cut_off[width] == []


def test_no_word_is_broken_in_its_middle_on_a_phone(seen):
    assert seen.torn == []


def test_a_picture_on_a_phone_is_no_higher_than_its_drawing(seen):
    assert seen.shapes or not seen.name.startswith("notebooks/0")  # every chapter has one
    assert all(shown == pytest.approx(drawn, rel=0.05) for shown, drawn in seen.shapes)


def test_axe_finds_nothing_serious(seen):
    assert seen.faults == dict.fromkeys(seen.faults, [])
    assert ("light, on a desktop" in seen.faults) == (seen.name in IN_THE_LIGHT)


def test_the_pages_are_all_visited():
    assert {*pages(), "search", "genindex", "404"} <= set(WRITTEN)
    assert set(WRITTEN) | set(GENERATED) == set(built_pages())


def test_axe_sees_every_look_in_the_light():
    every = set().union(*map(looks, built_pages()))
    assert every == set().union(*map(looks, IN_THE_LIGHT))


# ------------------------------------------------------------------------ some pages


def test_the_browser_s_own_wish_for_a_dark_page_is_followed(visit):
    page = visit("book/index", color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def found(page: Page, words: str) -> list[str]:
    """Search as a reader does; the names of the pages found, best first."""
    page.locator("button.search-button__button:visible, .search-button:visible").first.click()
    page.locator("input[type=search]:visible").first.fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?*")
    expect(page.locator("#search-results p.search-summary")).to_contain_text(
        re.compile(r"found \d+ page|found one page", re.I)
    )
    links = page.locator("#search-results li > a")
    addresses = links.evaluate_all("links => links.map(link => link.pathname)")
    names = [address.rpartition("/")[2].removesuffix(".html") for address in addresses]
    return list(dict.fromkeys(names))  # a page is found by its headings too


@pytest.mark.parametrize("place", ["http", "file"])
@pytest.mark.parametrize(
    ("words", "chapter"),
    [
        ("growth rate", "04_growth_rate"),
        ("Transition", "05_transition"),
        ("concatenation", "03_concatenation"),
    ],
)
def test_the_search_finds_the_chapter_that_teaches_a_thing_first(
    words, chapter, place, visit, server
):
    page = visit("book/index", at=server if place == "http" else HTML.as_uri())
    names = found(page, words)
    assert names[0] == chapter
    assert "glossary" in names[1:]


@pytest.mark.parametrize("name", ["book/index", f"notebooks/{chapters()[0]}", "book/glossary"])
def test_a_page_reads_well_from_a_folder(name, visit):
    page = visit(name, at=HTML.as_uri())
    page.evaluate(TYPESET)
    formulas = page.evaluate(FORMULAS)
    assert formulas["drawn"] == formulas["written"]
    broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
    assert page.evaluate(broken) == []
    assert page.evaluate(ICONS) == []
    next_page = page.locator("a.right-next, a.left-prev").first
    next_page.click()
    expect(page.locator("article h1")).to_have_count(1)
    assert page.url.startswith(HTML.as_uri())


# ------------------------------------------------------------------------ the browser


@pytest.mark.parametrize(("ci", "end"), [("", pytest.skip), ("true", pytest.fail)])
def test_without_a_browser_tests_are_skipped_and_in_ci_they_fail(ci, end, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(end.Exception, match="NO BROWSER.* Install"):
        plugin.browser_path()
