"""A tiny problem set in the form of the real ones, for the tests of the commands."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NAME = "ps0_toy"
SETUP = """# Set-up: nothing to do on your own machine. On Colab it installs the course and d2l.
import os

if "COLAB_RELEASE_TAG" in os.environ:
    raise RuntimeError("this cell should have been replaced")"""

GROW = '''def grow(in_channels, growth_rate, num_layers):
    """Channels after a dense block."""
    ### BEGIN SOLUTION
    secret_solution = growth_rate * num_layers
    return in_channels + secret_solution
    ### END SOLUTION'''

GROW_TESTS = """def _check_q1():
    from densenet_lesson import checks

    got = checks.plain(grow(3, 10, 2))
    assert got == 23, f"expected 23 channels = 3 + 2 × 10, got {got}: did you keep the input?"


_check_q1()
print("Question 1: the visible tests pass.")
### BEGIN HIDDEN TESTS
def _check_q1_hidden():
    from densenet_lesson import checks

    secret_expected = 64 + 6 * 32
    got = checks.plain(grow(64, 32, 6))
    assert got == secret_expected, f"64 channels, 6 layers of 32: {got} is not right"


_check_q1_hidden()
### END HIDDEN TESTS"""

SCALE = '''class Scale(nn.Module):
    """Multiplies (N, C, H, W) by its one parameter, then applies ReLU."""

    ### BEGIN SOLUTION
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return torch.relu(self.weight * x)
    ### END SOLUTION'''

SCALE_TESTS = """def _check_q2():
    import torch

    from densenet_lesson import checks

    checks.shape(Scale()(torch.zeros(2, 3, 4, 4)), (2, 3, 4, 4), "ReLU keeps the shape")


_check_q2()
print("Question 2: the visible tests pass.")
### BEGIN HIDDEN TESTS
def _check_q2_hidden():
    import torch

    from densenet_lesson import checks

    scale = checks.fill_(Scale())
    (weight,) = scale.parameters()
    x = torch.linspace(-100, 100, 8)
    checks.same(scale(x), (weight * x).clamp(min=0), "multiply, then ReLU")


_check_q2_hidden()
### END HIDDEN TESTS"""

ANSWER = "Because nothing is **added** up: a secret model answer."
RUBRIC = "| points | what earns them |\n|---|---|\n| 20 | a secret rubric line |"


def cell(kind, source: str, identity: str, **nbgrader) -> nbformat.NotebookNode:
    metadata = {"nbgrader": {"schema_version": 3, **nbgrader}} if nbgrader else {}
    return kind(source, id=identity, metadata=metadata)


def task(source: str, identity: str) -> nbformat.NotebookNode:
    marks = {"grade": False, "locked": True, "solution": False, "task": False}
    return cell(new_markdown_cell, source, identity, grade_id=identity.replace("-", "_"), **marks)


def solution(source: str, identity: str) -> nbformat.NotebookNode:
    marks = {"grade": False, "locked": False, "solution": True, "task": False}
    return cell(new_code_cell, source, identity, grade_id=identity, **marks)


def tests(source: str, identity: str, points: int) -> nbformat.NotebookNode:
    marks = {"grade": True, "locked": True, "solution": False, "task": False, "points": points}
    return cell(new_code_cell, source, identity, grade_id=identity.replace("-", "_"), **marks)


def written(source: str, identity: str, points: int) -> nbformat.NotebookNode:
    marks = {"grade": True, "locked": False, "solution": True, "task": False, "points": points}
    return cell(new_markdown_cell, source, identity, grade_id=identity, **marks)


def toy() -> nbformat.NotebookNode:
    cells = [
        new_markdown_cell("# Problem set 0: A toy\n\nTwo questions and a half.", id="title"),
        new_markdown_cell("It builds on [chapter\n3](../03_concatenation.ipynb).", id="objectives"),
        new_code_cell(SETUP, id="setup", metadata={"tags": ["setup"]}),
        new_code_cell("import torch\nfrom torch import nn", id="imports"),
        task("## Question 1 (50 points)\n\nHow many channels?", "q1-task"),
        solution(GROW, "q1"),
        tests(GROW_TESTS, "q1-tests", 50),
        task("## Question 2 (30 points)\n\nScale, then ReLU.", "q2-task"),
        solution(SCALE, "q2"),
        tests(SCALE_TESTS, "q2-tests", 30),
        task("## Question 3 (20 points)\n\nWhy is nothing lost?", "q3-task"),
        written(ANSWER, "q3", 20),
        new_markdown_cell(RUBRIC, id="q3-rubric", metadata={"tags": ["rubric"]}),
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    language = {"name": "python", "pygments_lexer": "ipython3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": language})


def write(folder: Path) -> Path:
    """Write the source notebook into a folder; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(toy(), folder / f"{NAME}.ipynb")
    return folder / f"{NAME}.ipynb"
