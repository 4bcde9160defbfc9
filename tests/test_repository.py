"""The repository agrees with itself: addresses, versions, imports, and what the notebooks store."""

import ast
import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import densenet_lesson
import notebook_tools
from course import ROOT, chapters, code_cells, notebook, pages, read_yaml

# ------------------------------------------------------------------------ addresses


@pytest.fixture
def copy(tmp_path):
    """A copy of every file that the repository's address is written into or read from."""
    for name in ["_config.yml", "constraints.txt", "README.md", "CITATION.cff", "pyproject.toml"]:
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    for chapter in chapters():
        name = f"notebooks/{chapter}.ipynb"
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def contents(folder: Path) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


def test_every_address_is_the_one_in_the_configuration(copy):
    before = contents(copy)
    assert notebook_tools.write_links(copy) == [], "not up to date: run `make links`"
    assert contents(copy) == before


def test_another_address_in_the_configuration_is_noticed_and_written_everywhere(copy):
    config = (copy / "_config.yml").read_text(encoding="utf-8")
    old = read_yaml("_config.yml")["repository"]
    changed = config.replace(old["url"], "https://github.com/someone/their-fork")
    changed = changed.replace(f"branch: {old['branch']}", "branch: spring-2027")
    (copy / "_config.yml").write_text(changed, encoding="utf-8")

    written = {path.name for path in notebook_tools.write_links(copy)}

    assert written >= {f"{chapter}.ipynb" for chapter in chapters()}
    assert written >= {"README.md", "CITATION.cff", "pyproject.toml"}
    assert not [path for path, text in contents(copy).items() if old["url"] in text]
    for chapter in chapters():
        text = (copy / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8")
        assert f"github/someone/their-fork/blob/spring-2027/notebooks/{chapter}.ipynb" in text
        assert "git+https://github.com/someone/their-fork@spring-2027" in text
    assert notebook_tools.write_links(copy) == []


def test_an_address_that_colab_cannot_open_is_refused(copy):
    config = (copy / "_config.yml").read_text(encoding="utf-8")
    url = read_yaml("_config.yml")["repository"]["url"]
    (copy / "_config.yml").write_text(config.replace(url, "https://example.org/x"), "utf-8")
    with pytest.raises(ValueError, match="https://example.org/x.*https://github.com/OWNER/NAME"):
        notebook_tools.write_links(copy)


def test_the_other_pages_name_no_other_repository():
    url = read_yaml("_config.yml")["repository"]["url"]
    citation = read_yaml("CITATION.cff")
    assert citation["repository-code"] == url
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Repository"] == url
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"https://github\.com/[\w.-]+/[\w.-]+", readme)) == {url}


# ------------------------------------------------------------------------ the set-up cell


