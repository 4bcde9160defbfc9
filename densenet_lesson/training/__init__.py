"""Training: a recipe, the loop that follows it, and the records of what came out. Chapters 7 and 8.

Read `loop` first. The command is `python -m densenet_lesson.train`.
"""

from typing import TYPE_CHECKING

from .. import importer

if TYPE_CHECKING:  # what editors and the pages of the book read; `__getattr__` finds the same
    from .devices import pick_device, pick_precision
    from .evaluation import evaluate, predict
    from .loop import train
    from .recipe import RECIPES, Recipe, learning_rate

__all__ = [
    "RECIPES",
    "Recipe",
    "evaluate",
    "learning_rate",
    "pick_device",
    "pick_precision",
    "predict",
    "train",
]

__getattr__ = importer(__name__, __all__, ("recipe", "devices", "evaluation", "loop"))
