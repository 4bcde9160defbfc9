"""A Sphinx extension: what is around the pages. The footer, and `404.html`, which a host for pages
shows where there is no page; its links work at whatever address that is.
"""

from collections.abc import Iterator
from typing import Any


def put_footer(app: Any, config: Any) -> None:
    """Put the course's own footer in place of the theme's."""
    config.html_theme_options["footer_content_items"] = ["course_footer.html"]


def missing_page(app: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page for an address that isn't there; its words are in the template."""
    yield "404", {"title": "This page isn’t here"}, "404.html"


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("config-inited", put_footer)
    app.connect("html-collect-pages", missing_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
