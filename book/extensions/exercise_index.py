"""A Sphinx extension: the directive `exercise-index`, tables of every exercise of the course."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from exercises import exercises, table


class ExerciseIndex(SphinxDirective):
    """One table for each chapter and each appendix that has exercises, under its number."""

    def run(self) -> list[nodes.Node]:
        root, here = Path(self.env.srcdir), Path(self.env.docname).parent
        up = "/".join([".."] * len(here.parts))
        lines: list[str] = []
        for name in sorted(self.env.found_docs):
            notebook = root / f"{name}.ipynb"
            number = re.fullmatch(r"notebooks/0?(\d+|a\d)_\w+", name)
            if number and notebook.exists() and exercises(notebook):
                self.env.note_dependency(str(notebook))
                link = f"{up}/{name}.ipynb"
                kind = "Chapter" if number[1].isdigit() else "Appendix"
                lines += ["", f"## [{kind} {number[1].upper()}]({link})", ""]
                lines += table(notebook, link)
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def setup(app: Any) -> dict[str, bool]:
    """Connect the directive to Sphinx."""
    app.add_directive("exercise-index", ExerciseIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
