"""The built book, as far as no browser is needed: pages, links, pictures, what it loads."""

import ast
import base64
import functools
import html
import io
import json
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import networkx
import pytest
from bs4 import BeautifulSoup, Tag

import exercises
import run_facts
from browser import built_pages
from course import ROOT, all_notebooks, chapters, led_to, notebook, pages, read_yaml
from tools import single_file
from tools.address import read as read_address

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


@functools.cache
def anchors(name: str) -> set[str]:
    text = (HTML / f"{name}.html").read_text(encoding="utf-8")
    return {html.unescape(found) for found in re.findall(r'<[^<>]*\bid="([^"]+)"', text)}


def modules() -> dict[str, Path]:
    """The package's modules, by the names of their pages."""
    package = ROOT / "densenet_lesson"
    paths = {path: path.relative_to(package).with_suffix("") for path in package.rglob("*.py")}
    names = {".".join(short.parts).removesuffix("__init__"): path for path, short in paths.items()}
    names = {name.rstrip(".") or package.name: path for name, path in names.items()}
    return {name: names[name] for name in sorted(names) if "__main__" not in name}


every_page = pytest.mark.parametrize("name", pages())
every_module = pytest.mark.parametrize("module", modules())
every_chapter = pytest.mark.parametrize("chapter", chapters())
every_notebook = pytest.mark.parametrize("chapter", all_notebooks())


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
def test_every_picture_has_alt_text(name):
    for tag in article(name).find_all("img"):
        assert len(tag.get("alt", "")) >= 20, f"{name}: {tag}"
    for tag in article(name).find_all("svg"):
        assert tag.get("aria-label") or tag.get("aria-hidden") or tag.find("title"), (
            f"{name}: {tag}"
        )


@every_notebook
def test_a_picture_from_code_stands_with_its_caption(chapter):
    for tag in article(f"notebooks/{chapter}").select(".cell_output img"):
        figure = tag.find_parent("figure")
        assert figure is not None and figure.find("figcaption").get_text(strip=True), tag


@every_notebook
def test_a_chapter_offers_the_notebook_and_near_its_top_the_way_to_colab(chapter):
    soup, published = page(f"notebooks/{chapter}"), read_address(ROOT)
    links = [tag["href"] for tag in soup.find_all("a", href=True)]
    assert any(link.endswith(f"_sources/notebooks/{chapter}.ipynb") for link in links)
    if published:
        assert links.count(published.on_colab(chapter)) == 2  # button and text
    else:
        (link,) = soup.select(f'article a[download][href="../_static/colab/{chapter}.ipynb"]')
        said = " ".join(link.find_parent("p").get_text().split())
        assert said == "For Colab, download this chapter, then choose File → Upload notebook there."
        assert link.find_previous(["h2", "pre"]).find_parent("article") is None, "not at the top"
        assert not soup.select(".dropdown-launch-buttons")


@pytest.mark.skipif(read_address(ROOT) is not None, reason="Colab opens the chapters themselves")
@every_notebook
def test_the_file_for_colab_is_this_chapter_with_the_package_of_today(chapter):
    path = HTML / "_static" / "colab" / f"{chapter}.ipynb"
    made, source = nbformat.read(path, as_version=4), notebook(chapter)
    changed = {
        cell.id: new.source
        for cell, new in zip(source.cells, made.cells, strict=True)
        if cell.cell_type == "code" and cell.source != new.source
    }
    assert list(changed) == ["setup"], "run `make book`"
    carried = re.search(r'CONTENT = """\n(.+?)\n"""', changed["setup"], re.DOTALL)[1]
    wheel = zipfile.ZipFile(io.BytesIO(base64.b64decode(carried)))
    files = {name: wheel.read(name) for name in wheel.namelist() if "dist-info" not in name}
    package = list((ROOT / "densenet_lesson").rglob("*.py"))
    expected = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in package}
    for name in single_file.records_of(ROOT, chapter):
        inside = name.replace("book/results", "densenet_lesson/results")
        expected[inside] = (ROOT / name).read_bytes()
    assert files == expected, "run `make book`"


