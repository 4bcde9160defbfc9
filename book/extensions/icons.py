"""A Sphinx extension: the icons of the buttons as a small style sheet, instead of 1.9 MB.

The theme loads all of Font Awesome on every page, as a script of 1.5 MB and as fonts, which a
browser refuses to load from a folder. The pages use some twenty icons. Their outlines are taken
from that script when the book is built, and written into `_static/icons.css`; the rest is left out.
"""

import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.util import logging

SCRIPT = "scripts/pydata-sphinx-theme.js"  # adds icons to a page that is open
SAFE = " /:='"  # what an address inside quotation marks may hold as it is
STYLES = {"solid", "brands", "regular", "lg", "sm", "xs", "fw"}  # not names, but how an icon looks
OUTLINE = re.compile(
    r'[{,]"?([a-z0-9-]+)"?:\[(\d+),(\d+),\[([^\]]*)\],"\w+",(?:"([^"]*)"|\[[^\]]*\])\]'
)
ALSO = {"download": "a.reference.download, "}  # links that the theme gives an icon
TAG = re.compile(r"<(?:link|script)[^>]*/vendor/fontawesome/[^>]*>(?:</script>)?\n?")

RULES = """\
/* Icons: Font Awesome Free by @fontawesome, https://fontawesome.com, CC BY 4.0.
   Written by book/extensions/icons.py. */
:is(.fa, .fas, .fab, .fa-solid, .fa-brands)::before {
  content: "";
  display: inline-block;
  width: 1.1em;
  height: 1em;
  vertical-align: -0.125em;
  background-color: currentcolor;
  mask: var(--icon) center / contain no-repeat;
  forced-color-adjust: none;
}
/* a link to a file that can be downloaded */
a.reference.download::before {
  content: "" !important;
  display: inline-block;
  width: 1em;
  height: 1em;
  margin: 0 0.25em;
  padding: 0 !important;
  background-color: var(--pst-color-text-muted);
  mask: var(--icon) center / contain no-repeat;
}
.fa-lg {
  font-size: 1.25em;
  line-height: 0.05em;
  vertical-align: -0.075em;
}
@media (forced-colors: active) {
  :is(.fa, .fas, .fab, .fa-solid, .fa-brands)::before {
    background-color: CanvasText;
  }
}
/* the theme asks for a letter of the icons' font here */
.bd-sidebar-secondary.hide .onthispage::after {
  content: "▾" !important;
  font-family: inherit !important;
}
"""


def outlines(script: str) -> dict[str, str]:
    """Read each icon, as an SVG, from Font Awesome's script; of two, the last one is solid."""
    found = {}
    for name, width, height, aliases, path in OUTLINE.findall(script):
        box = f"viewBox='0 0 {width} {height}'"
        drawing = f"<svg xmlns='http://www.w3.org/2000/svg' {box}><path d='{path}'/></svg>"
        for each in [name, *re.findall(r'"([a-z0-9-]+)"', aliases)]:
            found[each] = drawing
    return found


def used(text: str) -> set[str]:
    """List the icons that a page or a script names."""
    return set(re.findall(r"\bfa-([a-z0-9-]+)", text)) - STYLES


def styles(names: set[str], known: dict[str, str]) -> str:
    """Write the style sheet of these icons."""
    lines = [
        f"{ALSO.get(name, '')}.fa-{name} "
        f'{{ --icon: url("data:image/svg+xml,{quote(known[name], safe=SAFE)}"); }}'
        for name in sorted(names & set(known))
    ]
    return "\n".join([RULES, *lines, ""])


def write(app: Any, error: Exception | None) -> None:
    """Once the pages are written: take Font Awesome off them, and write the icons they use."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    whole = next(static.glob("vendor/fontawesome/*/js/all.min.js"), None)
    if whole is None:  # nothing was out of date, so all is as it was
        return
    names = used((static / SCRIPT).read_text(encoding="utf-8"))
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        lighter = TAG.sub("", text)
        names |= used(" ".join(re.findall(r'class="([^"]*)"', lighter)))
        if lighter != text:
            page.write_text(lighter, encoding="utf-8")
    known = outlines(whole.read_text(encoding="utf-8"))
    for name in names - set(known):
        logging.getLogger(__name__).warning("Font Awesome has no icon named fa-%s", name)
    (static / "icons.css").write_text(styles(names, known), encoding="utf-8")
    shutil.rmtree(static / "vendor" / "fontawesome")


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_css_file("icons.css")
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
