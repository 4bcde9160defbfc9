"""A Sphinx extension: the explorables' scripts only on pages that have an explorable."""

from typing import Any

SCRIPTS = ("arithmetic.js", "presets.js", "explor")  # how their files' names begin
MICROSCOPE = "microscope"  # how the names of this one's files begin, which are large


def leave_out(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Take the scripts and styles off other pages; the arguments are those of html-page-context."""
    body = context.get("body") or ""
    unwanted = () if "data-explorable=" in body else SCRIPTS
    if f'data-explorable="{MICROSCOPE}"' not in body:
        unwanted = (*unwanted, MICROSCOPE)
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
