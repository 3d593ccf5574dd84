"""What constructors and applies check, in one voice: what happened, what was expected, what came."""

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
    "check_share",
    "is_whole",
]


def is_whole(value: Any, least: int) -> bool:
    """Whether it is a whole number, python's or numpy's, from `least` on; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def check_positive(layer: str, name: str, value: Any) -> int:
    """Gives back a whole number above zero; anything else is a ValueError that names layer and argument."""
    if not is_whole(value, 1):
        raise ValueError(f"{layer}: {name} must be a whole number above 0, got {value!r}")
    return int(value)


def check_share(layer: str, name: str, value: float) -> float:
    """Gives back a number in [0, 1); anything else is a ValueError that names layer and argument."""
    if not isinstance(value, Real) or not 0 <= value < 1:
        raise ValueError(f"{layer}: {name} must lie in [0, 1), got {value!r}")
    return value


def check_number(layer: str, name: str, value: Any, least: float = 0.0, above: bool = False) -> Any:
    """Gives back a finite number from `least` on, or only above it; anything else is a ValueError that names it."""
    fits = isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
    if not fits or value < least or (above and value == least):
        raise ValueError(f"{layer}: {name} must be a number {'above' if above else 'from'} {least:g}, got {value!r}")
    return value


def check_function(layer: str, name: str, value: Any) -> Any:
    """Gives back something that can be called; anything else is a TypeError that names layer and argument."""
    if not callable(value):
        raise TypeError(f"{layer}: {name} must be a function, got {value!r} of type {type(value).__name__}")
    return value


def check_choice(layer: str, name: str, value: Any, choices: Iterable[str]) -> Any:
    """Gives back one of the choices; anything else is a ValueError that lists them, the nearest first."""
    choices = list(choices)
    if value in choices:
        return value
    near = get_close_matches(str(value), choices, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"{layer}: {name} {value!r} is not known; {hint}choose from {', '.join(choices)}")


def check_features(layer: str, expected: int, x: Any, axis: int = -1, what: str = "features") -> None:
    """Raises a ValueError if `x` does not have what the parameters were initialised for."""
    got = x.shape[axis] if x.ndim else 0
    if got != expected:
        raise ValueError(f"{layer} was initialised for {expected} {what}, got {got} (shape {tuple(x.shape)})")


def check_rank(layer: str, rank: int, x: Any, axes: str) -> None:
    """Raises a ValueError if `x` has not `rank` axes; `axes` names them, `(batch, height, width, channels)`."""
    if x.ndim != rank:
        raise ValueError(f"{layer} wants {rank} axes {axes}, got {x.ndim} (shape {tuple(x.shape)})")


def check_least_rank(layer: str, rank: int, x: Any, axes: str) -> None:
    """Raises a ValueError if `x` has fewer than `rank` axes; `axes` names them, `(batch, ..., channels)`."""
    if x.ndim < rank:
        raise ValueError(f"{layer} wants at least {rank} axes {axes}, got {x.ndim} (shape {tuple(x.shape)})")
