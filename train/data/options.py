"""The options of a data set are the keyword-only arguments of its load function; here they are checked."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any, Literal, get_args, get_origin

from ..errors import BadInput

__all__ = ["checked", "within"]


def checked(name: str, load: Callable, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, each of the type that its annotation says; a whole number passes for a float.

    Raises:
        BadInput: naming the data set, the option and what it takes.
    """
    known = {p.name: p for p in signature(load).parameters.values() if p.kind is Parameter.KEYWORD_ONLY}
    return {option: _value(name, known, option, value) for option, value in options.items()}


def within(option: str, value: float, low: float, high: float) -> None:
    """Raises BadInput if an option's value lies outside its bounds, which belong to it.

    >>> within("fold", 4, 0, 4)
    """
    if not low <= value <= high:
        raise BadInput(f"--d.{option} must lie between {low} and {high}, got {value}")


def _value(name: str, known: Mapping[str, Parameter], option: str, value: Any) -> Any:
    if option not in known:
        near = get_close_matches(option, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadInput(f"{name} has no option {option!r}; {hint}it has: {', '.join(known) or 'none'}")
    kind = known[option].annotation
    if get_origin(kind) is Literal:
        fits, wanted = value in get_args(kind), f"one of {', '.join(map(str, get_args(kind)))}"
    elif kind is float:
        value = float(value) if type(value) is int else value
        fits, wanted = isinstance(value, float), "a number"
    else:
        fits, wanted = type(value) is kind, f"of type {kind.__name__}"
    if not fits:
        raise BadInput(f"--d.{option} of {name} must be {wanted}, got {value!r}")
    return value
