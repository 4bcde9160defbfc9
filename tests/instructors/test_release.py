"""What is handed out: no trace of solutions, one file each, a set-up cell that works offline."""

import copy
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

from course import ROOT
from densenet_lesson.training.records import without_seed
from instructors import release, repair, sets
from instructors.course import Course
from tools import address, links, setup_cell, single_file

FOLDER = Path(__file__).parent / "problem_sets"
sys.path.insert(0, str(FOLDER))

import toy  # noqa: E402

REAL = sorted((ROOT / "notebooks" / "assignments").glob("ps*.ipynb"))


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The folder that `make release` writes, for the toy and all real problem sets."""
    folder = tmp_path_factory.mktemp("release")
    toy.write(folder / "sources")
    for path in REAL:
        shutil.copy(path, folder / "sources")
    options = ["--root", str(ROOT), "--sources", str(folder / "sources"), "--out"]
    assert release.main([*options, str(folder / "dist")]) == 0
    return folder / "dist"


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def setup_of(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == "setup")


def test_students_get_no_word_of_solutions_hidden_tests_answers_and_rubrics(dist):
    text = (dist / "students" / "ps0_toy.ipynb").read_text("utf-8")
    assert text.count("secret") == 0  # every secret line of the toy has this word in it
    assert "YOUR CODE HERE" in text and "YOUR ANSWER HERE" in text


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_no_secret_line_of_a_problem_set_is_in_the_students_file(path, dist):
    source = read(path)
    released = read(dist / "students" / path.name)
    setup_of(released).source = ""  # the wheel
    text = nbformat.writes(released)
    meant = {line.strip() for line in release.visible_lines(source)}
    for line in map(str.strip, release.secret_lines(source)):
        as_json = nbformat.writes(nbformat.v4.new_notebook(metadata={"line": line}))
        in_json = as_json.partition('"line": "')[2].partition('"\n')[0]
        if len(line) > 8 and not any(line in other for other in meant):
            assert in_json not in text, line
    assert not any("rubric" in cell.metadata.get("tags", []) for cell in released.cells)
    assert not any(cell.get("outputs") for cell in released.cells)


def test_a_release_that_would_hold_a_secret_is_refused():
    one = sets.ProblemSet("ps0_toy", toy.toy())
    leaking = copy.deepcopy(one.notebook)
    with pytest.raises(release.Trace, match="ps0_toy: the students' version holds"):
        release.check_no_trace(one, leaking)
    for cell in leaking.cells:
        cell.source = "nothing"
    release.check_no_trace(one, leaking)
    leaking.cells[0].source = "A hint: secret_solution = growth_rate * num_layers"
    with pytest.raises(release.Trace, match="secret_solution"):
        release.check_no_trace(one, leaking)
    leaking.cells[0].source = "### BEGIN HIDDEN TESTS"
    with pytest.raises(release.Trace, match="HIDDEN TESTS"):
        release.check_no_trace(one, leaking)


def test_instructors_get_everything(dist):
    text = (dist / "instructors" / "ps0_toy.ipynb").read_text("utf-8")
    for secret in ("secret_solution", "secret_expected", "secret model answer", "secret rubric"):
        assert secret in text


def test_students_and_instructors_get_the_same_cells_but_for_rubrics(dist):
    students, instructors = (read(dist / who / "ps0_toy.ipynb").cells for who in AUDIENCES)
    names = [cell.id for cell in instructors if "rubric" not in cell.metadata.get("tags", [])]
    assert [cell.id for cell in students] == names


AUDIENCES = ("students", "instructors")


def test_the_command_says_how_large_the_files_are(tmp_path):
    for name, size in (("a", 12_400), ("b", 250_000)):
        (tmp_path / f"{name}.ipynb").write_bytes(b"x" * size)
    assert release.sizes(tmp_path) == " of 12 to 250 kB"


def test_a_released_notebook_says_which_set_it_is_and_locks_its_tests(dist):
    released = read(dist / "students" / "ps0_toy.ipynb")
    assert released.metadata.densenet_lesson.problem_set == "ps0_toy"
    locked = {cell.id for cell in released.cells if cell.metadata.get("editable") is False}
    assert locked == {"q1-task", "q1-tests", "q2-task", "q2-tests", "q3-task"}


def test_the_set_up_cell_is_folded_away_in_jupyter_and_on_colab(dist):
    cell = setup_of(read(dist / "students" / "ps0_toy.ipynb"))
    assert cell.metadata.jupyter.source_hidden is True and cell.metadata.cellView == "form"
    assert cell.source.startswith("# @title Set-up")


def run_setup(cell: nbformat.NotebookNode, folder: Path, **environment: str):
    """Run a set-up cell without a network; what it installs goes into `folder`."""
    paths = {"PYTHONPATH": str(ROOT / "tests" / "offline"), "PIP_TARGET": str(folder)}
    options = {"input": cell.source, "cwd": "/", "capture_output": True, "text": True}
    kept = {name: value for name, value in os.environ.items() if name != "COLAB_RELEASE_TAG"}
    environment = {**kept, **paths, **environment}
    return subprocess.run([sys.executable, "-"], env=environment, **options)


def test_on_colab_the_set_up_cell_installs_the_package_without_a_network(dist, tmp_path):
    cell = setup_of(read(dist / "students" / "ps0_toy.ipynb"))
    result = run_setup(cell, tmp_path, COLAB_RELEASE_TAG="test")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    for name in ("__init__.py", "checks.py", "memory/recompute.py"):
        installed = tmp_path / "densenet_lesson" / name
        assert installed.read_bytes() == (ROOT / "densenet_lesson" / name).read_bytes()
    assert not [path for path in tmp_path.rglob("*.json") if "densenet_lesson" in path.parts]


def test_a_chapter_as_a_single_file_installs_package_and_records_without_a_network(tmp_path):
    path = ROOT / "notebooks" / "09_memory_and_speed.ipynb"
    cell = setup_of(single_file.chapter(path, ROOT))
    result = run_setup(cell, tmp_path, COLAB_RELEASE_TAG="test")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "densenet_lesson" / "results" / "benchmarks" / "two_cores.json").is_file()


def test_where_the_course_is_installed_the_set_up_cell_does_nothing(dist, tmp_path):
    cell = setup_of(read(dist / "students" / "ps0_toy.ipynb"))
    result = run_setup(cell, tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


def test_a_damaged_set_up_cell_says_what_is_wrong(dist, tmp_path):
    cell = setup_of(read(dist / "students" / "ps0_toy.ipynb"))
    cell.source = cell.source.replace("UEsDB", "AAAAA", 1)
    result = run_setup(cell, tmp_path, COLAB_RELEASE_TAG="test")
    assert result.returncode == 1
    assert "RuntimeError: Set-up could not install densenet_lesson-" in result.stderr


THEIRS = address.Address("https://github.com/a/b", "v1.0")


def test_from_the_repository_the_configured_address_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(address, "read", lambda _: THEIRS)
    out = ["--root", str(ROOT), "--out", str(tmp_path / "colab"), "--from", "repository"]
    assert release.main(["--colab", *out]) == 0
    made = read(tmp_path / "colab" / "03_concatenation.ipynb")
    assert '"git+https://github.com/a/b@refs/tags/v1.0"' in setup_of(made).source
    assert "(https://github.com/a/b/blob/v1.0/notebooks/02_resnet_addition.ipynb)" in str(made)


@pytest.mark.parametrize("options", [[], ["--colab"]])
def test_without_an_address_nothing_is_released_from_the_repository(
    options, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(address, "read", lambda _: None)
    out = ["--root", str(ROOT), "--out", str(tmp_path / "dist"), "--from", "repository"]
    assert release.main([*options, *out]) == 1
    assert "needs an address, and _config.yml gives none" in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()


def test_a_notebook_without_a_set_up_cell_is_refused():
    notebook = toy.toy()
    notebook.cells = [cell for cell in notebook.cells if cell.id != "setup"]
    with pytest.raises(ValueError, match="no set-up cell"):
        setup_cell.carry_wheel(notebook, ("x.whl", b""))


def test_two_wheels_of_the_same_files_are_the_same():
    again = single_file.build_wheel.__wrapped__(ROOT)
    assert single_file.build_wheel(ROOT) == again


def inside(wheel: tuple[str, bytes]) -> set[str]:
    """The names of the files in a wheel."""
    return set(zipfile.ZipFile(io.BytesIO(wheel[1])).namelist())


def test_a_problem_set_carries_a_small_package_without_grader_records_and_weights():
    wheel = single_file.build_wheel(ROOT, leave=release.NOT_NEEDED)
    names = inside(wheel)
    assert len(wheel[1]) <= 120_000
    assert not [name for name in names if "figures" in name]
    tops = {name.partition("/")[0] for name in names}
    assert len(tops) == 2 and "densenet_lesson" in tops  # and what a wheel says of itself
    assert {Path(name).suffix for name in names if name.startswith("densenet_lesson/")} == {".py"}
    own = {path.name for path in (ROOT / "instructors").glob("*.py")} - {"__init__.py"}
    assert own and not own & {Path(name).name for name in names}


def test_a_chapter_s_wheel_carries_the_records_that_it_shows_and_no_others():
    names = inside(single_file.build_wheel(ROOT, "09_memory_and_speed"))
    records = {name for name in names if name.endswith(".json")}
    benchmarks = "densenet_lesson/results/benchmarks"
    shown = ("two_cores", "two_cores_intel", "shares", "h100", "h100_before")
    assert records == {f"{benchmarks}/{name}.json" for name in shown}
    seven = single_file.records_of(ROOT, "07_training")
    assert "book/results/fashion_mnist_d2l.json" in seven
    assert "book/results/ablation_full_0.json" in seven
    assert not any("compare" in name for name in seven)
    assert single_file.records_of(ROOT, "03_concatenation") == []


def test_every_record_travels_with_the_chapters_that_its_band_names():
    results = ROOT / "book" / "results"
    bands = tomllib.loads((results / "bands.toml").read_text("utf-8"))
    for path in results.rglob("*.json"):
        band = bands.get(path.stem) or bands[without_seed(path.stem)]
        for chapter in band["chapters"]:
            assert path.relative_to(ROOT).as_posix() in single_file.records_of(ROOT, chapter)


def test_chapters_for_colab_are_the_chapters_with_another_set_up_cell(tmp_path, monkeypatch):
    monkeypatch.setattr(single_file, "build_wheel", lambda *_: ("course.whl", b"content"))
    assert release.main(["--colab", "--root", str(ROOT), "--out", str(tmp_path / "colab")]) == 0
    chapters = sorted((ROOT / "notebooks").glob("*.ipynb"))
    made = sorted((tmp_path / "colab").glob("*.ipynb"))
    assert [path.name for path in made] == [path.name for path in chapters]
    with_d2l = set()
    for chapter, path in zip(chapters, made, strict=True):
        before, after = read(chapter), read(path)
        compile(setup_of(after).source, path.name, "exec")
        with_d2l |= {path.stem[:2]} if "d2l==" in setup_of(after).source else set()
        links.settle_links(before, "notebooks")
        for notebook in (before, after):
            setup_of(notebook).update(source="", metadata={})
            next(cell for cell in notebook.cells if cell.id == "colab-link").source = ""
        assert before == after
    assert with_d2l == {"03", "07"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--sources", "empty"], "sources='empty' holds no notebook"),
        (["--sources", "bad"], "no set-up cell"),
    ],
)
def test_a_release_that_fails_says_why_and_writes_nothing(
    options, complaint, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    notebook = nbformat.read(toy.write(tmp_path / "bad"), as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "setup"]
    nbformat.write(notebook, tmp_path / "bad" / "ps0_toy.ipynb")
    out = ["--root", str(ROOT), "--out", str(tmp_path / "dist")]
    assert release.main([*options, *out]) == 1
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()


def test_another_source_of_the_package_is_refused():
    with pytest.raises(ValueError, match="source='pypi' must be 'wheel' or 'repository'"):
        release.where("pypi", ROOT)


def test_a_problem_set_that_does_not_exist_is_refused(tmp_path):
    toy.write(tmp_path)
    with pytest.raises(ValueError, match="set='ps9' must be one of ps0_toy"):
        sets.read_sets(tmp_path, "ps9")


TEXT = "[a](../03_x.ipynb), [b](../../book/glossary.md#c), [d](https://x.org), [e](#f), ![g](h.png)"


def test_a_notebook_that_travels_alone_has_no_link_to_a_file_beside_it():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(TEXT)])
    links.settle_links(notebook, "notebooks/assignments")
    assert notebook.cells[0].source == "a, b, [d](https://x.org), [e](#f), ![g](h.png)"


def test_where_the_course_is_published_links_lead_there():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(TEXT)])
    links.settle_links(notebook, "notebooks/assignments", "https://y.org/blob/main")
    first, second = notebook.cells[0].source.split(", ")[:2]
    assert first == "[a](https://y.org/blob/main/notebooks/03_x.ipynb)"
    assert second == "[b](https://y.org/blob/main/book/glossary.md#c)"


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_nothing_that_was_handed_out_is_taken_for_an_answer(path, dist, tmp_path):
    one = sets.read_sets(path.parent, path.stem)[path.stem]
    released = Course(tmp_path).release(one)
    published = copy.deepcopy(released)
    links.settle_links(published, sets.FOLDER, "https://y.org/blob/main")
    alone = read(dist / "students" / path.name)
    bare = copy.deepcopy(alone)
    for cell in bare.cells:  # as VS Code saves it
        cell.metadata, cell.id = nbformat.from_dict({}), f"x{cell.id}"
    for handed_out in (alone, published, bare):
        notebook = repair.repair(handed_out, sets.for_nbgrader(one), released)
        assert repair.astray(notebook, released) == {}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_no_released_problem_set_links_to_a_file_that_students_do_not_have(path, dist):
    for audience in ("students", "instructors"):
        for cell in read(dist / audience / path.name).cells:
            if cell.cell_type == "markdown":
                assert not re.search(r"\]\((?!https?:|#)", cell.source), cell.id
