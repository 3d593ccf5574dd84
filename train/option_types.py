"""Types of option values, as flags, configuration files and Python give them: parsing, checking and formatting.

A type is an annotation: int, float, bool, str, Path, Literal[...], tuple[int, ...], or one of these `| None`. Numbers
may have bounds: `Annotated[float, Bounds(0, 1)]`.
"""

import json
from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from zoo._bounds import Bounds
from zoo._words import did_you_mean

from .errors import BadInput

__all__ = [
    "Bounds",
    "Seed",
    "bounds_of",
    "check_bounds",
    "coerce",
    "coerce_options",
    "describe",
    "did_you_mean",
    "format_value",
    "is_off",
    "keyword_types",
    "parse",
    "strip_optional",
    "to_toml",
]

_NAMES = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    Path: "a path",
}


Seed = Annotated[int, Bounds(0, 2**32 - 1)]
"""A seed of numpy's and jax's random numbers."""


def strip_optional(kind: Any) -> tuple[Any, bool]:
    """Returns a type without its bounds and its `| None`, and whether None is allowed.

    >>> strip_optional(int | None)
    (<class 'int'>, True)
    """
    kind = _without_bounds(kind)
    parts = get_args(kind)
    if NoneType in parts:
        return _without_bounds(next(part for part in parts if part is not NoneType)), True
    return kind, False


def bounds_of(kind: Any) -> Bounds | None:
    """Returns the bounds of a type, None if it has none.

    >>> bounds_of(Annotated[int, Bounds(1)] | None)
    Bounds(low=1, high=inf, open_low=False, open_high=False)
    """
    if get_origin(kind) is Annotated:
        return next((each for each in kind.__metadata__ if isinstance(each, Bounds)), None)
    return next((found for part in get_args(kind) if (found := bounds_of(part))), None)


def describe(kind: Any) -> str:
    """Describes a type in words, for messages and help.

    >>> describe(tuple[int, ...]), describe(Annotated[float, Bounds(0, 1)] | None)
    ('a list of whole numbers', 'a number from 0 to 1 or none')
    """
    bounds = bounds_of(kind)
    kind, optional = strip_optional(kind)
    if get_origin(kind) is Literal:
        text = f"one of {', '.join(map(str, get_args(kind)))}"
    elif get_origin(kind) is tuple:
        text = f"a list of {_NAMES[get_args(kind)[0]].removeprefix('a ')}s"
    else:
        text = _NAMES[kind]
    if bounds:
        text += f" of {bounds}" if str(bounds).startswith("at ") else f" {bounds}"
    return text + " or none" * optional


def parse(kind: Any, text: str) -> Any:
    """Parses a word of the command line as a value of a type; of a list, one of its values. Bounds are not checked.

    Raises:
        ValueError: if the text is not such a value; the message describes the type.

    >>> parse(float | None, "none"), parse(tuple[int, ...], "32")
    (None, 32)
    """
    kind, optional = strip_optional(kind)
    if optional and text.lower() == "none":
        return None
    several = get_origin(kind) is tuple and "," in text
    kind = get_args(kind)[0] if get_origin(kind) is tuple else kind
    if get_origin(kind) is Literal:
        return _choice(kind, text)
    try:
        return kind(text)
    except ValueError:
        spaced = f" (several have spaces between them: {' '.join(text.split(','))})" * several
        raise ValueError(f"must be {describe(kind)}{' or none' * optional}, got {text!r}{spaced}") from None


def coerce(kind: Any, value: Any, name: str) -> Any:
    """Converts a value from a file or from Python to its type: a list to a tuple, a text to a path; checks bounds.

    Args:
        kind: type of the value.
        value: the value.
        name: name of the value in the error, as in `--batch-size`.

    Raises:
        BadInput: if the value has another type or lies outside its bounds.

    >>> coerce(tuple[int, ...], [32, 64], "--m.filters")
    (32, 64)
    """
    inner, optional = strip_optional(kind)
    value = value.tolist() if hasattr(value, "tolist") else value  # numpy's numbers and arrays
    if optional and (value is None or value == "none"):
        return None
    try:
        found = _fitted(inner, value)
    except TypeError:
        raise BadInput(f"{name} must be {describe(kind)}, got {value!r}") from None
    except ValueError as error:
        raise BadInput(f"{name} {error}") from None
    check_bounds(kind, found, name)
    return found


def check_bounds(kind: Any, value: Any, name: str) -> None:
    """Checks that a value, or each value of a list, lies within the bounds of its type.

    Raises:
        BadInput: if one does not.
    """
    bounds = bounds_of(kind)
    if bounds and not all(each in bounds for each in (value if isinstance(value, tuple) else (value,))):
        raise BadInput(f"{name} must be {describe(kind)}, got {value!r}")


def is_off(value: Any) -> bool:
    """Tests whether a number is known to switch something off: None or 0.

    A number that a compiled program takes as an argument is not known when the program is traced.

    >>> is_off(None), is_off(0.0), is_off(1e-4)
    (True, True, False)
    """
    return value is None or (isinstance(value, int | float) and value == 0)


def keyword_types(function: Callable) -> dict[str, Parameter]:
    """Returns the keyword-only parameters of a function by name: these are its options."""
    return {p.name: p for p in signature(function).parameters.values() if p.kind is Parameter.KEYWORD_ONLY}


def coerce_options(owner: str, function: Callable, options: Mapping[str, Any], prefix: str = "--d.") -> dict[str, Any]:
    """Converts options to the types of a function's keyword-only parameters and checks their bounds.

    Args:
        owner: name of what has the options, for the error.
        function: the function that takes them.
        options: values by name.
        prefix: beginning of the options' flags.

    Raises:
        BadInput: if an option is unknown, has another type or lies outside its bounds.
    """
    known = keyword_types(function)
    for option in options:
        if option not in known:
            has = ", ".join(known) or "none"
            raise BadInput(f"{owner} has no option {option!r}{did_you_mean(option, known)} (it has: {has})")
    found = {}
    for option, value in options.items():
        kind = known[option].annotation
        value = coerce(kind, value, f"{prefix}{option.replace('_', '-')} of {owner}")
        found[option] = float(value) if strip_optional(kind)[0] is float and value is not None else value
    return found


def format_value(value: Any) -> str:
    """Formats a value as it is typed on the command line.

    >>> format_value((32, 64)), format_value(None), format_value(0.002)
    ('32 64', 'none', '0.002')
    """
    if isinstance(value, tuple | list):
        return " ".join(map(str, value)) or "none given"
    return "none" if value is None else str(value)


def to_toml(value: Any) -> str:
    """Formats a value as TOML; None, which TOML does not have, becomes the text "none"."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(to_toml, value))}]"
    return repr(value) if isinstance(value, int | float) else json.dumps("none" if value is None else str(value))


def _without_bounds(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _choice(kind: Any, value: Any) -> Any:
    choices = get_args(kind)
    if value not in choices:
        raise ValueError(
            f"{value!r} is not known{did_you_mean(str(value), choices)} (choose from {', '.join(choices)})"
        )
    return value


def _fitted(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Literal:
        return _choice(kind, value)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(_fitted(get_args(kind)[0], each) for each in value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return value  # an integer number of epochs stays an integer
    if get_origin(kind) is tuple or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError
    return value
