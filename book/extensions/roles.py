"""A Sphinx extension: corrects what the pages' lists and buttons tell a screen reader.

- docutils gives references the role doc-biblioentry, which is withdrawn: a list of them counts
  as empty.
- Sphinx writes the parameters of a long signature as a list of definitions without terms.
- The theme's arrows that unfold the side bar have no name.
- All folds of code have one name, the same; without it, they are called what is written on them.

And it says where a long name may be broken into two lines: behind an underscore or a dot.
"""

import re
from pathlib import Path
from typing import Any

PARAMETER = '<em class="sig-param">'
FOLD = '<summary aria-label="Toggle hidden content">'
LONG_NAME = re.compile(r'<span class="pre">[\w./]{12,}</span>')
PLACE = re.compile(r"([_./])(?=\w)(?![^<]*>)")
TITLE = re.compile(r"<h1>.*?</h1>", re.DOTALL)
ARROW = '<summary><span class="toctree-toggle"'
NAMED_ARROW = ARROW.replace("<summary>", '<summary aria-label="Show or hide the pages below">')


def correct_lists(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Change the roles on a page; the arguments are those of html-page-context."""
    body = context.get("body") or ""
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')
    body = body.replace(f"<dd>{PARAMETER}", f'<dd role="none">{PARAMETER}')
    body = body.replace('<dl>\n<dd role="none">', '<dl role="none">\n<dd role="none">')
    body = body.replace(FOLD, "<summary>")
    body = LONG_NAME.sub(lambda name: PLACE.sub(r"\1<wbr>", name[0]), body)
    body = TITLE.sub(lambda title: title[0].replace("[ , ]", "[\u00a0,\u00a0]"), body)
    if body:
        context["body"] = body


def name_arrows(app: Any, error: Exception | None) -> None:
    """Name the arrows of the side bar, once the pages are written."""
    if error or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if ARROW in text:
            page.write_text(text.replace(ARROW, NAMED_ARROW), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", correct_lists)
    app.connect("build-finished", name_arrows)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
