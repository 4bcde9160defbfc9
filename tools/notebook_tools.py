"""Keep the chapters' notebooks in order.

links    writes into every place that needs it where the course is published, by _config.yml
run      runs every chapter from top to bottom and stores its outputs
"""

import argparse
import copy
import html
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools import address, setup_cell
from tools.address import Address

ROOT = Path(__file__).resolve().parents[1]

# What every notebook says about the machine that ran it: nothing that differs between machines.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}

COLAB_LINK = """\
[Run this chapter on Colab]({colab}): it opens in your browser, with nothing to install."""

# For whoever opens the file. On the chapter's page, the book puts its own line here.
NO_LINK = "For Colab, take the file that this chapter's page in the book offers in this place."


def chapters(root: Path) -> list[Path]:
    """List the chapters' notebooks, in order."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook in one step, so that an interruption cannot leave half a file."""
    nbformat.validate(notebook)
    scratch = path.with_suffix(".ipynb.part")
    scratch.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    os.replace(scratch, path)


def put_cell(notebook: nbformat.NotebookNode, cell: nbformat.NotebookNode, place: int) -> None:
    """Give the cell with this cell's id its source and metadata, or insert the cell at `place`."""
    for old in notebook.cells:
        if old.id == cell.id:
            old.source, old.metadata = cell.source, cell.metadata
            return
    notebook.cells.insert(place, cell)


def write_links(root: Path) -> list[Path]:
    """Write where the course is published, by _config.yml, into notebooks and metadata.

    Args:
        root: the repository's folder.

    Returns:
        The files that changed.
    """
    published, d2l, changed = address.read(root), setup_cell.d2l_of(root), []
    sets = sorted((root / "notebooks" / "assignments").glob("*.ipynb"))
    for path in [*chapters(root), *sets]:
        before = nbformat.read(path, as_version=4)
        notebook = copy.deepcopy(before)
        if path in sets:
            setup = setup_cell.installing(published, d2l, setup_cell.PROBLEM_SET)
            setup_cell.setup_cell(notebook).source = setup
        else:
            link = COLAB_LINK.format(colab=published.on_colab(path.stem)) if published else NO_LINK
            put_cell(notebook, nbformat.v4.new_markdown_cell(link, id="colab-link"), 1)
            first_code = [cell.cell_type for cell in notebook.cells].index("code")
            setup = setup_cell.installing(published, d2l)
            cell = nbformat.v4.new_code_cell(setup, id="setup", metadata=setup_cell.FOLDED)
            put_cell(notebook, cell, first_code)
        if notebook != before:
            write(notebook, path)
            changed.append(path)
    return changed + write_metadata(root, published)


# What programs read: the line that gives the address, and the line that it follows.
METADATA_LINES = {
    "CITATION.cff": ('repository-code: "{url}"', "license: MIT"),
    "pyproject.toml": ('urls = {{ Repository = "{url}" }}', 'license-files = ["LICENSE"]'),
}


def write_metadata(root: Path, published: Address | None) -> list[Path]:
    """Write the repository's address into CITATION.cff and pyproject.toml, or take it out."""
    changed = []
    for name, (line, anchor) in METADATA_LINES.items():
        before = (root / name).read_text(encoding="utf-8")
        pattern = re.escape(line.format(url="URL")).replace("URL", '[^"]*')
        text = re.sub(rf"^{pattern}\n", "", before, flags=re.MULTILINE)
        if published:
            text = text.replace(f"\n{anchor}\n", f"\n{anchor}\n{line.format(url=published.url)}\n")
        if text != before:
            (root / name).write_text(text, encoding="utf-8")
            changed.append(root / name)
    return changed


def run(path: Path) -> None:
    """Run a notebook in a fresh kernel and store its outputs; a failing notebook is left as it was.

    Args:
        path: the notebook.

    Raises:
        CellExecutionError: a cell raised an exception.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        cell.metadata.pop("collapsed", None)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    write_alt_texts(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    write(notebook, path)


def drawn_alt_text(cell: nbformat.NotebookNode) -> str | None:
    """Read the alternative text that the course's drawings carry as the title of their SVG.

    Args:
        cell: a code cell with its outputs.

    Returns:
        The text; None if the cell shows no drawing of the course (Matplotlib's own has no text).
    """
    for output in cell.get("outputs", []):
        svg = output.get("data", {}).get("image/svg+xml", "")
        title = re.search(r"<dc:title>(.*?)</dc:title>", svg, re.DOTALL)
        if title and not title[1].startswith("Matplotlib v"):
            return html.unescape(" ".join(title[1].split()))
    return None


def write_alt_texts(notebook: nbformat.NotebookNode) -> None:
    """Give each drawing the alternative text that was computed with it, so that they agree."""
    for cell in notebook.cells:
        if alt := drawn_alt_text(cell):
            about = cell.metadata.setdefault("mystnb", {})
            about.setdefault("image", {})["alt"] = alt


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=["links", "run"])
    parser.add_argument("notebooks", nargs="*", type=Path, help="run these only")
    links = parser.add_argument_group("links: write this address into _config.yml before")
    links.add_argument("--repository", help="OWNER/NAME on GitHub")
    links.add_argument("--ref", default="", help="a tag, or a commit's 40 digits")
    links.add_argument("--branch", default="", help="where Colab finds the notebooks, if not there")
    return parser


def links(options: argparse.Namespace) -> int:
    """Write the links, and say where; first the address that the command line gives, if any."""
    if options.repository:
        url = f"https://github.com/{options.repository}"
        address.write(ROOT, Address(url, options.ref, options.branch))
    for path in write_links(ROOT):
        print("wrote", path.relative_to(ROOT))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; 0 when all went well."""
    options = parser().parse_args(arguments)
    if options.command == "links":
        try:
            return links(options)
        except ValueError as error:
            print(f"links: {error}", file=sys.stderr)
            return 1
    os.environ["TQDM_DISABLE"] = "1"  # a progress bar shows times, which differ from run to run
    failed = 0
    for path in options.notebooks or chapters(ROOT):
        print("running", path.name, flush=True)
        try:
            run(path)
        except CellExecutionError as error:
            print(f"{path.name} is left as it was: a cell failed.\n{error}", file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
