"""Checks of arguments: each error names the argument, its value and what would be right.

A check returns the value as one of Python's own: `np.int64(4)` and `torch.tensor(4)` are 4.
"""

from __future__ import annotations

import operator
from typing import Any


def as_number(value: Any) -> int | float | None:
    """Python's, numpy's or torch's number as an int or a float; None for anything else.

    True is none, and neither is a text such as "0.5".
    """
    if type(value) in (int, float):
        return value
    truth = isinstance(value, bool) or "bool" in str(getattr(value, "dtype", ""))
    for convert in () if truth or not hasattr(value, "__float__") else (operator.index, float):
        try:
            return convert(value)
        except (TypeError, ValueError, RuntimeError):  # a fraction; an array of several numbers
            pass
    return None


def as_int(value: Any) -> int | None:
    """The same for a whole number; None for one of type float, even 4.0."""
    number = as_number(value)
    return number if isinstance(number, int) else None


def store(config: Any, **fields: Any) -> None:
    """Give fields of a frozen dataclass the values that their checks have returned."""
    for name, value in fields.items():
        object.__setattr__(config, name, value)


def check_positive(name: str, value: int) -> int:
    """Return `value` as an int; ValueError unless it is an integer of at least 1."""
    number = as_int(value)
    if number is None or number < 1:
        raise ValueError(f"{name}={value!r} must be a positive integer")
    return number


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return `value`; ValueError unless it is one of `choices`."""
    if not isinstance(value, (str, bool)) or value not in choices:  # `in` compares arrays badly
        allowed = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name}={value!r} must be {allowed}")
    return str(value) if isinstance(value, str) else value


def check_switch(name: str, value: bool) -> bool:
    """Return `value` as a bool; ValueError unless it is True or False."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):  # numpy's
        raise ValueError(f"{name}={value!r} must be True or False")
    return bool(value)


def check_compression(name: str, value: float) -> float:
    """Return `value` as a number; ValueError unless 0 < `value` ≤ 1."""
    number = as_number(value)
    if number is None or not 0 < number <= 1:
        raise ValueError(f"{name}={value!r} must be more than 0 and at most 1")
    return number


def check_share(name: str, value: float) -> float:
    """Return `value` as a number; ValueError unless 0 ≤ `value` < 1."""
    number = as_number(value)
    if number is None or not 0 <= number < 1:
        raise ValueError(f"{name}={value!r} must be at least 0 and less than 1")
    return number


def positive_tuple(name: str, values: Any) -> tuple[int, ...]:
    """Return `values` as a tuple of ints; ValueError unless it holds a positive integer or more."""
    if not isinstance(values, (list, tuple)):
        values = values.tolist() if hasattr(values, "tolist") else values  # an array, a tensor
        values = values if isinstance(values, list) else [values]
    if not len(values):
        raise ValueError(f"{name}=() must hold at least one positive integer")
    return tuple(check_positive(name, value) for value in values)
