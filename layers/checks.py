"""Argument and input checks of the layers, with uniform error messages."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import isfinite
from numbers import Integral, Real
from typing import Any

__all__ = [
    "check_choice",
    "check_features",
    "check_function",
    "check_least_rank",
    "check_number",
    "check_positive",
    "check_rank",
    "check_rate",
    "is_integer",
]


def is_integer(value: Any, least: int) -> bool:
    """Returns True for a Python or numpy integer of at least `least`; booleans do not count."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def check_positive(layer: str, name: str, value: Any) -> int:
    """Returns a positive integer unchanged; raises a ValueError naming layer and argument otherwise."""
    if not is_integer(value, 1):
        raise ValueError(f"{layer}: {name} must be a positive integer, got {value!r}")
    return int(value)


def check_rate(layer: str, name: str, value: float) -> float:
    """Returns a number in [0, 1) unchanged; raises a ValueError naming layer and argument otherwise."""
    if not isinstance(value, Real) or not 0 <= value < 1:
        raise ValueError(f"{layer}: {name} must be in [0, 1), got {value!r}")
    return value


def check_number(layer: str, name: str, value: Any, least: float = 0.0, above: bool = False) -> Any:
    """Returns a finite number of at least `least` (or above it) unchanged; raises a ValueError otherwise."""
    fits = isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
    if not fits or value < least or (above and value == least):
        raise ValueError(f"{layer}: {name} must be a number {'>' if above else '>='} {least:g}, got {value!r}")
    return value


def check_function(layer: str, name: str, value: Any) -> Any:
    """Returns a callable unchanged; raises a TypeError naming layer and argument otherwise."""
    if not callable(value):
        raise TypeError(f"{layer}: {name} must be a function, got {value!r} of type {type(value).__name__}")
    return value


def check_choice(layer: str, name: str, value: Any, choices: Iterable[str]) -> Any:
    """Returns one of the choices unchanged; raises a ValueError that suggests the closest one otherwise."""
    choices = list(choices)
    if value in choices:
        return value
    near = get_close_matches(str(value), choices, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"{layer}: {name} {value!r} is not known; {hint}choose from {', '.join(choices)}")


def check_features(layer: str, expected: int, x: Any, axis: int = -1, what: str = "features") -> None:
    """Raises a ValueError if an axis of `x` differs from the size the parameters were initialised for."""
    got = x.shape[axis] if x.ndim else 0
    if got != expected:
        raise ValueError(f"{layer} was initialised for {expected} {what}, got {got} (shape {tuple(x.shape)})")


def check_rank(layer: str, rank: int, x: Any, axes: str) -> None:
    """Raises a ValueError unless `x` has `rank` axes; `axes` names them, `(batch, height, width, channels)`."""
    if x.ndim != rank:
        raise ValueError(f"{layer} expects {rank} axes {axes}, got {x.ndim} (shape {tuple(x.shape)})")


def check_least_rank(layer: str, rank: int, x: Any, axes: str) -> None:
    """Raises a ValueError if `x` has fewer than `rank` axes; `axes` names them, `(batch, ..., channels)`."""
    if x.ndim < rank:
        raise ValueError(f"{layer} expects at least {rank} axes {axes}, got {x.ndim} (shape {tuple(x.shape)})")
