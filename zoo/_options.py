"""Options of a factory, read from its source text: name, type, default and help of each argument with a default."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from ._bounds import Bounds

__all__ = ["Option", "argument_helps", "argument_names", "function_options"]

_ACTIVATIONS = Path(__file__).parent / "layers" / "activations.py"
_TYPES = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "int | None": int | None,
    "float | None": float | None,
    "str | None": str | None,
    "tuple[int, ...]": tuple[int, ...],
    "tuple[float, ...]": tuple[float, ...],
    "tuple[str, ...]": tuple[str, ...],
}


@dataclass(frozen=True)
class Option:
    """Option of a model or trainer: an argument of its factory that has a default."""

    name: str
    type: Any
    default: Any
    help: str


def argument_names(factory: ast.FunctionDef) -> list[str]:
    """Returns the names of all arguments of a function."""
    return [each.arg for each in (*factory.args.posonlyargs, *factory.args.args, *factory.args.kwonlyargs)]


def function_options(factory: ast.FunctionDef, skip: Collection[str] = ()) -> Iterator[Option]:
    """Yields the options of a function.

    Args:
        factory: syntax tree of the function; its docstring documents the options under `Args:`.
        skip: arguments that are no options.

    Raises:
        TypeError: if an annotation is not supported on the command line, or a default is no literal.
    """
    helps = argument_helps(ast.get_docstring(factory) or "")
    positional = factory.args.posonlyargs + factory.args.args
    defaults = [None] * (len(positional) - len(factory.args.defaults)) + list(factory.args.defaults)
    pairs = [*zip(positional, defaults, strict=True)]
    pairs += zip(factory.args.kwonlyargs, factory.args.kw_defaults, strict=True)
    for argument, default in pairs:
        if default is not None and argument.arg not in skip:
            try:
                value = ast.literal_eval(default)
            except ValueError:
                raise TypeError(
                    f"the default of {argument.arg} must be a literal, got {ast.unparse(default)}"
                ) from None
            yield Option(argument.arg, _type(argument.annotation), value, helps.get(argument.arg, ""))


def argument_helps(docstring: str) -> dict[str, str]:
    r"""Parses the `name: text` entries of the `Args:` or `Attributes:` section of a Google-style docstring.

    >>> argument_helps("Title.\n\nArgs:\n    width: units of the layer.")
    {'width': 'units of the layer.'}
    """
    helps, last = {}, ""
    section = docstring.partition("Args:\n")[2] or docstring.partition("Attributes:\n")[2]
    for line in section.split("\n"):
        if line and not line.startswith("    "):
            break
        if line.startswith("     ") and last:
            helps[last] += " " + line.strip()
        elif ":" in line:
            last, _, text = line.strip().partition(": ")
            helps[last] = text
    return helps


def _type(annotation: ast.expr | None) -> Any:
    text = ast.unparse(annotation) if annotation else "nothing"
    if isinstance(annotation, ast.BinOp) and text.startswith("Annotated[") and text.endswith("] | None"):
        return _type(annotation.left) | None
    if (
        isinstance(annotation, ast.Subscript)
        and isinstance(annotation.slice, ast.Tuple)
        and text.startswith("Annotated[")
    ):
        kind, bounds = annotation.slice.elts
        return Annotated[_type(kind), _bounds(bounds)]
    if text == "Activation":
        return Literal[_activations()]
    if text.startswith("Literal[") and isinstance(annotation, ast.Subscript):
        choices = ast.literal_eval(annotation.slice)
        return Literal[choices if isinstance(choices, tuple) else (choices,)]
    if text not in _TYPES:
        known = f"Activation, Literal[...], Annotated[float, Bounds(...)] or {', '.join(_TYPES)}"
        raise TypeError(f"unsupported option annotation {text}; use {known}")
    return _TYPES[text]


def _bounds(call: ast.expr) -> Bounds:
    """Returns the bounds that a call of `Bounds` with literals makes."""
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "Bounds":
        raise TypeError(f"unsupported option annotation {ast.unparse(call)}; use Annotated[float, Bounds(...)]")
    named = {each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg}
    return Bounds(*map(ast.literal_eval, call.args), **named)


@cache
def _activations() -> tuple[str, ...]:
    for node in ast.parse(_ACTIVATIONS.read_text(encoding="utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "ACTIVATIONS":
            return tuple(ast.literal_eval(key) for key in node.value.keys)  # pyright: ignore
    raise LookupError("layers/activations.py does not define the dict ACTIVATIONS")
