"""Print the whole book into one PDF: cover, contents with page numbers, then page after page.

A browser prints the book twice: the first time to learn on which page everything stands, the second
time with the page numbers filled in.
"""

import argparse
import os
import re
import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlparse

import yaml
from chromium import OPTIONS, find_browser
from playwright.sync_api import Page, Route, sync_playwright
from pypdf import PdfReader

from whole_book import Entry, contents, whole_book

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "pdf" / "from-resnet-to-densenet.pdf"
ADDRESS = "http://book.invalid"  # asked for nowhere: every file comes from the built book
PDF_OPTIONS = {
    "prefer_css_page_size": True,  # the paper is that of print.css
    "print_background": True,
    "tagged": True,  # for screen readers
    "outline": True,  # the headings, for the viewer's side bar
}
READY = """async () => {
  await document.fonts.ready;
  for (const image of document.images) image.loading = "eager"; // on screen, they wait until seen
  await Promise.all([...document.images].map(image => image.decode()));
}"""
FILL = """numbers => {
  for (const place of document.querySelectorAll("[data-page-of]"))
    place.textContent = numbers[place.dataset.pageOf];
}"""
TARGETS = """() => [...document.querySelectorAll("[data-page-of]")].map(e => e.dataset.pageOf)"""


def print_book(entries: list[Entry], target: Path) -> int:
    """Print pages of the built book into a PDF.

    Args:
        entries: parts and pages, in reading order.
        target: the file to write. It is written in one step, at the end.

    Returns:
        How many pages of paper it has.

    Raises:
        RuntimeError: there is no browser, or no page, or the page numbers do not settle.
        FileNotFoundError: a page is not in the built book.
    """
    if not any(entry.name for entry in entries):
        raise RuntimeError("none of these pages is in _toc.yml")
    path = find_browser()
    if path is None:
        raise RuntimeError("no browser: install Debian's package chromium-headless-shell")
    text = whole_book(HTML, entries, about(ROOT))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        page = browser.new_page(color_scheme="light")
        page.route("**/*", lambda route: serve(route, text))
        page.goto(f"{ADDRESS}/", timeout=120_000)
        page.emulate_media(media="print")
        page.evaluate(READY)
        printed = print_until_settled(page)
        browser.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_suffix(".part")
    scratch.write_bytes(printed)
    os.replace(scratch, target)
    return len(PdfReader(target).pages)


def about(root: Path) -> dict[str, str]:
    """Read what stands on the cover."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    return {
        "title": config["title"],
        "author": re.sub("^the ", "The ", config["author"]),
        "version": f"Version {citation['version']}",
        "license": "Text and pictures: CC BY 4.0. Code: MIT.",
    }


def serve(route: Route, text: str) -> None:
    """Answer the browser from the built book."""
    path = unquote(urlparse(route.request.url).path)
    if path == "/":
        route.fulfill(body=text, content_type="text/html; charset=utf-8")
    elif route.request.url.startswith(ADDRESS) and (HTML / path[1:]).is_file():
        route.fulfill(path=HTML / path[1:])
    else:
        route.abort()


def print_until_settled(page: Page) -> bytes:
    """Print, fill in the page numbers, and print again, until no number changes any more."""
    numbers: dict[str, int] = {}
    for _ in range(4):
        printed = page.pdf(**PDF_OPTIONS)
        found = page_numbers(printed, set(page.evaluate(TARGETS)))
        if found == numbers:
            return printed
        numbers = found
        page.evaluate(FILL, numbers)
    raise RuntimeError("the page numbers change with every printing")


def page_numbers(printed: bytes, anchors: set[str]) -> dict[str, int]:
    """Return for each anchor the number of the page on which it is; the cover is page 1."""
    reader = PdfReader(BytesIO(printed))
    places = {name.removeprefix("/"): at for name, at in reader.named_destinations.items()}
    if missing := anchors - places.keys():
        raise RuntimeError(f"the PDF does not know where these are: {sorted(missing)}")
    return {name: reader.get_destination_page_number(places[name]) + 1 for name in anchors}


def main() -> int:
    """Print the book; 0 when all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=TARGET, help="where to write the PDF")
    parser.add_argument("pages", nargs="*", help="print these only, such as book/glossary")
    arguments = parser.parse_args()
    entries = contents(ROOT)
    if arguments.pages:
        entries = [entry for entry in entries if entry.name in arguments.pages]
    try:
        pages = print_book(entries, arguments.output)
    except (RuntimeError, FileNotFoundError) as error:
        print(f"No PDF was written: {error}", file=sys.stderr)
        return 1
    print(f"{pages} pages: {os.path.relpath(arguments.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
