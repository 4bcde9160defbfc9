"""A Sphinx extension: the page of recorded runs, made from `book/results` at each build."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from run_facts import (
    RESULTS,
    band_in_words,
    band_of,
    facts,
    family,
    machine_facts,
    read_bands,
    read_benchmarks,
    read_records,
    readers,
)

FOLD = '<details class="runs"><summary>{} in detail: <code>{}</code></summary>'
TABLE = ("Run", "Test accuracy", "Band", "Shown in")


class RecordedRuns(SphinxDirective):
    """Directive `recorded-runs`: a table for each group of runs, and each run in detail, folded."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        self.note_files(root)
        records, bands = read_records(root), read_bands(root)
        chapters = {name: readers(bands, name) for name in records}
        sections = []
        for title, names in groupby(records, key=family):
            group = {name: records[name] for name in names}
            section = nodes.section("", nodes.title("", title), ids=[f"runs-{title}"])
            section["names"].append(f"runs {title}")
            section += self.table(group, bands, chapters)
            runs = "1 run" if len(group) == 1 else f"{len(group)} runs"
            section += nodes.raw("", FOLD.format(runs, title), format="html")
            for name, record in group.items():
                section += self.details(
                    name, facts(name, record, band_of(name, bands)), chapters[name]
                )
            section += nodes.raw("", "</details>", format="html")
            self.state.document.note_explicit_target(section)
            sections.append(section)
        return sections

    def note_files(self, root: Path) -> None:
        """Let Sphinx read the page again when a record or a chapter has changed."""
        found = [*(root / RESULTS).rglob("*.*"), *(root / "notebooks").glob("*.ipynb")]
        for path in [*found, Path(__file__)]:
            self.env.note_dependency(str(path))

    def table(self, group: dict, bands: dict, chapters: dict[str, list[str]]) -> nodes.table:
        """The runs of a group with their results."""
        rows = []
        for name, record in group.items():
            band = band_of(name, bands)
            link = nodes.reference("", "", nodes.literal("", name), refid=f"run-{name}")
            accuracy = f"{record['rows'][-1]['test_accuracy']:.4f}"
            words = [nodes.Text(accuracy)], [nodes.Text(band_in_words(band) if band else "–")]
            rows.append([[link], *words, self.chapter_links(chapters[name])])
        return table([[[nodes.Text(title)] for title in TABLE], *rows])

    def chapter_links(self, chapters: list[str]) -> list[nodes.Node]:
        """Links to chapters, by their numbers; a dash if there are none."""
        links: list[nodes.Node] = []
        for chapter in chapters:
            number = int(chapter[:2]) if chapter[0].isdigit() else chapter[:2].upper()
            words = nodes.inline("", f"chapter {number}")
            place = {"reftarget": f"/notebooks/{chapter}", "refdoc": self.env.docname}
            options = {"refdomain": "std", "reftype": "doc", "refexplicit": True}
            links += [nodes.Text(", "), addnodes.pending_xref("", words, **place, **options)]
        return links[1:] or [nodes.Text("–")]

    def details(self, name: str, facts: dict[str, str], chapters: list[str]) -> list[nodes.Node]:
        """All about one run, to be unfolded."""
        # the anchor is inside: a link to it unfolds the details
        listed = nodes.definition_list(classes=["run-facts"], ids=[f"run-{name}"])
        for term, text in facts.items():
            listed += item(term, with_code(text))
        listed += item("Shown in", self.chapter_links(chapters))
        head = f'<details class="run"><summary><code>{name}</code></summary>'
        return [
            nodes.raw("", head, format="html"),
            listed,
            nodes.raw("", "</details>", format="html"),
        ]


class RecordedBenchmarks(RecordedRuns):
    """Directive `recorded-benchmarks`: where and with what each benchmark was measured, folded."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        self.note_files(root)
        found, bands = read_benchmarks(root), read_bands(root)
        chapters = {name: readers(bands, name) for name in found}
        if not found:
            return [nodes.paragraph("", "No benchmark is recorded yet.")]
        lists = (self.details(name, machine_facts(found[name]), chapters[name]) for name in found)
        return [node for some in lists for node in some]


def item(term: str, words: list[nodes.Node]) -> nodes.definition_list_item:
    """A heading and its words, in a list of definitions."""
    definition = nodes.definition("", nodes.paragraph("", "", *words))
    return nodes.definition_list_item("", nodes.term("", term), definition)


def with_code(text: str) -> list[nodes.Node]:
    """Words, with what stands in backticks as code."""
    parts = text.split("`")
    return [nodes.literal("", part) if i % 2 else nodes.Text(part) for i, part in enumerate(parts)]


def table(rows: list[list[list[nodes.Node]]]) -> nodes.table:
    """A table; its first row is the head."""
    entries = [
        nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in row))
        for row in rows
    ]
    columns = [nodes.colspec(colwidth=1) for _ in rows[0]]
    head, body = nodes.thead("", entries[0]), nodes.tbody("", *entries[1:])
    group = nodes.tgroup("", *columns, head, body, cols=len(columns))
    return nodes.table("", group, classes=["runs"])


def check_anew(app: Any, env: Any, *_: Any) -> list[str]:
    """Read the page each time: a record may have come that the page does not know."""
    return ["book/numbers"] if "book/numbers" in env.found_docs else []


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.add_directive("recorded-runs", RecordedRuns)
    app.add_directive("recorded-benchmarks", RecordedBenchmarks)
    app.connect("env-get-outdated", check_anew)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
