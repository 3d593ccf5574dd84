"""Checks of what a page sends as data of its user."""

import math
from typing import Any

from ...errors import BadInput

__all__ = ["FAR", "check_fields", "is_number", "share_of"]

FAR = 1e6
"""Largest absolute value of a number on the page."""


def check_fields(name: str, found: Any, *names: str) -> None:
    """Refuses what is not an object of some fields.

    Raises:
        BadInput: If it is none, or has other fields.

    >>> check_fields("series", {"values": [1, 2]}, "values")
    """
    if not isinstance(found, dict) or not set(found) <= {*names}:
        raise BadInput(f"{name} must be an object with {' and '.join(', '.join(names).rsplit(', ', 1))}")


def is_number(value: Any) -> bool:
    """Returns whether a value is a finite number of a size that can be drawn.

    >>> is_number(2.5), is_number(True), is_number("2")
    (True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) <= FAR


def share_of(value: Any) -> float:
    """Returns the share of points that is held out for the test.

    Raises:
        BadInput: If it is no number from 0 to 0.9.
    """
    if not (is_number(value) and 0 <= value <= 0.9):
        raise BadInput("the share of test points must be a number from 0 to 0.9")
    return float(value)
