"""Make what you hand out: `make release` and `make colab`.

    python -m instructors.release

writes dist/students/ (without solutions, hidden tests and rubrics, by nbgrader) and
dist/instructors/ (with all of them). Each notebook is one file that runs on Colab, even when the
course is published nowhere: its set-up cell carries the package.
"""

from __future__ import annotations

import argparse
import copy
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from .course import Course
from .links import settle_links
from .sets import FOLDER, ProblemSet, for_nbgrader, read_sets
from .setup_cell import build_wheel, carry_wheel, from_repository, published, records_of

SOURCES = ("wheel", "repository")


class Trace(RuntimeError):
    """A released notebook holds something of the solution."""


def release(sets: dict[str, ProblemSet], out: Path, root: Path, source: str = "wheel") -> None:
    """Write both versions of every problem set; nothing when one of them is not as it must be.

    Args:
        sets: by `read_sets`.
        out: the folder for `students` and `instructors`.
        root: the repository.
        source: where a notebook's set-up cell gets the package from: one of `SOURCES`.

    Raises:
        ValueError: for another source.
        Trace: when a solution, a hidden test or a rubric would be handed out.
    """
    check_source(source)
    wheel = build_wheel(root) if source == "wheel" else None
    made = {}
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        course = Course(Path(folder))
        for name, one in tqdm(sets.items(), desc="release", unit="set"):
            students = course.release(one)
            check_no_trace(one, students)
            instructors = for_nbgrader(one)
            instructors.cells = copy.deepcopy(one.notebook.cells)
            made[name] = {"students": students, "instructors": instructors}
            for notebook in made[name].values():
                let_travel(notebook, FOLDER, wheel, root)
    for audience in ("students", "instructors"):
        notebooks = {name: versions[audience] for name, versions in made.items()}
        write_folder(out / audience, notebooks)


def colab(out: Path, root: Path, source: str = "wheel") -> None:
    """Write every chapter as one file that runs on Colab."""
    check_source(source)
    constraints = (root / "constraints.txt").read_text(encoding="utf-8")
    d2l = re.search(r"^d2l==\S+", constraints, re.MULTILINE)[0]
    notebooks = {}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        notebooks[path.stem] = nbformat.read(path, as_version=4)
        wheel = wheel_with(root, path.stem) if source == "wheel" else None
        let_travel(notebooks[path.stem], "notebooks", wheel, root, d2l)
    write_folder(out, notebooks)


def wheel_with(root: Path, chapter: str) -> tuple[str, bytes]:
    """The wheel for a chapter; chapters that show no recorded run share one."""
    return build_wheel(root, chapter if records_of(root, chapter) else "")


def check_source(source: str) -> None:
    """Raise a ValueError unless `source` is one of `SOURCES`."""
    if source not in SOURCES:
        raise ValueError(f"source={source!r} must be 'wheel' or 'repository'")


def let_travel(
    notebook: NotebookNode, folder: str | Path, wheel: tuple | None, root: Path, d2l: str = ""
) -> None:
    """Let a notebook of a folder run anywhere: exchange its set-up cell, settle its links."""
    if wheel:
        carry_wheel(notebook, wheel, d2l)
        settle_links(notebook, folder)
    else:
        from_repository(notebook, root)
        settle_links(notebook, folder, published(root))


def write_folder(folder: Path, notebooks: dict[str, NotebookNode]) -> None:
    """Replace a folder by one with these notebooks."""
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, notebook in notebooks.items():
        nbformat.write(notebook, draft / f"{name}.ipynb")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def check_no_trace(one: ProblemSet, released: NotebookNode) -> None:
    """Raise `Trace` when a released notebook holds a line that only instructors may see.

    A line counts when it stands in a solution, a hidden test, a model answer or a rubric, and
    nowhere in what students are meant to see.
    """
    shown = {line for cell in released.cells for line in cell.source.splitlines()}
    meant = "\n".join(visible_lines(one.notebook))
    text = nbformat.writes(released, version=4)
    secret = [line.strip() for line in secret_lines(one.notebook)]
    for line in secret:
        if len(line) > 8 and line not in meant and any(line in other for other in shown):
            raise Trace(f"{one.name}: the students' version holds {line!r}")
    for word in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS"):
        if word in text:
            raise Trace(f"{one.name}: the students' version holds the mark {word!r}")


def _regions(notebook: NotebookNode) -> list[tuple[str, bool]]:
    """Every line of a source, with: is it for instructors only?"""
    lines = []
    for cell in notebook.cells:
        mark, secret = cell.metadata.get("nbgrader", {}), False
        whole = "rubric" in cell.metadata.get("tags", [])
        whole |= bool(mark.get("solution") and cell.cell_type == "markdown")
        whole |= bool(mark.get("solution") and "BEGIN SOLUTION" not in cell.source)
        for line in cell.source.splitlines():
            begins = re.search(r"### BEGIN (SOLUTION|HIDDEN TESTS)", line)
            ends = re.search(r"### END (SOLUTION|HIDDEN TESTS)", line)
            secret = (secret or bool(begins)) and not ends
            lines.append((line, whole or secret or bool(ends)))
    return lines


def secret_lines(notebook: NotebookNode) -> list[str]:
    """The lines of solutions, hidden tests, model answers and rubrics."""
    return [line for line, secret in _regions(notebook) if secret and line.strip()]


def visible_lines(notebook: NotebookNode) -> list[str]:
    """The lines that students are meant to see."""
    return [line for line, secret in _regions(notebook) if not secret]


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(description="Make the notebooks that you hand out.")
    parser.add_argument("--root", type=Path, default=Path("."), help="the repository")
    parser.add_argument("--out", type=Path, help="default: dist, or dist/colab")
    parser.add_argument("--sources", type=Path, help=f"default: {FOLDER}")
    parser.add_argument("--from", dest="source", choices=SOURCES, default="wheel")
    parser.add_argument("--colab", action="store_true", help="the chapters, not the problem sets")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        if options.colab:
            out = options.out or options.root / "dist" / "colab"
            colab(out, options.root, options.source)
            print(f"The chapters are in {out}: each is one file, ready for Colab.")
        else:
            out = options.out or options.root / "dist"
            sets = read_sets(options.sources or options.root / FOLDER)
            release(sets, out, options.root, options.source)
            print(f"{len(sets)} problem sets: hand out {out / 'students'}.")
            print(f"Keep {out / 'instructors'}: it holds the solutions.")
    except (ValueError, RuntimeError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
