"""Checks of arguments: each error names the argument, its value and what would be right."""

from __future__ import annotations

from typing import Any


def check_positive(name: str, value: int) -> None:
    """Raise a ValueError unless `value` is an integer of at least 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}={value!r} must be a positive integer")


def check_not_negative(name: str, value: int) -> None:
    """Raise a ValueError unless `value` is an integer of at least 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name}={value!r} must be an integer of at least 0")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise a ValueError unless `value` is one of `choices`."""
    if value not in choices:
        allowed = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name}={value!r} must be {allowed}")


def check_switch(name: str, value: bool) -> None:
    """Raise a ValueError unless `value` is True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"{name}={value!r} must be True or False")


def check_compression(value: float) -> None:
    """Raise a ValueError unless 0 < `value` ≤ 1."""
    if not 0 < value <= 1:
        raise ValueError(f"compression={value!r} must be more than 0 and at most 1")


def check_drop_rate(value: float, name: str = "drop_rate") -> None:
    """Raise a ValueError unless 0 ≤ `value` < 1."""
    if not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ValueError(f"{name}={value!r} must be at least 0 and less than 1")


def check_negative_slope(value: float) -> None:
    """Raise a ValueError unless 0 ≤ `value` < 1."""
    if not 0 <= value < 1:
        raise ValueError(f"negative_slope={value!r} must be at least 0 (ReLU) and less than 1")


def positive_tuple(name: str, values: Any) -> tuple[int, ...]:
    """Return `values` as a tuple; ValueError unless it holds at least one positive integer."""
    values = tuple(values) if isinstance(values, (list, tuple)) else (values,)
    if not values:
        raise ValueError(f"{name}=() must hold at least one positive integer")
    for value in values:
        check_positive(name, value)
    return values
