"""Every link inside the built book, on every page that there is, leads to a page and an anchor."""

import functools
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from browser import HTML, built_pages

LINK = re.compile(r'<(?:a|area|link)\b[^>]*?\bhref="([^"]*)"')
ANCHOR = re.compile(r'\s(?:id|name)="([^"]+)"')


@functools.cache
def anchors(page: Path) -> set[str]:
    return {unescape(name) for name in ANCHOR.findall(without_code(page))}


@functools.cache
def without_code(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    return re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)


def leads_somewhere(page: Path, link: str) -> bool:
    address, anchor = urldefrag(link)
    path = unquote(address.partition("?")[0])
    target = (page.parent / path).resolve() if path else page
    if not target.is_file():
        return False
    return not anchor or target.suffix != ".html" or unquote(anchor) in anchors(target)


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere; links to other sites are for `make linkcheck`."""
    links = [unescape(link) for link in LINK.findall(without_code(page))]
    inner = [link for link in links if not re.match(r"[a-z]+:|//", link)]
    return [link for link in inner if not leads_somewhere(page, link)]


@pytest.mark.parametrize("name", built_pages())
def test_links_and_anchors_inside_the_book_lead_somewhere(name):
    page = (HTML / f"{name}.html").resolve()
    assert len(LINK.findall(without_code(page))) >= 10
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "b.html").write_text('<p id="here">', encoding="utf-8")
    links = ["b.html#here", "b.html?x=1", "b.html#gone", "c.html", "#gone", "https://a.example"]
    page = tmp_path / "a.html"
    page.write_text("".join(f'<a class="x" href="{link}">' for link in links), encoding="utf-8")
    assert broken(page) == ["b.html#gone", "c.html", "#gone"]