def setup_cell(**environment: str) -> subprocess.CompletedProcess:
    """Run the set-up cell as it stands in the first chapter."""
    environment = {**os.environ, **environment}
    code = code_cells(chapters()[0])[0].source
    python = [sys.executable, "-c", code]
    return subprocess.run(python, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("chapter", chapters())
def test_the_set_up_cell_is_the_first_code_cell_and_the_colab_link_is_near_the_title(chapter):
    cells = notebook(chapter).cells
    assert cells[0].source.startswith("# "), "a chapter begins with its title"
    assert {cell.id for cell in cells[1:3]} & {"colab-link"}
    assert [cell.id for cell in code_cells(chapter)].index("setup") == 0
    assert code_cells(chapter)[0].outputs == []


def test_the_set_up_cell_is_silent_on_your_own_machine():
    result = setup_cell()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_the_set_up_cell_says_what_could_not_be_installed(tmp_path):
    missing = str(tmp_path / "missing-1.0-py3-none-any.whl")
    result = setup_cell(COLAB_RELEASE_TAG="test", DENSENET_LESSON_SOURCE=missing, PIP_NO_INDEX="1")
    assert result.returncode == 1 and result.stdout == ""
    assert f"RuntimeError: Set-up could not install {missing}:\n" in result.stderr
    assert "No such file or directory" in result.stderr


# ------------------------------------------------------------------------ imports and versions

# Import names that are not the package's name.
PACKAGES = {"PIL": "pillow", "sklearn": "scikit-learn", "IPython": "ipython", "yaml": "pyyaml"}


def imports(code: str) -> set[str]:
    """The packages that code imports, without the standard library and the course itself."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.partition(".")[0])
    names -= set(sys.stdlib_module_names) | {"densenet_lesson", "instructors", "tools"}
    return {canonicalize_name(PACKAGES.get(name, name)) for name in names}


def requirements(name: str) -> dict[str, Requirement]:
    """The lines of a requirements file that count on this machine, by package."""
    lines = [line.split(" #")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines()]
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    applies = [line for line in wanted if line.marker is None or line.marker.evaluate()]
    return {canonicalize_name(line.name): line for line in applies}


def versions(name: str) -> dict[str, Version]:
    pinned = requirements(name)
    return {package: Version(str(line.specifier)[2:]) for package, line in pinned.items()}


COLAB = "tests/colab_packages.txt"


def densenet_lesson_files() -> list[Path]:
    return sorted((ROOT / "densenet_lesson").rglob("*.py"))


def needs(path: Path) -> set[str]:
    """What a file can't do without."""
    return imports(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", densenet_lesson_files(), ids=lambda path: path.name)
def test_the_package_imports_nothing_that_colab_lacks(path):
    assert needs(path) <= set(versions(COLAB))


@pytest.mark.parametrize("chapter", chapters())
def test_a_notebook_imports_nothing_that_colab_lacks(chapter):
    code = "\n".join(cell.source for cell in code_cells(chapter))
    assert imports(code) <= set(versions(COLAB)) | {"d2l"}


def test_d2l_imports_nothing_that_the_requirements_or_colab_lack():
    source = Path(importlib.util.find_spec("d2l").origin).with_name("torch.py")
    needed = imports(source.read_text(encoding="utf-8")) - {"gym"}  # only its last chapters do
    assert {"torch", "pandas", "scipy"} <= needed
    assert needed <= set(requirements("requirements.txt"))
    assert needed <= set(versions(COLAB))


def test_the_package_requires_what_it_imports_and_nothing_else():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {Requirement(line).name for line in project["dependencies"]}
    imported = [needs(path) for path in densenet_lesson_files()]
    in_a_notebook = {"ipython", "matplotlib-inline"}  # where a notebook runs, they are there
    assert set().union(*imported) - in_a_notebook == required
    assert required <= set(requirements("requirements.txt"))


def test_the_instructors_commands_import_nothing_that_the_requirements_lack():
    imported = set().union(*map(needs, (ROOT / "instructors").glob("*.py")))
    assert "nbgrader" in imported
    assert imported <= set(requirements("requirements.txt"))


def test_every_folder_of_the_package_is_installed():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    folders = {path.parent.relative_to(ROOT) for path in densenet_lesson_files()}
    assert {".".join(folder.parts) for folder in folders} <= set(setuptools["packages"])


@pytest.mark.parametrize("pinned", ["constraints.txt", COLAB])
def test_the_pinned_versions_are_ones_that_the_package_accepts(pinned):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in map(Requirement, project["dependencies"]):
        version = versions(pinned)[canonicalize_name(line.name)]
        assert version in line.specifier, f"{pinned} has {line.name} {version}, not {line}"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-book.txt"])
def test_every_requirement_is_pinned_and_says_what_it_is_for(name):
    assert set(requirements(name)) <= set(versions("constraints.txt"))
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert re.search(r" # \w", line), f"{name} does not say what {line!r} is for"


def test_importing_the_package_loads_no_heavy_library_but_torch():
    heavy = {"torchvision", "matplotlib", "sklearn", "d2l", "pandas", "tqdm", "PIL", "IPython"}
    code = f"""
import sys, torch
before = set(sys.modules)
import densenet_lesson
print(sorted({heavy} & (set(sys.modules) - before)))"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stdout + result.stderr


def test_the_citation_has_the_package_s_version():
    assert read_yaml("CITATION.cff")["version"] == densenet_lesson.__version__
    assert f"## {densenet_lesson.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


# ------------------------------------------------------------------------ notebooks


def test_every_notebook_is_a_chapter_of_the_book():
    assert chapters() == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """All text that a cell stores as output."""
    found = []
    for output in cell.get("outputs", []):
        found.append(output.get("text", ""))
        data = output.get("data", {})
        found += [value for kind, value in data.items() if not kind.startswith("image/")]
    return [text for text in found if text]


@pytest.mark.parametrize("chapter", chapters())
def test_outputs_are_stored_from_one_run_in_a_fresh_kernel(chapter):
    counts = [cell.execution_count for cell in code_cells(chapter)]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"
    stored = notebook(chapter)
    assert stored.metadata == notebook_tools.METADATA, "written by hand? run `make notebooks`"
    assert not [cell.id for cell in stored.cells if "execution" in cell.metadata]


MACHINE = r"/(home|root|Users|tmp|work|usr|content)/\w|[A-Z]:\\|site-packages"


@pytest.mark.parametrize("chapter", chapters())
def test_outputs_hold_no_errors_warnings_or_paths_of_one_machine(chapter):
    for cell in code_cells(chapter):
        kinds = {output.output_type for output in cell.outputs}
        names = {output.get("name") for output in cell.outputs}
        assert "error" not in kinds and "stderr" not in names, f"cell {cell.id}"
        for text in texts(cell):
            path = re.search(MACHINE, text)
            assert not path, f"cell {cell.id} stores {text[path.start() : path.start() + 60]!r}"


@pytest.mark.parametrize("chapter", chapters())
def test_code_is_plain_python(chapter):
    for cell in code_cells(chapter):
        with contextlib.suppress(SyntaxError):
            ast.parse(cell.source)
            continue
        pytest.fail(
            f"cell {cell.id} is not plain Python: a % or ! command works differently elsewhere"
        )


@pytest.mark.parametrize("chapter", chapters())
def test_every_picture_has_alt_text_and_a_caption(chapter):
    for cell in code_cells(chapter):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        if any(kind.startswith("image/") for kind in kinds):
            about = cell.metadata.get("mystnb", {})
            alt = about.get("image", {}).get("alt", "")
            caption = about.get("figure", {}).get("caption", "")
            assert len(alt) >= 20, f"cell {cell.id}: the alt text should say what is shown"
            assert len(caption) >= 20, f"cell {cell.id}: the caption should say what to notice"
            assert alt != caption, f"cell {cell.id}: alt text and caption should differ"
            drawn = notebook_tools.drawn_alt_text(cell)
            assert drawn in (None, alt), f"cell {cell.id}: run `make notebooks`"


def markdown() -> dict[str, str]:
    """All prose: the book's pages, this repository's own, the notebooks' Markdown cells."""
    files = [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md")]
    prose = {path.name: path.read_text(encoding="utf-8") for path in files}
    for chapter in chapters():
        cells = [cell.source for cell in notebook(chapter).cells if cell.cell_type == "markdown"]
        prose[chapter] = "\n\n".join(cells)
    return prose


def test_every_picture_in_the_prose_has_alt_text():
    for name, text in markdown().items():
        assert not re.search(r"!\[\s*\]", text), f"{name} has a picture without alt text"
        for tag in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r'alt="[^"]{10,}"', tag), f"{name}: {tag}"


# What a cell that nbval does not compare may print: times, and numbers of nothing else.
TIMING = r"\d+(\.\d+)? ?(seconds?|minutes?|s|min|ms|µs|images/s|images per second)(?!\w)"


@pytest.mark.parametrize("chapter", chapters())
def test_what_nbval_does_not_compare_is_only_times(chapter):
    uncompared = []
    for cell in code_cells(chapter):
        marks = set(cell.metadata.get("tags", [])) | set(re.findall(r"NBVAL_\w+", cell.source))
        marks = {mark.lower().replace("_", "-") for mark in marks}
        assert not marks & {"nbval-skip", "nbval-raises-exception", "raises-exception"}, cell.id
        if "nbval-ignore-output" in marks:
            uncompared.append(cell)
    assert len(uncompared) <= 2, [cell.id for cell in uncompared]
    for cell in uncompared:
        for text in texts(cell):
            assert re.search(TIMING, text), f"cell {cell.id} prints no time: compare it"
            rest = re.sub(TIMING, "", text)
            assert not re.search(r"\d", rest), f"cell {cell.id} prints more than times: {rest!r}"


def test_titles_are_the_same_everywhere_and_each_chapter_says_its_minutes():
    parts = read_yaml("_toc.yml")["parts"]
    listed = {Path(entry["file"]).name: entry.get("title") for entry in parts[0]["chapters"]}
    assert list(listed) == chapters()
    for chapter, title in listed.items():
        cells = notebook(chapter).cells
        heading = cells[0].source.partition("\n")[0].removeprefix("# ")
        assert title == f"{int(chapter[:2])}. {heading}"
        opening = "\n".join(cell.source for cell in cells[:6])
        assert re.search(r"\*\*Time:?\*\*:? (about )?\d+ minutes", opening), f"{chapter}: minutes"


def test_the_book_s_configuration_shows_stored_outputs_and_only_the_listed_pages():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["execute_notebooks"] == "off"
    assert config["only_build_toc_files"] is True
    assert "path_to_book" not in config["repository"]
    assert len(pages()) == len(set(pages()))


def test_every_paper_that_a_chapter_cites_is_in_the_bibliography():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    for chapter in chapters():
        text = markdown()[chapter]
        cited = re.findall(r"(?:arxiv\.org/abs/|doi\.org/)([^)\s]+)", text)
        missing = [work for work in cited if f"{{{work}}}" not in bibliography]
        assert cited and not missing, f"{chapter} cites {missing}"
