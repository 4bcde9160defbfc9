"""A Sphinx extension: how a chapter gets to Colab, and what leads to the repository.

If `_config.yml` says where the course is published, Colab opens a chapter from there. If not, each
chapter is to be had as a single file that brings the package along, made with the book.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxRole
from sphinx.util.osutil import relative_uri

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tools import address, single_file  # noqa: E402

FOLDER = "_static/colab"
LINE = ":::{{div}} not-on-paper\n{{colab}}`this chapter <{name}>`\n:::"


def offer_buttons(app: Any, config: Any) -> None:
    """Give each page the theme's buttons that lead to the repository, if there is one."""
    if published := address.read(Path(app.srcdir)):
        config.html_theme_options |= {
            "repository_url": published.url,
            "repository_branch": published.branch or published.ref,
            "use_repository_button": True,
            "use_issues_button": True,
            "launch_buttons": {"colab_url": address.COLAB},
        }


def offer_file(app: Any, page: str, source: list[str]) -> None:
    """Near a chapter's top, offer the single file, if Colab can't open the chapter itself."""
    if not page.startswith("notebooks/"):
        return
    app.env.note_dependency(str(Path(app.srcdir) / "_config.yml"))
    if address.read(Path(app.srcdir)):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell.get("id") == "colab-link":
            cell["source"] = LINE.format(name=Path(page).name)
    source[0] = json.dumps(notebook)


class Colab(SphinxRole):
    """Role `colab`: how a chapter gets to Colab, as in {colab}`chapter 3 <03_concatenation>`."""

    def run(self) -> tuple[list[nodes.Node], list]:
        self.env.note_dependency(str(Path(self.env.srcdir) / "_config.yml"))
        words, name = re.fullmatch(r"(.+) <(\w+)>", self.text).groups()
        if published := address.read(Path(self.env.srcdir)):
            link = nodes.reference("", f"Run {words} on Colab", refuri=published.on_colab(name))
            return [link, nodes.Text(": it opens in your browser, with nothing to install.")], []
        file = relative_uri(self.env.docname, f"{FOLDER}/{name}.ipynb")
        link = f'<a class="reference" href="{file}" download>download {escape(words)}</a>'
        return [
            nodes.Text("For Colab, "),
            nodes.raw("", link, format="html"),
            nodes.Text(", then choose "),
            nodes.emphasis("", "File → Upload notebook"),
            nodes.Text(" "),
            nodes.reference("", "there", refuri=address.COLAB),
            nodes.Text("."),
        ], []


def write_files(app: Any, failed: Exception | None) -> None:
    """Put the single files into the finished book; with an address, there are none."""
    folder, root = Path(app.outdir) / FOLDER, Path(app.srcdir)
    if failed or app.builder.format != "html":
        return
    shutil.rmtree(folder, ignore_errors=True)
    if address.read(root):
        return
    folder.mkdir(parents=True)
    for page in sorted(app.env.found_docs):
        if page.startswith("notebooks/"):
            path = root / f"{page}.ipynb"
            nbformat.write(single_file.chapter(path, root), folder / path.name)


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_role("colab", Colab())
    app.connect("config-inited", offer_buttons)
    app.connect("source-read", offer_file)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
