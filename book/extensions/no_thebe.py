"""A Sphinx extension: pages without thebe, which Jupyter Book puts on every page.

thebe would run code cells on a server, with scripts from another site. The course uses neither, and
its settings, which come twice, are an error in the browser's console.
"""

from typing import Any


def remove_thebe(app: Any, name: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Take thebe's scripts and styles off a page; the arguments are those of html-page-context."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if not is_thebe(file)]


def is_thebe(file: Any) -> bool:
    """Tell whether a script or style is thebe's: by its name, or by the code itself."""
    inline = getattr(file, "attributes", {}).get("body") or ""
    return "thebe" in f"{getattr(file, 'filename', file)} {inline}".lower()


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("html-page-context", remove_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
