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
    clause: str = ""

    def __str__(self) -> str:
        return f"{self.question}, {'correct' if self.right else 'wrong'}: {self.name}"


def correct(question: str, name: str, code: str) -> Variant:
    """A solution that differs from the model solution, and earns all points."""
    return Variant(question, name, code, True)


def wrong(question: str, name: str, code: str, clause: str = "") -> Variant:
    """A typical mistake: it costs all points of its question, and none of any other.

    With a `clause`, a key of CLAUSES[question] beside VARIANTS, it violates just this clause.
    """
    return Variant(question, name, code, False, clause)


def variants_of(problem_set: str) -> list[Variant]:
    """What ps1.py beside this file lists, for "ps1_channel_arithmetic"."""
    return importlib.import_module(problem_set.partition("_")[0]).VARIANTS


def clauses_of(problem_set: str) -> dict[str, dict[str, str]]:
    """By question, what its task demands: {a short name: the words of the task}."""
    return importlib.import_module(problem_set.partition("_")[0]).CLAUSES


# Put behind a right solution: numbers that are wrong, and claim to equal everything.
ALWAYS_EQUAL = """

def _claims(value):
    if type(value) in (list, tuple, set):
        return type(value)(_claims(item) for item in value)
    if isinstance(value, dict):
        return {key: _claims(item) for key, item in value.items()}
    if type(value) not in (int, float, str):
        return value
    methods = dict.fromkeys(("__eq__", "__ge__", "__le__"), lambda self, other: True)
    methods |= {"__ne__": lambda self, other: False, "__hash__": lambda self: 0}
    methods |= dict.fromkeys(("__sub__", "__rsub__"), lambda self, other: 0)
    return type("_Claims", (type(value),), methods)(value * 2)


def _claiming(function):
    return lambda *args, **options: _claims(function(*args, **options))
"""


def always_equal(code: str, *functions: str) -> str:
    """A solution whose functions return objects that claim to equal whatever is expected."""
    return code + ALWAYS_EQUAL + "\n".join(f"{name} = _claiming({name})" for name in functions)


def edited(code: str, *changes: tuple[str, str]) -> str:
    """`code` with each (old, new) replaced; a ValueError if an old text is not in it."""
    for old, new in changes:
        if old not in code:
            raise ValueError(f"{old!r} is not in the code to be edited")
        code = code.replace(old, new)
    return code
