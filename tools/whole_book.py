"""Put the built pages together into one long page, to be printed by pdf.py.

What is folded in the rendered book (solutions, hints) goes to the end of its chapter, so that
nobody reads it too early; in its place stands the number of its page.
"""

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import yaml
from bs4 import BeautifulSoup, Tag

NOT_PRINTED = "a.headerlink, button, script, .viewcode-link, .viewcode-back, .not-on-paper"
HEADING = re.compile("^h[1-6]$")
SCREEN_ONLY = {"book/names"}  # an index of links, to the modules' pages, which are not printed
UNKNOWN = "000"  # a page number before the first printing: about as wide as one


@dataclass(frozen=True)
class Entry:
    """A line of _toc.yml: a page, or, without a name, the caption of a part."""

    name: str
    title: str = ""


def contents(root: Path) -> list[Entry]:
    """List the parts and their pages in reading order.

    The front page and the pages of the package's single modules are left to the screen.
    """
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = []
    for part in toc["parts"]:
        found += [Entry("", part["caption"]), *pages_of(part["chapters"])]
    return found


def pages_of(chapters: list[dict[str, Any]]) -> list[Entry]:
    """List pages, and after each the pages below it."""
    found = []
    for chapter in chapters:
        if "file" in chapter and chapter["file"] not in SCREEN_ONLY:
            found.append(Entry(chapter["file"], chapter.get("title", "")))
        found += pages_of(chapter.get("sections", []))
    return found


def anchor(page: str, name: str = "") -> str:
    """Name an anchor so that it is the only one of its name in the whole book."""
    return re.sub(r"[^\w-]", "-", page) + (f"--{name}" if name else "")


def make_tag(name: str, text: str = "", **attributes: str) -> Tag:
    """Make an HTML element; `class_` and `data_x` stand for the attributes class and data-x."""
    names = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    tag = BeautifulSoup("", "html.parser").new_tag(name, attrs=names)
    tag.string = text
    return tag


# ----------------------------------------------------------------------------- the whole book


def whole_book(html: Path, entries: list[Entry], about: dict[str, str]) -> str:
    """Return one page with the cover, the contents and all pages.

    Args:
        html: the folder of the built book.
        entries: parts and pages, in reading order.
        about: what stands on the cover: title, author, version, license.

    Returns:
        An HTML page. Its styles and pictures have addresses that begin with /, for `html`.
        An element with `data-page-of` waits for the page number of the anchor that it names.
    """
    pages = {entry.name: read(html, entry.name) for entry in entries if entry.name}
    articles = [article(pages, entry) for entry in entries if entry.name]
    drop_dead_links(articles)
    body = [cover(about), table(entries, articles), *(str(article) for article in articles)]
    return f"""\
<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light" class="whole-book">
<head><meta charset="utf-8"><title>{escape(about["title"])}</title>
{styles(pages, entries)}</head>
<body>{"".join(body)}</body>
</html>"""


