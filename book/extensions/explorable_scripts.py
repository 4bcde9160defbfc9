"""A Sphinx extension: the explorables' scripts only on pages that have an explorable."""

from typing import Any

SCRIPTS = ("arithmetic.js", "presets.js", "explor")  # how their files' names begin


def leave_out(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Take the scripts and styles off other pages; the arguments are those of html-page-context."""
    if "data-explorable=" in (context.get("body") or ""):
        return
    for kind in ("script_files", "css_files"):
        files = context.get(kind, [])
        context[kind] = [file for file in files if not is_for_explorables(file)]


def is_for_explorables(file: Any) -> bool:
    """Tell whether a script or style is part of the explorables, by its name."""
    name = str(getattr(file, "filename", file)).rpartition("/")[2]
    return name.startswith(SCRIPTS)


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", leave_out, priority=901)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
