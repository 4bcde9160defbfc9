"""Train a network of the course, from the command line.

    python -m densenet_lesson.train --model densenet_d2l --data digits --out runs/first

writes two files to `runs/first`: `checkpoint.pt` after each epoch, and `record.json`, which says
what was run and what came of it, when all epochs are done. The same command again goes on where it
was cut off. The options of the recipe are those of `densenet_lesson.training.Recipe`.

    torchrun --nproc-per-node=2 -m densenet_lesson.train --model densenet_d2l ...

trains on two GPUs (or processors) together: each takes half of every batch.
"""

from __future__ import annotations

import argparse
import ast
import sys
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import nn

from .arithmetic import minimum_size
from .configs import Config, check_choice, check_positive, get_config
from .data.loading import DataError, Images, load
from .models import build
from .training import processes
from .training.checkpoint import write_atomically
from .training.history import History
from .training.loop import train
from .training.recipe import RECIPES, Recipe

QUIET_SECONDS = 30.0  # between two updates of a progress bar that goes to a file


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"train: {message} (--help lists the options)\n")


def main(argv: list[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the command's arguments; None takes those of the process.

    Returns:
        The exit code: 0, 1 if the loss became NaN, 2 if something doesn't fit, 130 if interrupted.
    """
    options = make_parser().parse_args(argv)
    with processes.process_group(options.device) as options.device:
        return attempt(options)


def attempt(options: argparse.Namespace) -> int:
    """Run what the options say; return the exit code, and put an error into one line."""
    try:
        history = run(options)
        if processes.rank() == 0:
            print(history)
    except KeyboardInterrupt:
        return complain("interrupted; the same command goes on after the last finished epoch", 130)
    except FloatingPointError as error:
        return complain(error, 1)
    except (ValueError, DataError, OSError) as error:
        return complain(error, 2)
    return 0


def run(options: argparse.Namespace) -> History:
    """Do what the options say, write the record, and return it."""
    recipe = make_recipe(options)
    if options.threads is not None:
        check_positive("threads", options.threads)
        torch.set_num_threads(options.threads)
    train_images, test_images = load_images(options, recipe)
    config = make_config(options, train_images)
    recipe = fit_size(recipe, config, train_images)
    model = make_model(config, recipe, train_images)
    folder = Path(options.out or f"runs/{options.model}-{data_name(options)}")
    how = {
        "device": options.device,
        "checkpoint": folder / "checkpoint.pt",
        "fresh": options.fresh,
        "validation": options.validation is not None,
        "progress": sys.stderr.isatty() or QUIET_SECONDS,
    }
    history = train(model, train_images, test_images, recipe, **how)
    history.model = {"build": options.model, **history.model}
    history.data = {"name": data_name(options), "subset": options.subset, **history.data}
    if processes.rank() == 0:
        write_atomically(folder / "record.json", history.to_json().encode())
    return history


def make_parser() -> Parser:
    """Return the parser: the command's own options, and one for each field of a recipe."""
    parser = Parser(
        prog="python -m densenet_lesson.train",
        description="Train a network of the course; the same command again resumes.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--model", default="densenet_digits", help="a network's name (default %(default)s)")
    add("--change", action="append", default=[], metavar="FIELD=VALUE", help="change the network")
    add("--data", default="digits", help="a data set's name, or an .npz (default %(default)s)")
    add("--subset", type=int, metavar="N", help="train on N of the images only")
    add(
        "--validation",
        type=int,
        metavar="N",
        help="hold N of the training images out and evaluate on them, not on the test images",
    )
    add("--out", metavar="FOLDER", help="where to write (default runs/MODEL-DATA)")
    add("--fresh", action="store_true", help="start over instead of resuming")
    add("--device", help="such as cpu or cuda (default: the GPU if there is one)")
    add("--threads", type=int, metavar="N", help="threads on the CPU")
    add("--recipe", default="default", help=f"where to start from: default, {', '.join(RECIPES)}")
    group = parser.add_argument_group("recipe (defaults are those of --recipe default)")
    for item in fields(Recipe):
        add_setting(group, item)
    return parser


def add_setting(group: Any, item: Field) -> None:
    """Add the option of one field of a recipe; it appears in the result only where it is given."""
    rule = item.metadata
    switch = rule.get("kind") is bool
    default = ("no", "yes")[item.default] if switch else spell(item.default)
    text = f"{rule['help']} (default {default})".replace("%", "%%")
    how: dict[str, Any] = {"default": argparse.SUPPRESS, "help": text}
    if switch:
        how["action"] = argparse.BooleanOptionalAction
    elif "choices" in rule:
        how |= {"type": unspell, "metavar": "|".join(spell(choice) for choice in rule["choices"])}
    else:
        how |= {"type": rule["kind"], "metavar": rule["kind"].__name__.upper()}
    group.add_argument("--" + item.name.replace("_", "-"), **how)


def spell(value: Any) -> str:
    """Return a recipe's value as it is typed on the command line: False and None are "none"."""
    return "none" if value is False or value is None else str(value)


def unspell(text: str) -> str | bool:
    """Return the recipe's value that a word on the command line stands for."""
    return False if text == "none" else text


def make_recipe(options: argparse.Namespace) -> Recipe:
    """Return the recipe that was chosen, with the changes that were given."""
    known = {"default": Recipe(), **RECIPES}
    check_choice("recipe", options.recipe, tuple(known))
    names = [item.name for item in fields(Recipe)]
    return replace(known[options.recipe], **{n: getattr(options, n) for n in names if n in options})


def load_images(options: argparse.Namespace, recipe: Recipe) -> tuple[Images, Images]:
    """Load the data set, or the part of it that was asked for, and what to evaluate on.

    The images held out are the same whatever the recipe's seed, so that runs can be compared.
    """
    if processes.rank() > 0:
        processes.wait()  # until process 0 has downloaded it
    train_images, test_images = load(options.data)
    if processes.rank() == 0:
        processes.wait()
    if options.validation is not None:
        train_images, test_images = train_images.split(options.validation)
    if options.subset is not None:
        train_images = train_images.subset(options.subset, seed=recipe.seed)
    return train_images, test_images


def make_config(options: argparse.Namespace, images: Images) -> Config:
    """Return the network's configuration: for these images, with the changes that were given."""
    fitting = {"in_channels": images.channels, "num_classes": images.num_classes}
    changes = dict(parse_change(text) for text in options.change)
    return get_config(options.model, **fitting | changes)


def fit_size(recipe: Recipe, config: Config, images: Images) -> Recipe:
    """Resize images that are too small for the network to the size that it was designed for."""
    if recipe.size is None and min(images.images.shape[-2:]) < minimum_size(config):
        return replace(recipe, size=config.image_size)
    return recipe


def make_model(config: Config, recipe: Recipe, images: Images) -> nn.Module:
    """Build the network, with weights drawn from the recipe's seed."""
    torch.manual_seed(recipe.seed)
    return build(config, image_size=recipe.size or min(images.images.shape[-2:]))


def parse_change(text: str) -> tuple[str, Any]:
    """Return "drop_rate=0.2" as ("drop_rate", 0.2); what is no Python value stays text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"change={text!r} must be FIELD=VALUE, such as drop_rate=0.2")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def data_name(options: argparse.Namespace) -> str:
    """Return the data set's name; of a file, its own name without the folders."""
    return Path(options.data).name


def complain(message: object, code: int) -> int:
    """Print one line to stderr and return the exit code; several processes speak once."""
    if processes.rank() == 0 or isinstance(message, OSError):
        print("train:", " ".join(str(message).split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
