"""The repository agrees with itself: addresses, versions, imports, and what the notebooks store."""

import ast
import contextlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import densenet_lesson
import notebook_tools
from course import (
    OUR_NAME,
    ROOT,
    all_notebooks,
    appendices,
    chapters,
    code_cells,
    led_to,
    notebook,
    pages,
    read_yaml,
)
from tools import address, single_file
from tools import setup_cell as setup_cells
from tools.address import Address

# ------------------------------------------------------------------------ addresses


@pytest.fixture
def copy(tmp_path):
    """A copy of every file that the repository's address is written into or read from."""
    names = ["_config.yml", "constraints.txt", "CITATION.cff", "pyproject.toml"]
    names += [path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").rglob("*.ipynb")]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def contents(folder: Path) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


def test_every_address_is_the_one_in_the_configuration(copy):
    before = contents(copy)
    assert notebook_tools.write_links(copy) == [], "not up to date: run `make links`"
    assert contents(copy) == before


THEIRS = Address("https://github.com/someone/their-copy", "spring-2027")


def test_an_address_in_the_configuration_is_written_everywhere_and_taken_out_again(copy):
    before = contents(copy)
    address.write(copy, THEIRS)
    written = {path.relative_to(copy) for path in notebook_tools.write_links(copy)}
    notebooks = {path.relative_to(copy) for path in (copy / "notebooks").rglob("*.ipynb")}
    assert written == notebooks | {Path("CITATION.cff"), Path("pyproject.toml")}
    for chapter in all_notebooks():
        text = (copy / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8")
        assert f"github/someone/their-copy/blob/spring-2027/notebooks/{chapter}.ipynb" in text
    for path in notebooks:
        text = (copy / path).read_text(encoding="utf-8")
        assert "git+https://github.com/someone/their-copy@refs/tags/spring-2027" in text
    assert (
        yaml.safe_load((copy / "CITATION.cff").read_text("utf-8"))["repository-code"] == THEIRS.url
    )
    project = tomllib.loads((copy / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"] == {"Repository": THEIRS.url}
    assert notebook_tools.write_links(copy) == []

    shutil.copyfile(ROOT / "_config.yml", copy / "_config.yml")
    notebook_tools.write_links(copy)
    assert contents(copy) == before


def test_a_workflow_s_address_has_the_notebooks_on_a_branch_and_installs_a_commit(
    copy, monkeypatch, capsys
):
    monkeypatch.setattr(notebook_tools, "ROOT", copy)
    commit = "0123456789abcdef0123456789abcdef01234567"
    options = ["--repository", "someone/their-copy", "--ref", commit, "--branch", "colab"]
    assert notebook_tools.main(["links", *options]) == 0
    assert "wrote notebooks/01_before_resnet.ipynb" in capsys.readouterr().out
    text = (copy / "notebooks" / "01_before_resnet.ipynb").read_text(encoding="utf-8")
    assert "github/someone/their-copy/blob/colab/notebooks/01_before_resnet.ipynb" in text
    assert f"git+https://github.com/someone/their-copy@{commit}\\" in text
    assert address.read(copy).files == f"https://github.com/someone/their-copy/blob/{commit}"


@pytest.mark.parametrize(
    ("url", "ref", "complaint"),
    [
        (
            "https://example.org/x",
            "v1.0",
            "url='https://example.org/x' must be https://github.com/",
        ),
        ("https://github.com/a/b", "", "ref='' must be a tag such as v1.0, or a commit's 40"),
        ("https://github.com/a/b", "main", "ref='main' must be a tag .* a branch moves"),
    ],
)
def test_an_address_that_colab_can_t_open_or_that_moves_is_refused(url, ref, complaint):
    with pytest.raises(ValueError, match=complaint):
        Address(url, ref)


def test_a_refused_address_is_named_and_nothing_is_written(copy, monkeypatch, capsys):
    monkeypatch.setattr(notebook_tools, "ROOT", copy)
    before = contents(copy)
    assert notebook_tools.main(["links", "--repository", "a/b", "--ref", "main"]) == 1
    assert "links: repository ref='main' must be a tag" in capsys.readouterr().err
    assert contents(copy) == before


def test_a_configuration_without_a_place_for_the_address_is_refused(tmp_path):
    (tmp_path / "_config.yml").write_text("title: A course\n", encoding="utf-8")
    assert address.read(tmp_path) is None
    with pytest.raises(ValueError, match="must have a line url"):
        address.write(tmp_path, THEIRS)


def texts_of_the_repository() -> dict[str, str]:
    names = ["README.md", "CHANGELOG.md", "CITATION.cff", "pyproject.toml", "_config.yml"]
    paths = [ROOT / name for name in names]
    for folder in ("book", "notebooks", "densenet_lesson"):
        for kind in ("*.md", "*.ipynb", "*.py"):
            paths += (ROOT / folder).rglob(kind)
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


def test_nothing_leads_to_a_repository_that_is_not_configured():
    published = address.read(ROOT)
    own = {published.url.removeprefix("https://github.com/")} if published else set()
    texts = texts_of_the_repository()
    assert len(texts) > 60
    for name, text in texts.items():
        about_the_course = not name.startswith(("notebooks/", "densenet_lesson/"))
        assert led_to(text, about_the_course) <= own, name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('course = "git+https://github.com/a/b@main"', "a/b"),
        ("(https://colab.research.google.com/github/a/b/blob/main/x.ipynb)", "a/b"),
        (f"see https://github.com/a/{OUR_NAME}/issues", f"a/{OUR_NAME}"),
    ],
)
def test_a_link_as_if_to_this_course_s_repository_is_found_even_in_a_notebook(text, name):
    assert led_to(text, of_the_course=False) == {name}


def test_another_project_s_issue_may_be_cited_in_a_notebook_but_not_in_the_readme():
    text = "https://github.com/pytorch/vision/issues/906 and url: https://github.com/OWNER/NAME"
    assert led_to(text, of_the_course=False) == set()
    assert led_to(text, of_the_course=True) == {"pytorch/vision"}


# ------------------------------------------------------------------------ the set-up cell


ON_COLAB = ("COLAB_RELEASE_TAG", "DENSENET_LESSON_SOURCE")


def setup_cell(
    where: Address | None = None, advice: str = setup_cells.CHAPTER, **environment: str
) -> subprocess.CompletedProcess:
    """Run the set-up cell for an address as it stands in a notebook."""
    kept = {name: value for name, value in os.environ.items() if name not in ON_COLAB}
    environment = {**kept, **environment}
    code = setup_cells.installing(where, "d2l==1.0.3", advice)
    python = [sys.executable, "-c", code]
    return subprocess.run(python, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("chapter", all_notebooks())
def test_the_set_up_cell_is_the_first_code_cell_and_the_colab_link_is_near_the_title(chapter):
    cells = notebook(chapter).cells
    assert cells[0].source.startswith("# "), "a chapter begins with its title"
    assert {cell.id for cell in cells[1:3]} & {"colab-link"}
    assert [cell.id for cell in code_cells(chapter)].index("setup") == 0
    assert code_cells(chapter)[0].outputs == []


def test_the_set_up_cell_is_silent_on_your_own_machine():
    for where in (None, THEIRS):
        result = setup_cell(where)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("advice", "words"),
    [
        (setup_cells.CHAPTER, "On its page in the book, a line near the top offers one"),
        (setup_cells.PROBLEM_SET, "`make release` makes one that does"),
    ],
)
def test_without_an_address_the_set_up_cell_says_on_colab_which_file_to_take(advice, words):
    result = setup_cell(None, advice, COLAB_RELEASE_TAG="test")
    assert result.returncode == 1 and result.stdout == ""
    assert "RuntimeError: This file doesn't bring the course along.\n" in result.stderr
    assert words in result.stderr


@pytest.mark.parametrize("where", [None, THEIRS])
def test_the_set_up_cell_says_what_could_not_be_installed(where, tmp_path):
    missing = str(tmp_path / "missing-1.0-py3-none-any.whl")
    options = {"DENSENET_LESSON_SOURCE": missing, "PIP_NO_INDEX": "1"}
    result = setup_cell(where, COLAB_RELEASE_TAG="test", **options)
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


@pytest.mark.parametrize("chapter", all_notebooks())
def test_a_notebook_imports_nothing_that_colab_lacks(chapter):
    assert imports(all_code(chapter)) <= set(versions(COLAB)) | {"d2l"}


def test_d2l_imports_nothing_that_the_requirements_or_colab_lack():
    source = Path(importlib.util.find_spec("d2l").origin).with_name("torch.py")
    needed = imports(source.read_text(encoding="utf-8")) - {"gym"}  # only its last chapters do
    assert {"torch", "pandas", "scipy"} <= needed
    assert needed <= set(requirements("requirements.txt"))
    assert needed <= set(versions(COLAB))


def test_the_package_requires_what_it_imports_and_nothing_else():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {Requirement(line).name for line in project["dependencies"]}
    imported = package_needs()
    in_a_notebook = {"ipython", "matplotlib-inline"}  # where a notebook runs, they are there
    assert set().union(*imported) - in_a_notebook == required
    assert required <= set(requirements("requirements.txt"))


def test_an_extra_is_pinned_installed_by_make_test_named_in_the_wheel_and_needed_by_an_appendix():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(project["optional-dependencies"]) == ["keras"]
    (line,) = map(Requirement, project["optional-dependencies"]["keras"])
    for pinned in ("constraints.txt", COLAB):
        assert versions(pinned)[line.name] in line.specifier
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.findall(r"(\S+)/bin/python .* --editable \"\.\[keras\]\"", makefile) == [".venv"]
    wheel = zipfile.ZipFile(io.BytesIO(single_file.build_wheel(ROOT)[1]))
    (path,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    told = wheel.read(path).decode().splitlines()
    assert f'Requires-Dist: {line}; extra == "keras"' in told
    users = {name for name in all_notebooks() if line.name in imports(all_code(name))}
    assert users == {"a2_from_keras"} and line.name not in set().union(*package_needs())


def all_code(notebook_name: str) -> str:
    return "\n".join(cell.source for cell in code_cells(notebook_name))


def package_needs() -> list[set[str]]:
    return [needs(path) for path in densenet_lesson_files()]


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


# ------------------------------------------------------------------------ what GitHub does


def workflow() -> dict:
    path = ROOT / ".github" / "workflows" / "course.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands(job: str) -> list[str]:
    return [step["run"] for step in workflow()["jobs"][job]["steps"] if "run" in step]


def test_the_workflow_runs_the_commands_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [line for line in commands("linux") if line.startswith("make")] == re.search(
        r"```\n(make book\nmake test)\n```", readme
    )[1].splitlines()
    by_hand = re.findall(r"^\.venv\\Scripts\S* -m pip .*", readme, re.MULTILINE)
    assert len(by_hand) == 3
    assert [line for line in commands("windows") if "-m pip" in line] == by_hand
    on_macos = [line.replace(".venv\\Scripts\\", ".venv/bin/") for line in by_hand]
    assert [line for line in commands("macos") if "-m pip" in line] == on_macos
    for job, folder in (("macos", ".venv/bin"), ("windows", r".venv\Scripts")):
        tests = [line for line in commands(job) if "-m pytest" in line]
        tested = [re.search(r"tests/\S+", line)[0] for line in tests]
        assert tested == ["tests/package", "tests/notebooks/test_notebooks.py"]
        assert all((ROOT / path).exists() for path in tested)
        assert all(line.startswith(folder) for line in tests)


def test_only_a_tested_main_is_published_without_a_secret_and_with_the_copy_s_own_address():
    text = (ROOT / ".github" / "workflows" / "course.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    publish = workflow()["jobs"]["publish"]
    assert publish["needs"] == "linux" and "'refs/heads/main'" in publish["if"]
    (links,) = [line for line in commands("publish") if line.startswith("make links")]
    given = dict(word.split("=") for word in links.split()[2:])
    assert given == {
        "REPOSITORY": '"$GITHUB_REPOSITORY"',
        "REF": '"$GITHUB_SHA"',
        "BRANCH": "colab",
    }
    assert "git push --force origin HEAD:refs/heads/colab" in commands("publish")
    assert workflow()["permissions"] == {"contents": "read"}
    writes = [name for name, job in workflow()["jobs"].items() if "permissions" in job]
    assert writes == ["publish"]


def test_every_action_is_github_s_own_in_a_named_major_version():
    for job in workflow()["jobs"].values():
        for step in job["steps"]:
            assert "run" in step or re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), step


# ------------------------------------------------------------------------ notebooks


def test_every_notebook_is_a_chapter_or_an_appendix_of_the_book():
    assert all_notebooks() == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """All text that a cell stores as output."""
    found = []
    for output in cell.get("outputs", []):
        found.append(output.get("text", ""))
        data = output.get("data", {})
        found += [value for kind, value in data.items() if not kind.startswith("image/")]
    return [text for text in found if text]


@pytest.mark.parametrize("chapter", all_notebooks())
def test_outputs_are_stored_from_one_run_in_a_fresh_kernel(chapter):
    counts = [cell.execution_count for cell in code_cells(chapter)]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"
    stored = notebook(chapter)
    assert stored.metadata == notebook_tools.METADATA, "written by hand? run `make notebooks`"
    assert not [cell.id for cell in stored.cells if "execution" in cell.metadata]


MACHINE = r"/(home|root|Users|tmp|work|usr|content)/\w|[A-Z]:\\|site-packages"


@pytest.mark.parametrize("chapter", all_notebooks())
def test_outputs_hold_no_errors_warnings_or_paths_of_one_machine(chapter):
    for cell in code_cells(chapter):
        kinds = {output.output_type for output in cell.outputs}
        names = {output.get("name") for output in cell.outputs}
        assert "error" not in kinds and "stderr" not in names, f"cell {cell.id}"
        for text in texts(cell):
            path = re.search(MACHINE, text)
            assert not path, f"cell {cell.id} stores {text[path.start() : path.start() + 60]!r}"


@pytest.mark.parametrize("chapter", all_notebooks())
def test_code_is_plain_python(chapter):
    for cell in code_cells(chapter):
        with contextlib.suppress(SyntaxError):
            ast.parse(cell.source)
            continue
        pytest.fail(
            f"cell {cell.id} is not plain Python: a % or ! command works differently elsewhere"
        )


@pytest.mark.parametrize("chapter", all_notebooks())
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
    for chapter in all_notebooks():
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


@pytest.mark.parametrize("chapter", all_notebooks())
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
    course = read_yaml("_toc.yml")["parts"][0]["chapters"]
    notebooks = [entry for entry in course if entry["file"].startswith("notebooks/")]
    listed = {Path(entry["file"]).name: entry.get("title") for entry in notebooks}
    assert list(listed) == chapters()
    for chapter, title in listed.items():
        cells = notebook(chapter).cells
        heading = cells[0].source.partition("\n")[0].removeprefix("# ")
        assert title == f"{int(chapter[:2])}. {heading}"
        opening = "\n".join(cell.source for cell in cells[:6])
        assert re.search(r"\*\*Time:?\*\*:? (about )?\d+ minutes", opening), f"{chapter}: minutes"


def test_an_appendix_has_its_letter_and_number_in_its_title():
    listed = {
        Path(entry["file"]).name: entry["title"]
        for part in read_yaml("_toc.yml")["parts"]
        if part["caption"] == "Appendix"
        for entry in part["chapters"]
    }
    assert list(listed) == appendices()
    for name, title in listed.items():
        heading = notebook(name).cells[0].source.partition("\n")[0].removeprefix("# ")
        assert title == f"{name.partition('_')[0].upper()}. {heading}"


def test_the_book_s_configuration_shows_stored_outputs_and_only_the_listed_pages():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["execute_notebooks"] == "off"
    assert config["only_build_toc_files"] is True
    assert set(config["repository"]) == {"url", "ref", "branch"}
    assert len(pages()) == len(set(pages()))


def test_every_paper_that_a_chapter_cites_is_in_the_bibliography():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    for chapter in all_notebooks():
        text = markdown()[chapter]
        cited = re.findall(r"(?:arxiv\.org/abs/|doi\.org/)([^)\s]+)", text)
        missing = [work for work in cited if f"{{{work}}}" not in bibliography]
        assert cited and not missing, f"{chapter} cites {missing}"
