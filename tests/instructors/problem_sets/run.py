"""Run every variant of a problem set, or of one of its questions.

    python tests/instructors/problem_sets/run.py ps1_channel_arithmetic [q1]

PyTorch is loaded once. The model solution runs from top to bottom, first with its tests, so that
what the package counts once is known (`arithmetic` keeps it); then at each question, every variant
of it runs in a process forked there, with the cells that follow. Other questions' tests are run
with the first correct and the first wrong variant only, and not those that take long: no test uses
another question's names.
"""

import contextlib
import gc
import io
import json
import os
import sys
import time
import traceback
from dataclasses import asdict
from functools import partial
from pathlib import Path

import nbformat
from variants import Variant, variants_of

LONG = 0.5  # seconds
FOLDER = Path(__file__).parents[3] / "notebooks" / "assignments"


def run_cell(source: str, names: dict) -> str:
    """The last lines of what went wrong in a cell; empty when nothing did."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(source, "cell", "exec"), names)
        except BaseException as error:
            return "".join(traceback.format_exception_only(error)).strip()
    return ""


def in_a_fork(work) -> dict:
    """What `work()` returns, computed in a copy of this process."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            json.dump(work(), pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else {"the process": ["ended early", 0.0]}


def read(path: Path) -> list:
    """The cells of a notebook."""
    return nbformat.read(path, as_version=4).cells


def question(cell: nbformat.NotebookNode) -> str:
    """ "q1" for the cells with the grade_ids q1 and q1_tests."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "").removesuffix("_tests")


def is_test(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade", False)


def points(cells: list) -> dict[str, float]:
    """The points of every question that is graded by tests."""
    return {question(cell): cell.metadata.nbgrader.points for cell in cells if is_test(cell)}


def run_cells(cells: list, names: dict, skip: frozenset = frozenset()) -> dict[str, list]:
    """Run cells; per question, why its tests fail ("" when they pass) and the seconds they take."""
    tests = {}
    for cell in cells:
        if cell.cell_type == "code" and not (is_test(cell) and question(cell) in skip):
            start = time.perf_counter()
            error = run_cell(cell.source, names)
            if is_test(cell):
                tests[question(cell)] = [error, time.perf_counter() - start]
    return tests


def last_test(cells: list, name: str) -> int:
    """The place of the last cell that tests a question."""
    return max(i for i, cell in enumerate(cells) if is_test(cell) and question(cell) == name)


def run_variants(cells: list, variants: list[Variant], solution: dict) -> list[dict]:
    """Per variant, the tests that ran with it in the place of the model solution."""
    names, found, thorough = {"__name__": "__main__"}, [], set()
    questions = frozenset(points(cells))
    long = frozenset(q for q, (_, seconds) in solution.items() if seconds > LONG)
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        for variant in variants:
            if variant.question == question(cell) and not is_test(cell):
                first = (variant.question, variant.right) not in thorough
                thorough.add((variant.question, variant.right))
                skip = (long if first else questions) - {variant.question}
                end = len(cells) if first else 1 + last_test(cells, variant.question)
                changed = [{**cell, "source": variant.code}, *cells[index + 1 : end]]
                work = partial(run_cells, list(map(nbformat.from_dict, changed)), names, skip)
                found.append({"variant": asdict(variant), "tests": in_a_fork(work)})
        run_cell(cell.source, names)
    return found


def run_set(path: Path, variants: list[Variant]) -> dict:
    """All there is to know about a problem set: points, and the tests of solution and variants."""
    cells = read(path)
    solution = run_cells(cells, {"__name__": "__main__"})  # here: every fork has what it computed
    gc.freeze()  # a fork that collects garbage would copy all memory to mark it
    untouched = in_a_fork(lambda: run_cells(untouched_release(path), {"__name__": "__main__"}))
    return {
        "points": points(cells),
        "solution": solution,
        "untouched": untouched,
        "variants": run_variants(cells, variants, solution),
    }


def untouched_release(path: Path) -> list:
    """The cells that a student gets, by nbgrader's preprocessor, with the hidden tests kept."""
    from nbgrader.preprocessors import ClearSolutions

    return ClearSolutions().preprocess(nbformat.read(path, as_version=4), {})[0].cells


def main() -> None:
    """Print what is not as it should be; with the option --json, everything."""
    import torch

    torch.set_num_threads(1)
    path = Path(sys.argv[1])
    path = path if path.suffix else FOLDER / f"{path}.ipynb"
    if "optim." in path.read_text("utf-8"):
        import torch._dynamo  # noqa: F401, or the first optimizer imports it, in every fork anew
    wanted = [argument for argument in sys.argv[2:] if argument != "--json"]
    variants = [v for v in variants_of(path.stem) if not wanted or v.question in wanted]
    report = run_set(path, variants)
    print(json.dumps(report) if "--json" in sys.argv else "\n".join(complaints(report)) or "fine")


def complaints(report: dict) -> list[str]:
    """What is not as it should be, one line each."""
    found = [f"solution: {q} fails: {why}" for q, (why, _) in report["solution"].items() if why]
    found += [f"untouched: {q} passes" for q, (why, _) in report["untouched"].items() if not why]
    for entry in report["variants"]:
        variant = Variant(**entry["variant"])
        for q, (why, _) in entry["tests"].items():
            expected_to_fail = q == variant.question and not variant.right
            if bool(why) != expected_to_fail:
                found.append(f"{variant}: {q} {f'fails: {why}' if why else 'passes'}")
        if variant.question not in entry["tests"]:
            found.append(f"{variant}: {entry['tests']}")
    return found


if __name__ == "__main__":
    main()
