"""The recorded training runs that the book shows: `book/results/*.json`.

Each is what `python -m densenet_lesson.train` wrote. An installed package carries them along.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from ..configs import check_choice
from .history import History

PACKAGE = Path(__file__).parents[1]
# In a wheel the records are inside the package; in the repository they stand with the book.
FOLDERS = (PACKAGE / "results", PACKAGE.parent / "book" / "results")


def stored(place: str) -> Path:
    """Find a file that is there, such as "bands.toml": in the package or with the book."""
    return next(path for folder in FOLDERS if (path := folder / place).is_file())


def record_names() -> list[str]:
    """Names of all recorded runs, in alphabetical order."""
    return sorted({path.stem for folder in FOLDERS for path in folder.glob("*.json")})


def load_record(name: str) -> History:
    """Read a recorded run.

    Args:
        name: one of `record_names()`.

    Returns:
        Its history: the numbers of each epoch, and what ran.

    Raises:
        ValueError: if there is no such record, or its file is damaged.
    """
    check_choice("name", name, tuple(record_names()))
    return History.from_json(stored(f"{name}.json").read_text(encoding="utf-8"))


def load_seeds(name: str) -> list[History]:
    """Read the recorded runs that differ in nothing but their seed.

    Args:
        name: what their names share: "compare_dense" for compare_dense_0, compare_dense_1, ...

    Returns:
        Their histories, in the order of their seeds.

    Raises:
        ValueError: if there is no such record.
    """
    runs = [run for run in record_names() if without_seed(run) == name != run]
    if not runs:
        several = {without_seed(run) for run in record_names() if without_seed(run) != run}
        check_choice("name", name, tuple(sorted(several)))
    return sorted(map(load_record, runs), key=lambda history: history.recipe["seed"])


def load_benchmark(name: str) -> dict[str, Any]:
    """Read a recorded benchmark: what `python -m tools.benchmark` wrote.

    Args:
        name: of a file in `book/results/benchmarks`, such as "two_cores".

    Returns:
        Its "machine" and its "results": for each part and contender times (in seconds), memory (in
        bytes) or rates.

    Raises:
        ValueError: if there is no such record.
    """
    files = {path.stem: path for folder in FOLDERS for path in folder.glob("benchmarks/*.json")}
    check_choice("name", name, tuple(sorted(files)))
    return json.loads(files[name].read_text(encoding="utf-8"))


def load_measured(name: str) -> dict[str, float]:
    """Read what `python -m tools.gpu` measured on a GPU. Chapters 7 to 9.

    Args:
        name: of a file in `book/results/benchmarks`, such as "h100".

    Returns:
        For the words of each row its number: images a second, seconds, percent or MiB. Rows
        that have a word instead, such as "failed", are left out.

    Raises:
        ValueError: if there is no such record, or it is not one of a GPU.
    """
    record = load_benchmark(name)
    if "rows" not in record:
        raise ValueError(f"name={name!r} must be the record of a GPU")
    numbers = {row["what"]: row["value"] for row in record["rows"]}
    return {what: value for what, value in numbers.items() if not isinstance(value, str)}


def without_seed(name: str) -> str:
    """Return what the records of several seeds share: compare_dense_1 → compare_dense."""
    return re.sub(r"_\d+$", "", name)


def load_band(name: str) -> tuple[float, float]:
    """Read the band of a recorded run: the accuracy that a repetition should come to, on
    the images that the record was judged by.

    Args:
        name: one of `record_names()`. Runs that differ in their seed only share one band.

    Returns:
        The lowest and the highest accuracy after the last epoch, from 0 to 1.

    Raises:
        ValueError: if there is no such band in `book/results/bands.toml`.
    """
    bands = tomllib.loads(stored("bands.toml").read_text(encoding="utf-8"))
    band = name if name in bands else without_seed(name)
    check_choice("name", band, tuple(sorted(bands)))
    low, high = bands[band]["test_accuracy"]
    return low, high
