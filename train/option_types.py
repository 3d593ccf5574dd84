"""The kinds of value that flags and configuration files take: what each is called, how it is read and written.

A kind is an annotation: int, float, bool, str, Path, Literal[...], tuple[int, ...], or one of these `| None`.
"""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from .errors import BadInput

__all__ = ["coerce", "describe", "did_you_mean", "format_value", "parse", "strip_optional", "to_toml"]

_NAMES = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    Path: "a path",
}


def strip_optional(kind: Any) -> tuple[Any, bool]:
    """A kind without its `| None`, and whether it had one.

    >>> strip_optional(int | None)
    (<class 'int'>, True)
    """
    parts = get_args(kind)
    if NoneType in parts:
        return next(part for part in parts if part is not NoneType), True
    return kind, False


def describe(kind: Any) -> str:
    """What a kind is called in a message.

    >>> describe(tuple[int, ...]), describe(float | None)
    ('a list of whole numbers', 'a number or none')
    """
    kind, optional = strip_optional(kind)
    if get_origin(kind) is Literal:
        text = f"one of {', '.join(map(str, get_args(kind)))}"
    elif get_origin(kind) is tuple:
        text = f"a list of {_NAMES[get_args(kind)[0]].removeprefix('a ')}s"
    else:
        text = _NAMES[kind]
    return text + " or none" * optional


def parse(kind: Any, text: str) -> Any:
    """The value that a word of the command line stands for; for a list, one of its values.

    Raises:
        ValueError: saying what the kind takes.

    >>> parse(float | None, "none"), parse(tuple[int, ...], "32")
    (None, 32)
    """
    kind, optional = strip_optional(kind)
    if optional and text.lower() == "none":
        return None
    kind = get_args(kind)[0] if get_origin(kind) is tuple else kind
    if get_origin(kind) is Literal:
        return _choice(kind, text)
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"must be {describe(kind)}{' or none' * optional}, got {text!r}") from None


def coerce(kind: Any, value: Any, name: str) -> Any:
    """A value that came from a file or from Python, as its kind wants it: a list becomes a tuple, a text a path.

    Raises:
        BadInput: naming the value if it is of another kind.

    >>> coerce(tuple[int, ...], [32, 64], "--m.filters")
    (32, 64)
    """
    inner, optional = strip_optional(kind)
    if optional and (value is None or value == "none"):
        return None
    try:
        return _fitted(inner, value)
    except TypeError:
        raise BadInput(f"{name} must be {describe(kind)}, got {value!r}") from None
    except ValueError as error:
        raise BadInput(f"{name} {error}") from None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean x?` with the nearest of the known names, or nothing.

    >>> did_you_mean("adm", ["sgd", "adam"])
    '; did you mean adam?'
    """
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def format_value(value: Any) -> str:
    """A value as one would type it.

    >>> format_value((32, 64)), format_value(None), format_value(0.002)
    ('32 64', 'none', '0.002')
    """
    if isinstance(value, tuple | list):
        return " ".join(map(str, value)) or "none given"
    return "none" if value is None else str(value)


def to_toml(value: Any) -> str:
    """A value as TOML writes it; None, which TOML lacks, becomes the text "none"."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(to_toml, value))}]"
    return repr(value) if isinstance(value, int | float) else json.dumps("none" if value is None else str(value))


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
        return value  # a whole number of epochs stays one
    if get_origin(kind) is tuple or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError
    return value