@pytest.mark.parametrize("name", built_pages())
def test_no_page_leads_to_a_repository_that_is_not_configured(name):
    published = read_address(ROOT)
    text = (HTML / f"{name}.html").read_text(encoding="utf-8")
    own = {published.url.removeprefix("https://github.com/")} if published else set()
    assert led_to(text, of_the_course=False) <= own
    bar = text.partition('<div class="article-header-buttons">')[2].partition("<article")[0]
    assert "<button" in bar
    assert ("github.com" in bar) <= bool(published)


@every_notebook
def test_the_set_up_cell_is_folded(chapter):
    first = article(f"notebooks/{chapter}").select_one(".cell")
    assert "COLAB_RELEASE_TAG" in first.get_text() and first.find("details") is not None


@every_chapter
def test_a_chapter_opens_with_objectives_time_and_basis_and_closes_with_a_summary(chapter):
    content = article(f"notebooks/{chapter}")
    box = content.select_one(".objectives")
    assert len(box.select("li")) >= 2
    assert box.find_previous(["h2", "pre"]).find_parent("article") is None, "not at the top"
    assert 3 <= len(content.select(".summary li")) <= 5
    after = [tag.get_text() for tag in content.select_one(".summary").find_all_next("h2")]
    assert after[0].startswith("Exercises"), f"the summary ends the chapter, before {after}"


@every_chapter
def test_a_chapter_s_head_has_number_minutes_basis_and_the_way_to_colab(chapter):
    content = article(f"notebooks/{chapter}")
    head = content.select_one("h1 + .chapter-head")
    number = content.select_one(".chapter-number")
    assert number.get_text() == f"Chapter {int(chapter[:2])}" and number.find_next("h1")
    minutes, basis, colab = head.select("p")
    assert re.match(r"Time: (about )?\d+ minutes", minutes.get_text())
    assert basis.get_text().startswith("Builds on: ")
    assert colab.select("a[href^='https://colab.research.google.com']")


@every_chapter
def test_an_exercise_is_a_card_with_a_short_title_and_chips(chapter):
    cards = article(f"notebooks/{chapter}").select("section.exercise")
    said = exercises.exercises(ROOT / "notebooks" / f"{chapter}.ipynb")
    for card, exercise in zip(cards, said, strict=True):
        assert card.h3.get_text().startswith(f"Exercise {exercise.number}: ")
        chips = [chip.get_text() for chip in card.select("h3 + .chips > .chip")]
        assert chips == [exercise.kind, exercise.time, exercise.difficulty]


@every_chapter
def test_every_exercise_has_a_solution_which_is_folded(chapter):
    sections = article(f"notebooks/{chapter}").find_all("section")
    exercises = [section for section in sections if is_exercise(section)]
    assert len(exercises) >= 4
    for exercise in exercises:
        folded = exercise.find_all("details")
        assert len(folded) == 1, f"{exercise.h3.get_text()} has {len(folded)} folds"
        assert not folded[0].has_attr("open")
        assert folded[0].find_next_siblings() == [], "something follows the solution"


def is_exercise(section: Tag) -> bool:
    heading = section.find(["h1", "h2", "h3"])
    return heading.name == "h3" and heading.get_text().startswith("Exercise ")


def test_the_search_knows_the_course_s_words():
    index = (HTML / "searchindex.js").read_text(encoding="utf-8")
    for word in ["growth", "concaten", "bottleneck", "transit", "residu"]:  # word stems
        assert re.search(rf'["{{,]{word}"?:', index), f"the search does not know {word}"


# ------------------------------------------------------------------------ the front page