def read(html: Path, name: str) -> BeautifulSoup:
    """Read a built page; its addresses then begin with / or #."""
    soup = BeautifulSoup((html / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    for key in ("href", "src"):
        for tag in soup.find_all(attrs={key: re.compile("^[^#]")}):
            tag[key] = urljoin(f"/{name}.html", tag[key])
    return soup


def styles(pages: dict[str, BeautifulSoup], entries: list[Entry]) -> str:
    """Return the styles of the pages, and those which put each page's title on top of the paper."""
    links = [link for page in pages.values() for link in page.head.select('link[rel="stylesheet"]')]
    lines = list(dict.fromkeys(map(str, links)))
    for entry in entries:
        if entry.name:
            name = anchor(entry.name)
            title = (entry.title or pages[entry.name].h1.get_text()).replace('"', r"\"")
            lines.append(f'<style>@page {name} {{ @top-center {{ content: "{title}"; }} }}')
            lines.append(f"article#{name} {{ page: {name}; }}</style>")
    return "\n".join(lines)


def cover(about: dict[str, str]) -> str:
    """Return the first page."""
    lines = [f"<p>{escape(about[key])}</p>" for key in ("author", "version", "license")]
    return (
        '<header class="paper-cover"><img alt="" src="/_static/favicon.svg">'
        f'<p class="paper-cover-title">{escape(about["title"])}</p>{"".join(lines)}</header>'
    )


def table(entries: list[Entry], articles: list[Tag]) -> str:
    """Return the table of contents: parts, pages and their sections."""
    waiting = iter(articles)
    lines = []
    for entry in entries:
        if not entry.name:
            lines.append(f'<li class="part">{escape(entry.title)}</li>')
            continue
        page = next(waiting)
        lines.append(line(page["id"], words(page.h1), "page"))
        if entry.name.startswith("notebooks/"):  # a glossary has too many
            for heading in page.find_all("h2"):
                if words(heading) != "Further reading":
                    lines.append(line(heading.parent["id"], words(heading), "section"))
    return f'<nav class="paper-contents"><h1>Contents</h1><ol>{"".join(lines)}</ol></nav>'


def words(tag: Tag) -> str:
    """Return the text of a heading, on one line."""
    return " ".join(tag.get_text().split())


def line(target: str, title: str, kind: str) -> str:
    """Return a line of the table of contents."""
    number = f'<span class="number" data-page-of="{target}">{UNKNOWN}</span>'
    return (
        f'<li class="{kind}"><a href="#{target}"><span>{escape(title)}</span>'
        f'<span class="dots"></span>{number}</a></li>'
    )


# ----------------------------------------------------------------------------- one page


def article(pages: dict[str, BeautifulSoup], entry: Entry) -> Tag:
    """Return the text of a page, ready to be printed."""
    text = pages[entry.name].find("article")
    for tag in text.select(NOT_PRINTED):
        tag.decompose()
    if entry.title:
        text.h1.string = entry.title
    answers(text)
    for tag in text.find_all(id=True):
        tag["id"] = anchor(entry.name, tag["id"])
    for tag in text.find_all(attrs={"data-page-of": True}):
        tag["data-page-of"] = anchor(entry.name, tag["data-page-of"])
    for tag in text.find_all("a", href=True):
        tag["href"] = inside(tag["href"], entry.name, pages)
    text["id"] = anchor(entry.name)
    return text


def inside(address: str, page: str, pages: dict[str, BeautifulSoup]) -> str:
    """Turn a link to a page of the book into one to an anchor; leave others as they are."""
    path, name = urldefrag(address)
    target = unquote(path).removeprefix("/").removesuffix(".html") if path else page
    return f"#{anchor(target, unquote(name))}" if target in pages else address


def drop_dead_links(articles: list[Tag]) -> None:
    """Keep the words, without the link, where it leads to what is not printed."""
    known = {f"#{tag['id']}" for text in articles for tag in [text, *text.find_all(id=True)]}
    for text in articles:
        for tag in text.find_all("a", href=True):
            if tag["href"].startswith(("/", "#")) and tag["href"] not in known:
                tag.unwrap()


# ----------------------------------------------------------------------------- what is folded


def answers(text: Tag) -> None:
    """Move what is folded to the end of the page, and say where it was on which page it is."""
    section = make_tag("section", id="answers")
    section.append(make_tag("h2", "Answers"))
    told = set()
    for number, folded in enumerate(text.find_all("details"), 1):
        cell = folded.find_parent(class_="cell")
        if cell and "COLAB_RELEASE_TAG" in cell.get_text():
            cell.decompose()  # there is nothing to set up on paper
        elif cell and "tag_hide-input" in cell["class"]:
            open_up(folded)  # code whose output is on the page anyway
        else:
            question = folded.find_parent("section").find(HEADING).get_text()
            if not any(question == asked for asked, _ in told):
                section.append(make_tag("h3", question))
            place = (question, title_of(folded))
            answer = move(cell or folded, folded, f"answer-{number}", place not in told)
            section.append(answer)
            told.add(place)
    if told:
        text.find("section").append(section)


def open_up(folded: Tag) -> None:
    """Show what is folded, without the line that one would click on."""
    folded.summary.decompose()
    folded.unwrap()


def title_of(folded: Tag) -> str:
    """Return what one would click on, such as "Solution"."""
    label = folded.summary.find("p") or folded.summary
    title = re.sub("^Show the ", "", label.get_text(" ", strip=True))
    return title[:1].upper() + title[1:]


def move(whole: Tag, folded: Tag, name: str, tell: bool) -> Tag:
    """Take a folded part, with its cell if it is in one, out of the text; return it, opened."""
    title = title_of(folded)
    if tell:
        line = make_tag("p", class_="answer-is-on")
        link = make_tag("a", f"{title}: page ", href=f"#{name}")
        link.append(make_tag("span", UNKNOWN, data_page_of=name))
        line.append(link)
        whole.insert_before(line)
    answer = make_tag("div", class_="answer", id=name)
    if tell and title != "Solution":
        answer.append(make_tag("p", title, class_="answer-title"))
    answer.append(whole.extract())
    open_up(folded)
    return answer
