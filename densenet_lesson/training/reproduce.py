"""Repeat a recorded run, and see whether the same comes out.

    python -m densenet_lesson.training.reproduce fashion_mnist_d2l

trains anew with the recorded network, data, recipe and number of threads, in
`runs/reproduce-fashion_mnist_d2l`. Cut off and called again, it goes on. At the end it compares
the accuracy with the record's band (`records.load_band`): what other machines may come to.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from .. import train
from ..configs import get_config
from .history import History
from .recipe import Recipe
from .records import load_band, load_record

# These follow from the images and the recipe. All other fields may have been changed by hand.
FITTED = ("in_channels", "num_classes", "image_size")


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the command's arguments; None takes those of the process.

    Returns:
        The exit code: 0 if the accuracy is within the band, 1 if it is not, or else that of
        `densenet_lesson.train`.
    """
    parser = train.Parser(
        prog="python -m densenet_lesson.training.reproduce",
        description="Repeat a recorded run; the same command again resumes.",
    )
    parser.add_argument("name", help="a recorded run, such as fashion_mnist_d2l")
    parser.add_argument("--out", metavar="FOLDER", help="default runs/reproduce-NAME")
    options = parser.parse_args(argv)
    try:
        record, band = load_record(options.name), load_band(options.name)
    except ValueError as error:
        return train.complain(error, 2)
    folder = Path(options.out or f"runs/reproduce-{options.name}")
    words = command_of(record)
    print("python -m densenet_lesson.train", *words, "--out", folder)
    code = train.main([*words, "--out", str(folder)])
    if code:
        return code
    again = History.from_json((folder / "record.json").read_text(encoding="utf-8"))
    return compare(record, again, band)


def command_of(record: History) -> list[str]:
    """The words after `python -m densenet_lesson.train` that repeat a recorded run.

    Args:
        record: of a run that was started by that command.

    Returns:
        The options that differ from their defaults, without `--out`.
    """
    name = record.model["build"]
    words = ["--model", name, "--data", record.data["name"]]
    for part in ("validation", "subset"):
        if record.data.get(part) is not None:  # only records judged by a validation set have one
            words += [f"--{part}", str(record.data[part])]
    usual = json.loads(json.dumps(vars(get_config(name)), default=vars))  # tuples become lists
    for field, value in record.model["config"].items():
        if field not in FITTED and usual[field] != value:
            words += ["--change", f"{field}={value!r}".replace(" ", "")]
    for item in fields(Recipe):
        value = record.recipe.get(item.name, item.default)  # older records have fewer fields
        if value != item.default:
            words += option(item.name, value, item.metadata.get("kind") is bool)
    return [*words, "--threads", str(record.environment["threads"])]


def option(name: str, value: Any, switch: bool) -> list[str]:
    """Return a field of a recipe as it is typed on the command line."""
    name = name.replace("_", "-")
    return [f"--{'' if value else 'no-'}{name}"] if switch else [f"--{name}", train.spell(value)]


def compare(record: History, again: History, band: tuple[float, float]) -> int:
    """Say how a repetition came out; return the exit code, 0 if it is within the band."""
    if again.data["fingerprint"] != record.data["fingerprint"]:
        return train.complain("the data are not those of the record: another version of them?", 1)
    low, high = band
    reached, recorded = (run.rows[-1]["test_accuracy"] for run in (again, record))
    inside = low <= reached <= high
    print(
        f"{record.judge} accuracy {reached:.4f}, recorded {recorded:.4f}, band {low} to {high}: "
        f"{'within' if inside else 'OUTSIDE'}"
    )
    return 0 if inside else 1


if __name__ == "__main__":
    sys.exit(main())
