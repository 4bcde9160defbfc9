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

from tools import address
from tools.git import git, is_public, remotes
from tools.links import settle_links
from tools.setup_cell import carry_wheel, d2l_of, installing, setup_cell
from tools.single_file import build_wheel, chapter

from .course import Course
from .inventory import concept_sets, form_of
from .sets import FOLDER, ProblemSet, for_nbgrader, read_sets

SOLUTIONS = "what you push there shows the solutions in notebooks/assignments"
SOURCES = ("wheel", "repository")
# Parts of the package that a problem set carries for nothing: drawings, and recorded runs.
NOT_NEEDED = (
    "figures",
    "benchmarks.py",
    "lesions.py",
    "records.py",
    "reproduce.py",
    "trained.py",
    "transfer.py",
)


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
    published = where(source, root)
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
                if form_of(name):
                    continue  # asks for letters: needs no package, and leads nowhere
                elif published:
                    lead_to(published, notebook, FOLDER, root)
                else:
                    carry_wheel(notebook, build_wheel(root, leave=NOT_NEEDED))
                    settle_links(notebook, FOLDER)
    for audience in ("students", "instructors"):
        notebooks = {name: versions[audience] for name, versions in made.items()}
        write_folder(out / audience, notebooks)


def colab(out: Path, root: Path, source: str = "wheel") -> None:
    """Write every chapter as one file that runs on Colab."""
    published, notebooks = where(source, root), {}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        if published:
            notebooks[path.stem] = nbformat.read(path, as_version=4)
            lead_to(published, notebooks[path.stem], "notebooks", root)
        else:
            notebooks[path.stem] = chapter(path, root)
    write_folder(out, notebooks)


def where(source: str, root: Path) -> address.Address | None:
    """Where notebooks get the package from: an address, or None if they carry it.

    Args:
        source: one of `SOURCES`.
        root: the repository.

    Raises:
        ValueError: for another source, or when it is the repository, and nobody has said where.
    """
    if source not in SOURCES:
        raise ValueError(f"source={source!r} must be 'wheel' or 'repository'")
    if source == "wheel":
        return None
    if (published := address.read(root)) is None:
        raise ValueError(
            "source='repository' needs an address, and _config.yml gives none: "
            "write url and ref there, or let the notebooks carry the package (--from wheel)"
        )
    return published


def lead_to(
    published: address.Address, notebook: NotebookNode, folder: str | Path, root: Path
) -> None:
    """Let a notebook of a folder install from an address, and its links lead there."""
    setup_cell(notebook).source = installing(published, d2l_of(root))
    settle_links(notebook, folder, published.files)


def sizes(folder: Path) -> str:
    """How large the notebooks in a folder are, in words."""
    found = [path.stat().st_size / 1000 for path in folder.glob("*.ipynb")]
    return f" of {min(found):.0f} to {max(found):.0f} kB"


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


def who_reads(sources: Path) -> list[str]:
    """Warn of the remotes with which the sources, and so the solutions, are or may be public."""
    status, known = git(sources, "ls-files", ".")
    found = []
    for name, there in remotes(sources).items() if status == 0 and known else ():
        if (public := is_public(there)) is None:
            found.append(f"could not find out whether {name} ({there}) is public: {SOLUTIONS}")
        elif public:
            found.append(f"anybody can read {name} ({there}): {SOLUTIONS}")
    return found


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
            sources = options.sources or options.root / FOLDER
            sets = read_sets(sources) | ({} if options.sources else concept_sets())
            release(sets, out, options.root, options.source)
            for warning in who_reads(sources):
                print(f"WARNING: {warning}", file=sys.stderr)
            print(f"{len(sets)} notebooks{sizes(out / 'students')}: hand out {out / 'students'}.")
            print(f"Keep {out / 'instructors'}: it holds the solutions.")
    except (ValueError, RuntimeError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
