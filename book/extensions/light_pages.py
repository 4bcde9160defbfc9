"""A Sphinx extension: makes the finished pages quick to load on a slow line.

- The styles that all pages share become one file, `_static/book-….css`, without the rules that no
  page needs: a browser waits for it before it paints.
- Scripts wait until the page is read, and no longer stand in the way of what can be seen.
- Pictures have their size, so that nothing moves when they arrive, and arrive when they are near.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

LINK = re.compile(
    r'[ \t]*<link(?=[^>]* rel="stylesheet")[^>]* href="([^"?]*_static/)([^"?]+)[^>]*>\n?'
)
APART = ("explorables.", "microscope.", "print.")  # only on some pages, or only for paper
IMPORT = re.compile(r'@import "([^"]+)";?|@charset "[^"]*";?')
ADDRESS = re.compile(r"""url\((["']?)(?!data:)([^"')]+)\1\)""")
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
SCRIPT = re.compile(r"<script(?![^>]*\bdefer)(?=[^>]* src=)")
OPTIONS = re.compile(r'<script src="[^"]*documentation_options\.js[^"]*"></script>')
IMAGE = re.compile(r'<img (?![^>]*\b(?:loading|width|height)=)([^>]*src="([^"]+)"[^>]*)>')
SIZE = re.compile(rb'<svg[^>]* width="([\d.]+)pt" height="([\d.]+)pt"')


def write(app: Any, error: Exception | None) -> None:
    """Go through the finished pages."""
    if error or app.builder.format != "html":
        return
    root = Path(app.outdir)
    options = (root / "_static" / "documentation_options.js").read_text(encoding="utf-8")
    for path in root.rglob("*.html"):
        if "_static" in path.relative_to(root).parts:
            continue  # a part of the theme
        text = path.read_text(encoding="utf-8")
        lighter = one_style(text, path.parent, root / "_static")
        lighter = PRELOAD.sub("", lighter)
        lighter = OPTIONS.sub(lambda _: f"<script>{options}</script>", lighter)
        lighter = SCRIPT.sub("<script defer", lighter)
        lighter = IMAGE.sub(lambda tag, at=path.parent: with_size(tag, at), lighter)
        if lighter != text:
            path.write_text(lighter, encoding="utf-8")


def one_style(text: str, folder: Path, static: Path) -> str:
    """Replace a page's links to styles by a link to one file that holds them all."""
    links = [link for link in LINK.finditer(text) if not link[2].startswith(("book-", *APART))]
    if not links:
        return text
    name = bundle(static, tuple(link[2] for link in links))
    first, rest = links[0], links[1:]
    for link in reversed(rest):
        text = text[: link.start()] + text[link.end() :]
    link = f'<link rel="stylesheet" href="{first[1]}{name}" />\n'
    return text[: first.start()] + link + text[first.end() :]


@cache
def bundle(static: Path, names: tuple[str, ...]) -> str:
    """Write styles into one file, and return its name, which changes with what it holds."""
    text = "\n".join(with_imports(static / name, static) for name in names)
    name = f"book-{hashlib.sha256(text.encode()).hexdigest()[:12]}.css"
    (static / name).write_text(text, encoding="utf-8")
    return name


def with_imports(path: Path, static: Path) -> str:
    """A style sheet with what it imports, and with addresses that are right beside the bundle."""

    def from_static(address: re.Match) -> str:
        return f'url("{(path.parent / address[2]).resolve().relative_to(static.resolve())}")'

    def imported(rule: re.Match) -> str:
        return with_imports((path.parent / rule[1]).resolve(), static) if rule[1] else ""

    text = ADDRESS.sub(from_static, path.read_text(encoding="utf-8"))
    return IMPORT.sub(imported, text)


def with_size(tag: re.Match, folder: Path) -> str:
    """A picture's tag with its width and height, from the file; the browser asks for it late."""
    file = folder / tag[2]
    size = size_of(file) if file.is_file() else None
    if size is None:
        return tag[0]
    return f'<img loading="lazy" width="{size[0]}" height="{size[1]}" {tag[1]}>'


@cache
def size_of(file: Path) -> tuple[int, int] | None:
    """How many pixels wide and high a PNG is, or an SVG that gives its size in points."""
    start = file.read_bytes()[:4000]
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(start[16:20]), int.from_bytes(start[20:24])
    found = SIZE.search(start)
    return found and (round(float(found[1]) * 96 / 72), round(float(found[2]) * 96 / 72))


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("build-finished", write, priority=900)  # icons.css must be there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
