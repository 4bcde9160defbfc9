"""The package itself: what it imports, and when."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import resolve_name

import pytest

import densenet_lesson
from course import ROOT

FORBID = """
import sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision"):
            raise ImportError(f"{name} is forbidden here")

sys.meta_path.insert(0, Forbid())
"""


def run(code, *arguments):
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    "use",
    [
        "import densenet_lesson as d; print(d.get_config('resnet18').depth, len(d.CLASSICS))",
        "import densenet_lesson.configs, densenet_lesson.arithmetic.written; print(18, 6)",
        "from densenet_lesson import arithmetic; print(arithmetic.output_size(36, 1, 2), 6)",
        "from densenet_lesson.training import records; records.record_names(); print(18, 6)",
        "from densenet_lesson.training import Recipe, history; print(18, 6)",
        "from densenet_lesson.classics import googlenet_config, inception; print(18, 6)",
        "import densenet_lesson; dir(densenet_lesson); print(18, 6)",
    ],
)
def test_configurations_arithmetic_and_records_need_no_torch(use):
    assert run(FORBID + use) == ["18", "6"]


def test_every_public_name_is_there_and_listed():
    for name in densenet_lesson.__all__:
        assert getattr(densenet_lesson, name) is not None
    assert {*densenet_lesson.__all__} <= {*dir(densenet_lesson)}
    found = {}
    exec("from densenet_lesson import *", found)
    assert {*densenet_lesson.__all__} <= {*found}
    assert pickle.loads(pickle.dumps(densenet_lesson.DenseBlock)) is densenet_lesson.DenseBlock


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'densnet121'"):
        densenet_lesson.densnet121  # noqa: B018
    assert not hasattr(densenet_lesson, "_nothing")


@pytest.mark.slow
def test_modules_are_attributes_and_networks_import_torch_their_configurations_and_no_more():
    code = (
        "import densenet_lesson; print(densenet_lesson.blocks.Plain.__name__)\n"
        "import sys, densenet_lesson.resnet, densenet_lesson.densenet\n"
        "densenet_lesson.densenet.DenseNet(growth_rate=4), densenet_lesson.resnet.ResNet()\n"
        "found = [name for name in sys.modules if name.startswith('densenet_lesson.')]\n"
        "lines = sum(len(open(sys.modules[name].__file__).readlines()) for name in found)\n"
        "print(*sorted(name.partition('.')[2] for name in found), lines)"
    )
    attribute, *found, lines = run(code)
    assert attribute == "Plain"
    assert {*found} == {"blocks", "configs", "densenet", "resnet"}
    assert int(lines) <= 1300


def modules():
    """Every module of the package by its dotted name, with its file."""
    for path in (ROOT / "densenet_lesson").rglob("*.py"):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imported(name, path, known):
    """The modules of the package that a module imports as soon as it is imported."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            source = resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                yield module if (module := f"{source}.{alias.name}") in known else source


def test_the_modules_stand_on_at_most_eight_floors_and_none_on_itself():
    known = dict(modules())
    needs = {name: {*imported(name, path, known)} for name, path in known.items()}
    floors = {}
    for name in TopologicalSorter(needs).static_order():  # CycleError: in a circle
        floors[name] = 1 + max((floors[below] for below in needs[name]), default=0)
    assert {*floors} == {*known}
    assert max(floors.values()) <= 8, max(floors, key=floors.get)


def test_the_package_s_folder_is_seen_at_one_glance():
    entries = [path for path in (ROOT / "densenet_lesson").iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 14
