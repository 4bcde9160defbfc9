"""The exact versions in constraints.txt install on every Python that the README promises."""

import os
import re
import sysconfig
import tomllib
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import other_pins
from course import ROOT

# Every patch release: the oldest are in Debian and on people's machines, the newest still to come.
PYTHONS = [f"3.{minor}.{patch}" for minor in (11, 12, 13) for patch in range(20)]


def pins(text: str) -> list[Requirement]:
    """The lines of a constraints file, without its comments."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [Requirement(line) for line in lines if line]


def applies(pin: Requirement, python: str) -> bool:
    """Whether a pin holds on a release of Python, on this machine."""
    minor = python.rpartition(".")[0]
    release = {"python_full_version": python, "python_version": minor}
    return pin.marker is None or pin.marker.evaluate(release)


def refusals(pinned: list[Requirement], installed: list[Distribution]) -> list[str]:
    """Pins that pip would refuse on a Python, by what each installed package says it needs."""
    needs = {
        (canonicalize_name(package.metadata["Name"]), package.version): SpecifierSet(
            package.metadata.get("Requires-Python") or ""
        )
        for package in installed
    }
    found = []
    for pin in pinned:
        version = next(iter(pin.specifier)).version
        needed = needs.get((canonicalize_name(pin.name), version), SpecifierSet())
        refused = [python for python in PYTHONS if applies(pin, python) and python not in needed]
        if refused:
            found.append(f"{pin} needs Python {needed}, so not {', '.join(refused)}")
    return found


def packages_of_the_book() -> list[Path]:
    """Where the book's environment keeps its packages, on Linux, macOS or Windows."""
    book = ROOT / ".venv-book"
    return [*book.glob("lib/python3*/site-packages"), *book.glob("Lib/site-packages")][:1]


@pytest.mark.parametrize("environment", ["the tests'", "the book's"])
def test_every_pin_installs_on_every_release_of_python(environment):
    folders = [Path(sysconfig.get_path("purelib"))]
    if environment == "the book's":
        folders = packages_of_the_book()
        if not folders:
            pytest.skip("the book's environment is not there: make book")
    pinned = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    installed = list(distributions(path=[str(folder) for folder in folders]))

    named = {(canonicalize_name(pin.name), next(iter(pin.specifier)).version) for pin in pinned}
    there = {
        (canonicalize_name(package.metadata["Name"]), package.version) for package in installed
    }
    assert len(named & there) > 50, "the environment does not hold what constraints.txt names"
    assert refusals(pinned, installed) == []


class Package:
    """As much of an installed package as is asked for."""

    def __init__(self, name: str, version: str, needs: str | None):
        self.version = version
        self.metadata = {"Name": name, "Requires-Python": needs}


def test_a_pin_that_an_older_patch_release_refuses_is_found_unless_it_is_marked():
    installed = [Package("Soup_Sieve", "4.1.2", ">=3.11.5"), Package("six", "1.17.0", None)]
    plain = pins("# why\nsoup-sieve==4.1.2  # reads selectors\nsix==1.17.0\n")
    assert refusals(plain, installed) == [
        "soup-sieve==4.1.2 needs Python >=3.11.5, so not 3.11.0, 3.11.1, 3.11.2, 3.11.3, 3.11.4"
    ]
    marked = pins('soup-sieve==4.1.2 ; python_full_version >= "3.11.5"\nsoup-sieve==2.10\n')
    assert refusals(marked, installed) == []


# ------------------------------------------------------------------------ other versions

TESTED = """\
# why
matplotlib==3.11.2
matplotlib-inline==0.2.2
nvidia-nvtx==13.0.85 ; platform_machine == "x86_64"
sphinx==7.4.7
torch==2.14.1 ; platform_machine != "aarch64"
torch==2.9.1 ; platform_machine == "aarch64"  # the newest tested there
triton==3.8.0 ; platform_machine == "x86_64"
"""


def test_other_versions_take_the_place_of_the_tested_ones_and_the_rest_stays(tmp_path):
    path = tmp_path / "requirements-next.txt"
    path.write_text("sphinx==9.0.4  # the newest\nsphinx-design\nroman-numerals==4.1.0\n", "utf-8")
    others = other_pins.versions(path)
    assert others == {"sphinx": "9.0.4", "roman-numerals": "4.1.0"}
    changed = other_pins.other_pins(TESTED, others)
    assert set(changed) - set(TESTED.splitlines()) == {"sphinx==9.0.4", "roman-numerals==4.1.0"}
    assert set(TESTED.splitlines()) - set(changed) == {"sphinx==7.4.7"}


def test_an_older_pytorch_brings_its_own_companions():
    changed = other_pins.other_pins(TESTED, {"torch": "2.4", "matplotlib": "3.9"})
    kept = ["# why", "matplotlib-inline==0.2.2", "sphinx==7.4.7"]
    assert changed == [*kept, "torch==2.4", "matplotlib==3.9"]


def test_the_oldest_versions_are_what_the_package_says_it_accepts():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = other_pins.versions(ROOT / "pyproject.toml")
    assert [f"{name}>={version}" for name, version in oldest.items()] == project["dependencies"]


@pytest.mark.parametrize("page", ["README.md", "book/instructors/handing_out.md"])
def test_a_page_names_the_oldest_pytorch_that_the_package_accepts(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    torch = other_pins.versions(ROOT / "pyproject.toml")["torch"]
    assert re.findall(r"(\S+) (?:on are accepted|or newer, torchvision)", text) == [torch]


def test_the_tests_of_a_file_stay_with_one_of_several_workers(request):
    """pytest 9.2 keeps a test's id where xdist 3.8 can't add the group to it."""
    shared = "PYTEST_XDIST_WORKER" in os.environ
    assert ("@test_pins" in request.node.nodeid) == shared