def told_by_the_notebook(chapter: str) -> tuple[str, str, set[str]]:
    """A chapter's heading, its minutes, and the chapters before it that it says it builds on."""
    cells = [cell.source for cell in notebook(chapter).cells if cell.cell_type == "markdown"]
    box = next(source for source in cells if "objectives" in source)
    basis = box.partition("Builds on")[2]
    before = {other for other in chapters() if other < chapter and f"({other}.ipynb)" in basis}
    return cells[0].partition("\n")[0].removeprefix("# "), re.search(r"(\d+) min", box)[1], before


def test_the_map_has_every_chapter_with_the_title_minutes_and_basis_of_its_notebook():
    rows = article("book/index").select(".chapter-rows li")
    links = [row.a["href"] for row in rows]
    assert links == [f"../notebooks/{chapter}.html" for chapter in chapters()]
    for row, chapter in zip(rows, chapters(), strict=True):
        heading, minutes, before = told_by_the_notebook(chapter)
        assert row.a.get_text() == f"{int(chapter[:2])}. {heading}"
        assert row.select_one(".minutes").get_text() == f"{minutes} min"
        basis = row.select_one(".basis").get_text()
        assert numbers_in(basis) == {int(other[:2]) for other in before}, basis


def numbers_in(words: str) -> set[int]:
    """Every number that "builds on 1, 3–5" means: 1, 3, 4 and 5. The chapters here have no gaps."""
    found = set()
    for first, last in re.findall(r"(\d+)(?:–(\d+))?", words):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_the_lines_of_the_map_are_what_is_needed_to_see_what_builds_on_what():
    graph = networkx.DiGraph()
    for chapter in chapters():
        graph.add_edges_from((other, chapter) for other in told_by_the_notebook(chapter)[2])
    places = {chapter: 100 * i + 50 for i, chapter in enumerate(chapters())}
    needed = networkx.transitive_reduction(graph).edges
    paths = article("book/index").select(".chapter-map path")
    drawn = {tuple(re.search(r"^M\d+ (\d+)C.* (\d+)$", path["d"]).groups()) for path in paths}
    assert drawn == {(str(places[a]), str(places[b])) for a, b in needed}
    assert len(paths) == len(drawn) >= 2


def test_the_front_page_offers_three_ways_and_leads_on():
    ways = article("book/index").select(".front-way")
    assert [way.strong.get_text() for way in ways] == ["Read", "Run on Colab", "Teach"]
    assert all(way.a for way in ways)
    assert ways[1].a["href"].endswith(f"/{chapters()[0]}.ipynb")
    redirect = page("index").find("meta", attrs={"http-equiv": "Refresh"})
    assert redirect["content"].endswith("book/index.html")


# ------------------------------------------------------------------------ to look things up


def test_the_glossary_explains_every_term_under_its_own_anchor():
    entries = article("book/glossary").select("dl.glossary > dt")
    assert all(entry.find_next_sibling().name == "dd" for entry in entries)
    terms = [entry.get_text().rstrip("#") for entry in entries]
    assert terms == sorted(terms, key=str.lower) and len(terms) >= 24
    for term in terms:
        assert term.lower().replace(" ", "-") in anchors("book/glossary")


def test_the_references_page_lists_the_whole_bibliography():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE)
    assert len(article("book/references").select(".citation")) == len(set(entries)) >= 15


@every_notebook
def test_a_link_to_the_glossary_carries_the_first_sentence_of_the_entry(chapter):
    links = article(f"notebooks/{chapter}").select('a[href*="glossary.html#"]')
    assert len(links) >= 5
    for link in links:
        term = article("book/glossary").find("dt", id=urldefrag(link["href"])[1])
        entry = term.find_next_sibling("dd").find("p")
        text, tip = " ".join(entry.get_text().split()), link["data-tip"]
        assert tip[-1] in ".!?" and not re.search(r"[\\$_^`]", tip), tip
        if entry.find("math"):  # formulas are written with plain characters: compare the words
            assert set(re.findall(r"[a-z]{4,}", tip)) <= set(re.findall(r"[a-z]{4,}", text))
        else:
            assert text.startswith(tip) and text[len(tip) :][:1] in ("", " "), tip


