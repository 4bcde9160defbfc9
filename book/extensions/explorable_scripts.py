"""A Sphinx extension: the explorables' scripts only on pages that have this explorable."""

import re
from typing import Any

# How the names of files begin, and which explorables need them
SHARED = ("arithmetic.js", "presets.js", "explorables.")
OWN = {f"explore_{name}.": name for name in ("addition", "block", "planner")}
OWN |= {"microscope": "microscope"}


def leave_out(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Take the scripts and styles off other pages; the arguments are those of html-page-context."""
    found = set(re.findall(r'data-explorable="(\w+)"', context.get("body") or ""))
    unwanted = tuple(start for start, explorable in OWN.items() if explorable not in found)
    if not found:
        unwanted += SHARED
    for kind in ("script_files", "css_files"):
        files = context.get(kind, [])
        context[kind] = [file for file in files if not file_name(file).startswith(unwanted)]


def file_name(file: Any) -> str:
    """The name of a script or style, without its folders."""
    return str(getattr(file, "filename", file)).rpartition("/")[2]


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", leave_out, priority=901)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
