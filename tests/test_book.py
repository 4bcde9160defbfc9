"""The built book, as far as no browser is needed: pages, links, pictures, what it loads."""

import functools
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup, Tag

from course import ROOT, chapters, pages, read_yaml

HTML = ROOT / "_build" / "html"

# What makes a browser ask for a file by itself, without a click.
LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}
NOT_LOADED = {"canonical", "search", "index", "next", "prev", "author", "copyright"}


@functools.cache
def page(name: str) -> BeautifulSoup:
    path = HTML / f"{name}.html"
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: run `make book`"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def article(name: str) -> Tag:
    return page(name).find("article")


def anchors(name: str) -> set[str]:
    return {tag["id"] for tag in page(name).find_all(id=True)}


every_page = pytest.mark.parametrize("name", pages())
every_chapter = pytest.mark.parametrize("chapter", chapters())


@every_page
def test_the_book_was_built_from_the_present_sources(name):
    built = next((HTML / "_sources").glob(f"{name}.*"), None)
    assert built is not None, "no such page in the built book: run `make book`"
    source = ROOT / f"{name}{built.suffix}"
    assert built.read_bytes() == source.read_bytes(), f"{name} has changed: run `make book`"


@every_page
def test_a_page_has_one_title_and_no_message_of_the_builder(name):
    assert len(article(name).find_all("h1")) == 1
    messages = article(name).select(".system-message, .problematic, .error")
    assert not messages, messages
    assert page(name).html["lang"] == "en"


@every_page
def test_headings_skip_no_level(name):
    levels = [int(tag.name[1]) for tag in article(name).find_all(re.compile(r"^h[1-6]$"))]
    jumps = [(a, b) for a, b in zip(levels, levels[1:], strict=False) if b > a + 1]
    assert not jumps


def loaded(soup: BeautifulSoup) -> list[str]:
    """The addresses that a browser loads to show a page."""
    found = [tag.get(LOADED[tag.name], "") for tag in soup.find_all(list(LOADED))]
    for tag in soup.find_all("link"):
        if not NOT_LOADED & set(tag.get("rel", [])):
            found.append(tag["href"])
    for tag in soup.find_all("style"):
        found += re.findall(r"url\(['\"]?([^'\")]+)", tag.get_text())
    return [address for address in found if address and not address.startswith("data:")]


@pytest.mark.parametrize("name", [*pages(), "search", "genindex"])
def test_a_page_loads_only_files_of_the_book(name):
    for address in loaded(page(name)):
        assert not re.match(r"([a-z]+:)?//", address), f"{name} loads {address}"
        path = (HTML / f"{name}.html").parent / unquote(address.partition("?")[0])
        assert path.exists(), f"{name} loads {address}, which is not there"


def test_the_styles_load_only_files_of_the_book():
    for path in (HTML / "_static").rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        outside = re.findall(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")]+)", text)
        assert not outside, f"{path.name} loads {outside}"


@every_page
def test_internal_links_lead_somewhere(name):
    here = HTML / f"{name}.html"
    for tag in page(name).find_all("a", href=True):
        address, anchor = urldefrag(tag["href"])
        if re.match(r"[a-z]+:", address):
            continue
        target = (here.parent / unquote(address)).resolve() if address else here
        assert target.exists(), f"{name} links to {tag['href']}"
        if anchor and target.suffix == ".html":
            other = target.relative_to(HTML.resolve()) if address else Path(f"{name}.html")
            assert unquote(anchor) in anchors(str(other.with_suffix(""))), tag["href"]


@every_page
def test_every_picture_has_alt_text(name):
    for tag in article(name).find_all("img"):
        assert len(tag.get("alt", "")) >= 20, f"{name}: {tag}"
    for tag in article(name).find_all("svg"):
        assert tag.get("aria-label") or tag.get("aria-hidden") or tag.find("title"), (
            f"{name}: {tag}"
        )


@every_chapter
def test_a_picture_from_code_stands_with_its_caption(chapter):
    for tag in article(f"notebooks/{chapter}").select(".cell_output img"):
        figure = tag.find_parent("figure")
        assert figure is not None and figure.find("figcaption").get_text(strip=True), tag


@every_chapter
def test_a_chapter_offers_colab_and_the_notebook_itself(chapter):
    config = read_yaml("_config.yml")
    owner_and_name = config["repository"]["url"].removeprefix("https://github.com/")
    path = f"{owner_and_name}/blob/{config['repository']['branch']}/notebooks/{chapter}.ipynb"
    links = [tag["href"] for tag in page(f"notebooks/{chapter}").find_all("a", href=True)]
    assert links.count(f"https://colab.research.google.com/github/{path}") == 2  # button and text
    assert any(link.endswith(f"_sources/notebooks/{chapter}.ipynb") for link in links)


@every_chapter
def test_the_set_up_cell_is_folded(chapter):
    first = article(f"notebooks/{chapter}").select_one(".cell")
    assert "COLAB_RELEASE_TAG" in first.get_text() and first.find("details") is not None


@every_chapter
def test_a_chapter_opens_with_objectives_and_closes_with_a_summary(chapter):
    content = article(f"notebooks/{chapter}")
    assert len(content.select(".objectives li")) >= 2
    assert 3 <= len(content.select(".summary li")) <= 5


@every_chapter
def test_every_exercise_has_a_solution_which_is_folded(chapter):
    sections = article(f"notebooks/{chapter}").find_all("section")
    exercises = [section for section in sections if is_exercise(section)]
    assert len(exercises) >= 4
    for exercise in exercises:
        folded = exercise.find_all("details")
        assert folded, f"{exercise.h3.get_text()} has no folded solution"
        assert not [details for details in folded if details.has_attr("open")]


def is_exercise(section: Tag) -> bool:
    heading = section.find(["h1", "h2", "h3"])
    return heading.name == "h3" and heading.get_text().startswith("Exercise ")


def test_formulas_are_drawn_by_the_book_s_own_mathjax():
    scripts = [tag.get("src", "") for tag in page("book/glossary").find_all("script")]
    used = [src.partition("?")[0] for src in scripts if "mathjax" in src]
    assert used == ["../_static/mathjax/tex-chtml.js"]
    assert list((HTML / "_static/mathjax/output/chtml/fonts").rglob("*.woff"))


def test_the_search_knows_the_course_s_words():
    index = (HTML / "searchindex.js").read_text(encoding="utf-8")
    for word in ["growth", "concaten", "bottleneck", "transit", "residu"]:  # word stems
        assert re.search(rf'["{{,]{word}"?:', index), f"the search does not know {word}"


def test_the_front_page_leads_to_every_chapter():
    links = {tag["href"] for tag in article("book/index").find_all("a", href=True)}
    assert links >= {f"../notebooks/{chapter}.html" for chapter in chapters()}
    redirect = page("index").find("meta", attrs={"http-equiv": "Refresh"})
    assert redirect["content"].endswith("book/index.html")


def test_the_glossary_explains_every_term_under_its_own_anchor():
    terms = [tag.get_text().rstrip("#") for tag in article("book/glossary").find_all("h2")]
    assert terms == sorted(terms, key=str.lower) and len(terms) >= 24
    for term in terms:
        assert term.lower().replace(" ", "-") in anchors("book/glossary")


def test_the_references_page_lists_the_whole_bibliography():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE)
    assert len(article("book/references").select(".citation")) == len(set(entries)) >= 15