COMMANDS = r"\\(?:theta|eta|ell|partial|lfloor|leftarrow|log|ln)(?![A-Za-z])"


def symbols(formulas: list[str]) -> set[str]:
    """The letters of formulas, without words and without commands that only say how to draw."""
    text = " ".join(re.sub(r"\\text\{[^}]*\}", " ", formula) for formula in formulas)
    known = set(re.findall(COMMANDS, text))
    return known | set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", text)))


@every_notebook
def test_every_symbol_of_a_chapter_stands_on_the_page_of_notation(chapter):
    cells = [cell.source for cell in notebook(chapter).cells if cell.cell_type == "markdown"]
    text = re.sub(r"```.*?```|`[^`]*`", " ", "\n\n".join(cells), flags=re.DOTALL)
    used = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    used += re.findall(r"(?<!\$)\$([^$\n]+)\$(?!\$)", re.sub(r"\$\$.+?\$\$", " ", text, flags=re.S))
    page_text = (ROOT / "book" / "notation.md").read_text(encoding="utf-8")
    listed = symbols(re.findall(r"\$([^$]+)\$", page_text.partition("## In the paper")[0]))
    assert symbols(used) <= listed, f"not in book/notation.md: {symbols(used) - listed}"


def public(module: str) -> dict[str, ast.AST]:
    """What a module defines for others: functions and classes without an underscore."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = {node.name: node for node in tree.body if isinstance(node, kinds)}
    return {name: node for name, node in found.items() if not name.startswith("_")}


@every_module
def test_each_public_name_of_a_module_is_described_with_its_arguments_and_a_link_to_its_code(
    module,
):
    content = article(f"book/api/{module}")
    place, published = modules()[module].relative_to(ROOT).as_posix(), read_address(ROOT)
    assert content.select_one(".api-source").get_text() == f"{place} in the repository"
    links = [tag["href"] for tag in content.select(".api-source a")]
    assert links == ([f"{published.files}/{place}"] if published else [])
    for name, node in public(module).items():
        full = "densenet_lesson" if module == "densenet_lesson" else f"densenet_lesson.{module}"
        heading = content.find(id=f"{full}.{name}")
        assert heading is not None, f"{module}.{name} is missing"
        source = heading.find("a", attrs={"class": "reference internal"}, string="[source]")
        assert "_modules/" in (source or heading.select_one('a[href*="_modules/"]'))["href"]
        if isinstance(node, ast.FunctionDef):
            arguments = [each.arg for each in node.args.args + node.args.kwonlyargs]
            assert all(each in heading.get_text() for each in arguments), heading.get_text()
        first = ast.get_docstring(node).partition("\n")[0]
        words = re.findall(r"\w{5,}", first.split("`")[0])
        said = heading.find_next_sibling("dd").get_text()
        assert all(word in said for word in words), f"{name}: {first}"


def test_a_class_built_on_one_of_pytorch_s_shows_its_own_arguments():
    heading = article("book/api/blocks").find(id="densenet_lesson.blocks.DenseLayer")
    assert "growth_rate: int" in heading.get_text() and "kwargs" not in heading.get_text()


def test_the_list_of_modules_has_them_all():
    links = {tag["href"] for tag in article("book/api").select(".module-list a")}
    assert {link.partition("#")[0] for link in links} == {f"api/{name}.html" for name in modules()}


def test_the_first_mention_of_an_imported_name_in_a_chapter_leads_to_its_description():
    links = article("notebooks/05_transition").select('a[href^="../book/api/"]')
    found = [(link.get_text(), link["href"]) for link in links]
    address = "../book/api/arithmetic.measure.html#densenet_lesson.arithmetic.measure.minimum_size"
    assert found.count(("arithmetic.minimum_size", address)) == 1
    assert len(found) == len(set(found))


def test_the_index_lists_the_terms_of_the_glossary_and_the_names_of_the_package():
    links = {tag.get_text(): tag["href"] for tag in article("book/names").select("table a")}
    for term in article("book/glossary").select("dl.glossary > dt"):
        words = term.get_text().rstrip("#")
        assert links[words] == f"../book/glossary.html#{term['id']}"
    assert links["DenseBlock (class in blocks)"].endswith("#densenet_lesson.blocks.DenseBlock")
    assert sum("api/" in link for link in links.values()) >= 150


# ------------------------------------------------------------------------ recorded runs


def records() -> list[str]:
    return sorted(path.stem for path in (ROOT / "book" / "results").glob("*.json"))


def facts(name: str) -> list[str]:
    """What the page of numbers has to tell of a recorded run."""
    record = json.loads((ROOT / "book" / "results" / f"{name}.json").read_text(encoding="utf-8"))
    session = record["sessions"][0]
    judge = "validation" if record["data"].get("validation") else "test"
    return [
        record["model"]["name"],
        f"{record['model']['parameters']:,} parameters",
        record["data"]["fingerprint"],
        f"lr={record['recipe']['lr']}",
        f"\nSeed{record['recipe']['seed']}\n",
        f"threads: {session['threads']}",
        f"PyTorch {session['torch']}",
        session["commit"],
        f"make reproduce RUN={name}",
        f"{judge} accuracy {record['rows'][-1]['test_accuracy']:.4f}",
    ]


def test_the_page_of_numbers_says_how_each_recorded_run_was_made():
    content = article("book/numbers")
    for name in records():
        text = re.sub(r"\n+", "\n", content.find(id=f"run-{name}").get_text())
        assert [fact for fact in facts(name) if fact not in text] == [], name
        row = content.select_one(f'a[href="#run-{name}"]').find_parent("tr")
        assert facts(name)[-1].split()[-1] in row.get_text(), name


def test_the_page_of_numbers_says_which_chapter_shows_a_run():
    row = article("book/numbers").select_one('a[href="#run-fashion_mnist_ours"]').find_parent("tr")
    assert row.find_all("a")[-1]["href"] == "../notebooks/07_training.html"
    assert "0.93–0.95" in row.get_text()


def test_runs_of_several_seeds_share_a_band_and_runs_of_one_kind_a_group():
    bands = {"compare_a": {"test_accuracy": [0.9, 0.925]}}
    assert run_facts.band_of("compare_a_1", bands) == bands["compare_a"]
    assert run_facts.band_of("mnist", bands) is None
    assert run_facts.band_in_words(bands["compare_a"]) == "0.90–0.925"
    assert {run_facts.family(name) for name in ("compare_a_1", "compare_b_0")} == {"compare"}


@pytest.mark.parametrize(
    "seconds, words", [(59.7, "60 seconds"), (600, "10 minutes"), (4575.1, "1 h 16 min")]
)
def test_a_run_s_time_is_told_in_large_units(seconds, words):
    assert run_facts.duration(seconds) == words


def test_the_page_on_citing_says_what_citation_cff_says():
    citation, text = read_yaml("CITATION.cff"), article("book/cite").get_text()
    for fact in (citation["title"], citation["version"], citation.get("repository-code", "")):
        assert text.count(fact) >= 1, fact
    entry, paper = (tag.get_text() for tag in article("book/cite").select(".highlight-bibtex pre"))
    assert entry.startswith("@misc{") and entry.count("{") == entry.count("}")
    assert f"{{{{{citation['title']}}}}}" in entry and citation["authors"][0]["name"] in entry
    assert paper.startswith("@inproceedings{") and paper.count("{") == paper.count("}")
    assert citation["references"][0]["doi"] in paper and "van der Maaten, Laurens" in paper
