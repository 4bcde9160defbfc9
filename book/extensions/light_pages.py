"""A Sphinx extension: makes the finished pages quick to load on a slow line.

- The styles that all pages share become one file, `_static/book-….css`, without the rules for
  classes that no page and no script has. A browser waits for it before it paints.
- So do the scripts, and those of the explorables. They run when the page is read.
- Letters of the text are asked for at once, not only when the styles are there.
- Pictures have their size, so that nothing moves when they arrive, and arrive when they are near.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

STYLE = re.compile(
    r'[ \t]*<link(?=[^>]* rel="stylesheet")[^>]* href="([^"?]*_static/)([^"?]+)[^>]*>\n?'
)
SCRIPT = re.compile(r'[ \t]*<script[^>]* src="([^"?]*_static/)([^"?]+)[^>]*></script>\n?')
OWN = ("arithmetic.", "presets.", "explor", "microscope")  # of pages that have an explorable
ALONE = ("print.", "search", "language_data", "design-tabs")  # of paper, of the search; not joined
FONTS = ("inter.woff2", "inter-bold.woff2")  # what a page begins with
MATH_FONT = "noto-sans-math.woff2"  # of pages with formulas
LATER = re.compile(r"<script(?![^>]*\bdefer)(?=[^>]* src=)")
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
OPTIONS = re.compile(r'<script src="[^"]*documentation_options\.js[^"]*"></script>')

IMPORT = re.compile(r'@import "([^"]+)";?|@charset "[^"]*";?')
ADDRESS = re.compile(r"""url\((["']?)(?!data:)([^"')]+)\1\)""")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
BETWEEN_SELECTORS = re.compile(r",(?![^()]*\))")
IMAGE = re.compile(r'<img (?![^>]*\b(?:loading|width|height)=)([^>]*src="([^"]+)"[^>]*)>')
SIZE = re.compile(rb'<svg[^>]* width="([\d.]+)pt" height="([\d.]+)pt"')


def write(app: Any, error: Exception | None) -> None:
    """Go through the finished pages."""
    if error or app.builder.format != "html":
        return
    root = Path(app.outdir)
    static = root / "_static"
    options = (static / "documentation_options.js").read_text(encoding="utf-8")
    pages = [page for page in root.rglob("*.html") if static not in page.parents]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    known = words(texts.values(), static)
    for page, text in texts.items():
        lighter = PRELOAD.sub("", text)
        lighter = OPTIONS.sub(lambda _: f"<script>{options}</script>", lighter)
        lighter = in_one_file(lighter, STYLE, static, known)
        lighter = in_one_file(lighter, SCRIPT, static, known)
        lighter = LATER.sub("<script defer", lighter)
        lighter = IMAGE.sub(lambda tag, at=page.parent: with_size(tag, at), lighter)
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")
            texts[page] = lighter
    used = {name for text in texts.values() for name in re.findall(r"book-\w+\.(?:css|js)", text)}
    for old in static.glob("book-*.*"):
        if old.name not in used:
            old.unlink()


def words(texts: Any, static: Path) -> frozenset[str]:
    """Every class of the pages, and every word of the scripts, which may give it to an element.

    A script may also put a class together, as in `microscope-${side}`: then every class counts
    that begins so.
    """
    scripts = {path: path.read_text(encoding="utf-8") for path in static.rglob("*.js")}
    own = " ".join(script for path, script in scripts.items() if path.parent == static)
    begun = tuple(set(re.findall(r"([a-z]{3,}-)\$\{", own)))
    sheets = [path for path in static.glob("*.css") if not path.name.startswith("book-")]
    styles = " ".join(path.read_text(encoding="utf-8") for path in sheets)
    made = [name for name in re.findall(r"\.([\w-]+)", styles) if name.startswith(begun)]
    classes = {name for text in texts for name in re.findall(r'class="([^"]*)"', text)}
    return frozenset(re.findall(r"[\w-]+", " ".join([*classes, *scripts.values(), *made])))


def in_one_file(text: str, tag: re.Pattern, static: Path, known: frozenset[str]) -> str:
    """Join the files that all pages have, and those that only some pages have; not the others."""
    for wanted in (False, True):
        found = [each for each in tag.finditer(text) if not each[2].startswith(("book-", *ALONE))]
        found = [each for each in found if each[2].startswith(OWN) == wanted]
        if not found:
            continue
        style = tag is STYLE
        name = joined(static, tuple(each[2] for each in found), known if style else None)
        address = f"{found[0][1]}{name}"
        new = f'<script defer src="{address}"></script>\n'
        if style:
            new = f'<link rel="stylesheet" href="{address}" />\n'
        if style and not wanted:
            fonts = (*FONTS, MATH_FONT) if "<math" in text else FONTS
            new = "".join(preload(f"{found[0][1]}fonts/{font}") for font in fonts) + new
        for each in reversed(found[1:]):
            text = text[: each.start()] + text[each.end() :]
        text = text[: found[0].start()] + new + text[found[0].end() :]
    return text


def preload(font: str) -> str:
    """A tag that asks for a font at once."""
    return f'<link rel="preload" as="font" type="font/woff2" href="{font}" crossorigin />\n'


@cache
def joined(static: Path, names: tuple[str, ...], known: frozenset[str] | None) -> str:
    """Write files into one, and return its name, which changes with what it holds.

    Of styles, only the rules for known classes; scripts have none.
    """
    if known is None:  # a script's own "use strict" is not for those behind it
        text = "".join(f";{(static / name).read_text(encoding='utf-8')}\n" for name in names)
    else:
        text = "\n".join(with_imports(static / name, static) for name in names)
        text = RULE.sub(lambda rule: needed(rule, known), re.sub(r"(?s)/\*.*?\*/", "", text))
    name = f"book-{hashlib.sha256(text.encode()).hexdigest()[:12]}{Path(names[0]).suffix}"
    (static / name).write_text(text, encoding="utf-8")
    return name


def needed(rule: re.Match, known: frozenset[str]) -> str:
    """A rule with those of its selectors whose classes are known, or nothing."""

    def is_known(selector: str) -> bool:
        certain = re.sub(r":(not|is|where)\([^)]*\)", "", selector)
        return known.issuperset(re.findall(r"\.([A-Za-z_][\w-]*)", certain))

    if "@" in rule[1]:
        return rule[0]
    selectors = [each for each in BETWEEN_SELECTORS.split(rule[1]) if is_known(each)]
    return f"{','.join(selectors)}{{{rule[2]}}}" if selectors else ""


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
