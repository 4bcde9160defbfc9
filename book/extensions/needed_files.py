"""A Sphinx extension: a page loads only the scripts and styles that something on it needs.

Jupyter Book puts on every page what some page of some book may need. What runs code on a server,
with scripts from another site (thebe), no page of this book needs.
"""

import re
from typing import Any

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
    app.connect("html-page-context", leave_out, priority=901)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
