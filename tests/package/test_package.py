"""The package itself: what it imports, and when."""

from __future__ import annotations

import pickle
import subprocess
import sys

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
        "import densenet_lesson.configs, densenet_lesson.arguments; print(18, 6)",
        "from densenet_lesson import arithmetic; print(arithmetic.output_size(36, 1, 2), 6)",
        "from densenet_lesson import records; records.record_names(); print(18, 6)",
        "from densenet_lesson import recipe, history, inception, layers; print(18, 6)",
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


def test_modules_are_attributes_and_what_is_not_there_is_an_attribute_error():
    assert run("import densenet_lesson; print(densenet_lesson.blocks.Plain.__name__)") == ["Plain"]
    with pytest.raises(AttributeError, match="has no attribute 'densnet121'"):
        densenet_lesson.densnet121  # noqa: B018
    assert not hasattr(densenet_lesson, "_nothing")


def test_the_networks_import_torch_their_configurations_and_nothing_else():
    code = (
        "import sys, densenet_lesson.resnet, densenet_lesson.densenet\n"
        "densenet_lesson.densenet.DenseNet(growth_rate=4), densenet_lesson.resnet.ResNet()\n"
        "found = [name for name in sys.modules if name.startswith('densenet_lesson.')]\n"
        "lines = sum(len(open(sys.modules[name].__file__).readlines()) for name in found)\n"
        "print(*sorted(name.partition('.')[2] for name in found), lines)"
    )
    *found, lines = run(code)
    assert {*found} == {"arguments", "blocks", "configs", "densenet", "resnet"}
    assert int(lines) <= 1300
