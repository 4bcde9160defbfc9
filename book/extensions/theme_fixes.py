"""A Sphinx extension: what the theme and its companions put on a page, corrected or left out.

Corrected is what a screen reader is told:

- docutils gives references the role doc-biblioentry, which is withdrawn: a list of them counts
  as empty.
- Sphinx writes the parameters of a long signature as a list of definitions without terms.
- The theme's arrows that unfold the side bar have no name.
- All folds of code have one name, the same; without it, they are called what is written on them.

The theme marks in a page's list of contents where the reader is. On a page without such a list it
would watch every link, and fail at one that isn't an element's, such as the microscope's.

A long name may be broken into two lines behind an underscore or a dot. And a page loads only the
scripts and styles that something on it needs: Jupyter Book puts on every page what some page of
some book may need. What runs code on a server, with scripts from another site (thebe), no page of
this book needs.
"""

import re
from pathlib import Path
from typing import Any

PARAMETER = '<em class="sig-param">'
FOLD = '<summary aria-label="Toggle hidden content">'
LONG_NAME = re.compile(r'<span class="pre">[\w./()]{12,}</span>')
PLACE = re.compile(r"([_./])(?=\w)(?![^<]*>)")
MODULE = re.compile(r"(?<=[ >(])densenet_lesson\.[\w.]+(?=[)<])")  # in the index, above code
TITLE = re.compile(r"<h1>.*?</h1>", re.DOTALL)
ARROW = '<summary><span class="toctree-toggle"'
NAMED_ARROW = ARROW.replace("<summary>", '<summary aria-label="Show or hide the pages below">')

CONTENTS, WATCHED = 'class="bd-toc-nav', ' data-bs-spy="scroll"'

# How the names of files begin, or what a script without a file says, and what on a page needs it
NEEDED = {
    "thebe": None,
    "sphinx-thebe": None,
    "sphinx-design": r'class="[^"]*\bsd-',
    "design-tabs": r'class="[^"]*\bsd-tab-',
    "togglebutton": r'class="[^"]*\btoggle\b',
    "let toggle": r'class="[^"]*\btoggle\b',
    "var togglebutton": r'class="[^"]*\btoggle\b',
    "enlarge": "<img ",
    "arithmetic": "data-explorable",
    "presets": "data-explorable",
    "explorables": "data-explorable",
    "microscope": 'data-explorable="microscope"',
    **{f"explore_{name}": f'data-explorable="{name}"' for name in ("addition", "block", "planner")},
}


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


def mend(app: Any, error: Exception | None) -> None:
    """Go through the written pages: arrows of the side bar, names of modules, what is watched."""
    if error or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = text.replace(ARROW, NAMED_ARROW)
        mended = MODULE.sub(lambda name: PLACE.sub(r"\1<wbr>", name[0]), mended)
        if CONTENTS not in text:
            mended = mended.replace(WATCHED, "")
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def leave_out(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Take files off a page that don't need them; arguments are those of html-page-context."""
    body = context.get("body") or ""
    for kind in ("script_files", "css_files"):
        files = context.get(kind, [])
        context[kind] = [file for file in files if is_needed(described(file), body)]


def described(file: Any) -> str:
    """The name of a script or style, without its folders, or what it says itself."""
    code = getattr(file, "attributes", {}).get("body")
    return code or str(getattr(file, "filename", file)).rpartition("/")[2]


def is_needed(file: str, body: str) -> bool:
    """Tell whether something on a page needs a file, or whether that isn't known of it."""
    for start, sign in NEEDED.items():
        if file.startswith(start) or (sign is None and start in file.lower()):
            return sign is not None and re.search(sign, body) is not None
    return True


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", correct_lists)
    app.connect("html-page-context", leave_out, priority=901)  # once all have added theirs
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
