"""How correct and wrong solutions of a problem set are written down, in psN.py beside this file."""

import importlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """One way to fill in the cell of one question."""

    question: str
    name: str
    code: str
    right: bool

    def __str__(self) -> str:
        return f"{self.question}, {'correct' if self.right else 'wrong'}: {self.name}"


def correct(question: str, name: str, code: str) -> Variant:
    """A solution that differs from the model solution, and earns all points."""
    return Variant(question, name, code, True)


def wrong(question: str, name: str, code: str) -> Variant:
    """A typical mistake: it costs all points of its question, and none of any other."""
    return Variant(question, name, code, False)


def variants_of(problem_set: str) -> list[Variant]:
    """What ps1.py beside this file lists, for "ps1_channel_arithmetic"."""
    return importlib.import_module(problem_set.partition("_")[0]).VARIANTS


def edited(code: str, *changes: tuple[str, str]) -> str:
    """`code` with each (old, new) replaced; a ValueError if an old text is not in it."""
    for old, new in changes:
        if old not in code:
            raise ValueError(f"{old!r} is not in the code to be edited")
        code = code.replace(old, new)
    return code
