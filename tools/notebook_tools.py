"""Keep the chapters' notebooks in order.

links    writes the repository's address into every place that needs it
run      runs every chapter from top to bottom and stores its outputs
"""

import argparse
import html
import os
import re
import sys
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]

# What every notebook says about the machine that ran it: nothing that differs between machines.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}

COLAB_LINK = """\
[Run this chapter on Colab]({colab}/github/{repository}/blob/{branch}/notebooks/{name}): \
it opens in your browser, with nothing to install."""

SETUP = """\
# Set-up: nothing to do on your own machine. On Colab it installs the course and d2l.
import os
import subprocess
import sys

if "COLAB_RELEASE_TAG" in os.environ:
    course = "git+{url}@{branch}"
    course = os.environ.get("DENSENET_LESSON_SOURCE", course)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    pip += [course, "{d2l}"]
    installed = subprocess.run(pip, capture_output=True, text=True)
    if installed.returncode != 0:
        raise RuntimeError(f"Set-up could not install {{course}}:\\n{{installed.stderr}}")"""

# In the book, a reader sees one line instead of the set-up cell, and may unfold it.
FOLDED = {"tags": ["hide-input"], "mystnb": {"code_prompt_show": "Show the set-up cell"}}


def settings(root: Path) -> dict[str, str]:
    """Read the address from _config.yml and d2l's version from constraints.txt.

    Args:
        root: the repository's folder.

    Returns:
        url, branch, repository ("owner/name"), colab (address) and d2l ("d2l==version").

    Raises:
        ValueError: the address is not one that Colab can open.
    """
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    url, branch = config["repository"]["url"], config["repository"]["branch"]
    address = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", url)
    if address is None:
        raise ValueError(
            f"repository url in _config.yml is {url!r}; Colab opens https://github.com/OWNER/NAME"
        )
    constraints = (root / "constraints.txt").read_text(encoding="utf-8")
    return {
        "url": url,
        "branch": branch,
        "repository": address[1],
        "colab": config["launch_buttons"]["colab_url"],
        "d2l": re.search(r"^d2l==\S+", constraints, re.MULTILINE)[0],
    }


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
    """Write the Colab link and the set-up cell into every chapter, the address into other files.

    Args:
        root: the repository's folder.

    Returns:
        The files that changed.
    """
    values, changed = settings(root), []
    for path in chapters(root):
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(before, as_version=4)
        link = COLAB_LINK.format(name=path.name, **values)
        put_cell(notebook, nbformat.v4.new_markdown_cell(link, id="colab-link"), 1)
        first_code = [cell.cell_type for cell in notebook.cells].index("code")
        setup = SETUP.format(**values)
        setup_cell = nbformat.v4.new_code_cell(setup, id="setup", metadata=FOLDED)
        put_cell(notebook, setup_cell, first_code)
        if nbformat.writes(notebook) + "\n" != before:
            write(notebook, path)
            changed.append(path)
    return changed + write_address(root, values["url"])


def write_address(root: Path, url: str) -> list[Path]:
    """Replace the address that CITATION.cff gives by `url`, in every file that names it."""
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    old, changed = re.search(r'^repository-code: "?([^"\s]+)', citation, re.MULTILINE)[1], []
    for path in (root / name for name in ("README.md", "CITATION.cff", "pyproject.toml")):
        before = path.read_text(encoding="utf-8")
        if before.replace(old, url) != before:
            path.write_text(before.replace(old, url), encoding="utf-8")
            changed.append(path)
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


def main() -> int:
    """Do what the command line asks; 0 when all went well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=["links", "run"])
    parser.add_argument("notebooks", nargs="*", type=Path, help="run these only")
    arguments = parser.parse_args()
    if arguments.command == "links":
        for path in write_links(ROOT):
            print("wrote", path.relative_to(ROOT))
        return 0
    os.environ["TQDM_DISABLE"] = "1"  # a progress bar shows times, which differ from run to run
    failed = 0
    for path in arguments.notebooks or chapters(ROOT):
        print("running", path.name, flush=True)
        try:
            run(path)
        except CellExecutionError as error:
            print(f"{path.name} is left as it was: a cell failed.\n{error}", file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
