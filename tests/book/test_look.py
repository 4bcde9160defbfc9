"""What was once wrong on some page is right on all: read from the built pages and their styles."""

import re

import pytest
from bs4 import BeautifulSoup, Tag

from browser import HTML, built_pages

ARTICLE = re.compile(r"(?s)<article.*?</article>")


@pytest.fixture(scope="module")
def articles() -> dict[str, str]:
    texts = {name: (HTML / f"{name}.html").read_text("utf-8") for name in built_pages()}
    found = {name: ARTICLE.search(text) for name, text in texts.items()}
    return {name: article[0] for name, article in found.items() if article}


def parts(text: str, name: str) -> list[Tag]:
    """The elements of one name, none within another; reading the whole page would take longer."""
    found = re.findall(rf"(?s)<{name}\b.*?</{name}>", text)
    return [BeautifulSoup(one, "html.parser").find(name) for one in found]


@pytest.fixture(scope="module")
def styles() -> str:
    page = (HTML / "book" / "index.html").read_text("utf-8")
    name = re.search(r'rel="stylesheet" href="[^"]*/(book-\w+\.css)"', page)[1]
    return (HTML / "_static" / name).read_text("utf-8")


def test_a_fold_is_called_what_is_written_on_it(articles):
    folds = [fold for text in articles.values() for fold in re.findall("<summary[^>]*>", text)]
    assert len(folds) > 100 and {fold for fold in folds if "aria-label" in fold} == set()


def test_no_formula_is_a_stop_for_the_tabulator(articles):
    formulas = [math for text in articles.values() for math in re.findall("<math[^>]*>", text)]
    assert len(formulas) > 200 and not any("tabindex" in math for math in formulas)


def test_a_long_name_may_break_behind_an_underscore(articles):
    names = [name for text in articles.values() for name in re.findall('"pre">(.*?)</span>', text)]
    long = [name for name in names if re.fullmatch(r"[\w./]{12,}", name.replace("<wbr>", ""))]
    assert len(long) > 100
    assert [name for name in long if re.search(r"_\w", name)] == []


def test_brackets_of_a_title_stay_on_one_line(articles):
    titles = [
        re.search("(?s)<h1>.*?</h1>", text)[0] for text in articles.values() if "<h1>" in text
    ]
    assert any("[\u00a0,\u00a0]" in title for title in titles)
    assert not any(re.search(r"\[ | \]", title) for title in titles)


def test_every_picture_of_a_page_has_its_size_and_comes_when_it_is_near(articles):
    pictures = [
        BeautifulSoup(tag, "html.parser").img
        for text in articles.values()
        for tag in re.findall("<img [^>]*>", text)
    ]
    assert len(pictures) > 40
    for picture in pictures:
        assert picture["loading"] == "lazy", picture
        assert int(picture["width"]) > 10 and int(picture["height"]) > 10, picture


def test_links_that_are_pointed_at_stand_out_from_the_page(styles):
    colours = re.findall(r"--pst-color-link-hover: *(#\w{6})", styles)[-2:]
    light, dark = (sum(int(each[i : i + 2], 16) for i in (1, 3, 5)) / 3 for each in colours)
    assert light < 100 and dark > 170


def test_no_rule_is_left_for_a_class_that_no_page_and_no_script_has(styles):
    assert ".btn" in styles and ".table-warning" not in styles
    assert len(styles) < 220_000


def test_every_caption_of_a_chapter_can_stand_in_the_margin(articles):
    captions = [
        caption.p["class"]
        for name, text in articles.items()
        if name.startswith("notebooks/")
        for caption in parts(text, "figcaption")
    ]
    assert len(captions) > 50 and all("margin" in classes for classes in captions)


def test_what_the_text_of_a_chapter_mentions_has_one_note_beside_it(articles):
    listed = BeautifulSoup(articles["book/references"], "html.parser")
    papers = {link["href"].lower() for link in listed.select("a.external")}
    titles = " ".join(listed.text.split()).lower()
    for name in (name for name in articles if name.startswith("notebooks/")):
        page = BeautifulSoup(articles[name], "html.parser")
        links = page.select("section:not(.exercise) > p a[href]")
        terms = {link["data-tip"] for link in links if "data-tip" in link.attrs}
        sources = {link["href"].lower() for link in links} & papers
        notes = [note.text.strip() for note in page.select("section > .note-beside")]
        assert len(terms) >= 2 and len(notes) == len(set(notes)) == len(terms) + len(sources), name
        for tip in terms:
            assert sum(note.endswith(tip) for note in notes) == 1, f"{name}: {tip}"
        for title in page.select(".note-beside > i"):
            assert title.text.lower() in titles, f"{name}: {title.text}"


def test_every_page_ends_with_the_course_s_own_footer_whose_links_lead_somewhere():
    for name in built_pages():
        place = HTML / f"{name}.html"
        end = place.read_text("utf-8").partition('<footer class="bd-footer-content">')[2]
        page = BeautifulSoup(end, "html.parser")
        links = [link["href"] for link in page.select(".course-footer a")]
        inside = [link for link in links if not link.startswith("https://")]
        assert len(inside) >= 3 and "https://creativecommons.org/licenses/by/4.0/" in links
        for link in inside:
            assert link == "#" or (place.parent / link).exists(), f"{name}: {link}"


def test_a_page_watches_where_the_reader_is_only_in_a_list_of_its_contents():
    texts = {name: (HTML / f"{name}.html").read_text("utf-8") for name in built_pages()}
    watching = {name for name, text in texts.items() if "data-bs-spy" in text}
    assert watching == {name for name, text in texts.items() if 'class="bd-toc-nav' in text}
    assert "book/glossary" in watching and "book/microscope" not in watching


def test_where_a_table_becomes_a_list_each_cell_says_which_column_it_is_of(articles):
    pages = [BeautifulSoup(text, "html.parser") for text in articles.values() if "stacked" in text]
    tables = [table for page in pages for table in page.select(".stacked table")]
    assert len(tables) == 7
    for table in tables:
        heads = [th.text for th in table("th")]
        assert all([td["data-label"] for td in row("td")] == heads for row in table("tr")[1:])
