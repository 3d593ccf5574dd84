"""Catalogue of the models: one public file of this folder per model.

Cards, options and defaults are parsed from the source text, without importing it: the command line needs them before
jax is imported.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, Literal

__all__ = ["DECIDED", "Card", "Option", "argument_helps", "card", "function_options", "known", "names"]

DECIDED = ("outputs", "each", "vocabulary", "shape")  # arguments of a factory that the data set fixes, not the user
_FOLDER = Path(__file__).parent
_TYPES = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "int | None": int | None,
    "float | None": float | None,
    "tuple[int, ...]": tuple[int, ...],
    "tuple[float, ...]": tuple[float, ...],
    "tuple[str, ...]": tuple[str, ...],
}


@dataclass(frozen=True)
class Option:
    """Option of a model: an argument of its factory that has a default."""

    name: str
    type: Any
    default: Any
    help: str


@dataclass(frozen=True)
class Card:
    """Model card: the docstring of the model's file and the options of its factory."""

    name: str
    title: str  # the first line
    text: str  # the whole docstring
    options: tuple[Option, ...]
    decided: tuple[str, ...]  # arguments of the factory that the data set fixes


@cache
def names(pattern: str = "*") -> tuple[str, ...]:
    """Returns the sorted names of the models that match a shell pattern or contain it."""
    all_names = sorted(path.stem for path in _FOLDER.glob("*.py") if not path.stem.startswith("_"))
    return tuple(name for name in all_names if fnmatch(name, pattern) or pattern in name)


def known(name: str) -> str:
    """Returns the name if it is that of a model.

    Raises:
        ValueError: if there is no such model; the message suggests the closest name.
    """
    if name in names():
        return name
    near = get_close_matches(name, names(), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ValueError(f"unknown model {name!r}; {hint}choose from {', '.join(names())}")


@cache
def card(name: str) -> Card:
    """Parses the card of a model from its file."""
    tree = _parse(_FOLDER / f"{known(name)}.py")
    text = ast.get_docstring(tree) or ""
    factory = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    arguments = [each.arg for each in (*factory.args.posonlyargs, *factory.args.args, *factory.args.kwonlyargs)]
    decided = tuple(each for each in arguments if each in DECIDED)
    return Card(name, text.split("\n")[0], text, tuple(function_options(factory)), decided)


def function_options(factory: ast.FunctionDef) -> Iterator[Option]:
    """Yields the arguments of a parsed function that have a default, with the help of its `Args:` section."""
    helps = argument_helps(ast.get_docstring(factory) or "")
    positional = factory.args.posonlyargs + factory.args.args
    defaults = [None] * (len(positional) - len(factory.args.defaults)) + list(factory.args.defaults)
    pairs = [*zip(positional, defaults, strict=True)]
    pairs += zip(factory.args.kwonlyargs, factory.args.kw_defaults, strict=True)
    for argument, default in pairs:
        if default is not None and argument.arg not in DECIDED:
            kind = _type(argument.annotation)
            yield Option(argument.arg, kind, ast.literal_eval(default), helps.get(argument.arg, ""))


def _type(annotation: ast.expr | None) -> Any:
    text = ast.unparse(annotation) if annotation else "nothing"
    if text == "Activation":
        return Literal[_activations()]
    if text.startswith("Literal[") and isinstance(annotation, ast.Subscript):
        choices = ast.literal_eval(annotation.slice)
        return Literal[choices if isinstance(choices, tuple) else (choices,)]
    if text not in _TYPES:
        raise TypeError(f"unsupported option annotation {text}; use Activation, Literal[...] or {', '.join(_TYPES)}")
    return _TYPES[text]


@cache
def _activations() -> tuple[str, ...]:
    for node in _parse(_FOLDER / "layers" / "activations.py").body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "ACTIVATIONS":
            return tuple(ast.literal_eval(key) for key in node.value.keys)  # pyright: ignore
    raise LookupError("layers/activations.py does not define the dict ACTIVATIONS")


def argument_helps(docstring: str) -> dict[str, str]:
    """Parses the `name: text` entries of the `Args:` section of a Google-style docstring."""
    helps, last = {}, ""
    for line in docstring.partition("Args:\n")[2].split("\n"):
        if line and not line.startswith("    "):
            break
        if line.startswith("     ") and last:
            helps[last] += " " + line.strip()
        elif ":" in line:
            last, _, text = line.strip().partition(": ")
            helps[last] = text
    return helps


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
