"""A Sphinx extension: how to cite the course and the papers, from CITATION.cff."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

INDENT = " " * 2


def bibtex(kind: str, key: str, fields: dict[str, str]) -> str:
    """One BibTeX entry; empty fields are left out."""
    lines = [f"{INDENT}{name:9} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def people(authors: list[dict[str, str]]) -> str:
    """Names as BibTeX wants them. A group in a second pair of braces, so that it is not split."""
    names = []
    for author in authors:
        if "name" in author:
            names.append(f"{{{author['name']}}}")
        else:
            parts = (author.get("name-particle"), author["family-names"])
            names.append(f"{' '.join(filter(None, parts))}, {author['given-names']}")
    return " and ".join(names)


def course_entry(citation: dict[str, Any], year: str) -> str:
    """The course itself, as BibTeX. `misc` is known to every style."""
    fields = {
        "author": people(citation["authors"]),
        "title": f"{{{citation['title']}}}",
        "year": year,
        "url": citation.get("repository-code", ""),
        "note": f"Version {citation['version']}",
    }
    return bibtex("misc", "from_resnet_to_densenet", fields)


def paper_entry(paper: dict[str, Any]) -> str:
    """A conference paper that CITATION.cff names, as BibTeX."""
    first = re.sub(r"\W", "", paper["authors"][0]["family-names"]).lower()
    fields = {
        "author": people(paper["authors"]),
        "title": f"{{{paper['title']}}}",
        "booktitle": paper["collection-title"],
        "year": str(paper["year"]),
        "pages": f"{paper['start']}--{paper['end']}",
        "doi": paper["doi"],
    }
    return bibtex("inproceedings", f"{first}{paper['year']}", fields)


class Citation(SphinxDirective):
    """Directive `citation`: BibTeX of the `course` or of its `papers`, or the course in `words`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "CITATION.cff"
        self.env.note_dependency(str(path))
        self.env.note_dependency(__file__)
        citation = yaml.safe_load(path.read_text(encoding="utf-8"))
        # of the release, or, before there is one, of the copyright
        year = str(citation.get("date-released", self.config.copyright))[:4]
        if self.arguments[0] == "words":
            return [words(citation, year)]
        if self.arguments[0] == "course":
            entries = [course_entry(citation, year)]
        else:
            entries = [paper_entry(paper) for paper in citation["references"]]
        text = "\n\n".join(entries)
        return [nodes.literal_block(text, text, language="bibtex")]


def words(citation: dict[str, Any], year: str) -> nodes.paragraph:
    """The course as a line of a list of references."""
    authors = "; ".join(author["name"] for author in citation["authors"])
    line = nodes.paragraph("", f"{authors[0].upper()}{authors[1:]} ({year}). ")
    line += [nodes.emphasis("", citation["title"]), nodes.Text(f", version {citation['version']}.")]
    if address := citation.get("repository-code"):
        line += [nodes.Text(" "), nodes.reference("", address, refuri=address)]
    return line


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_directive("citation", Citation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
