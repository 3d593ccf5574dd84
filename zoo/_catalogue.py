"""Catalogue of the models: the public files of this folder, those of installed packages, and those the user names.

Cards, options and defaults are parsed from the source text, without importing it: the command line needs them before
jax is imported. A model of another package is found by the entry points `zoo.models`. A model of any other module or
file is used only after `resolve` got its reference, `package.module:function` or `./file.py:function`, from the user.
"""

import ast
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ._options import Option, argument_helps, argument_names, function_options
from ._plugins import distribution, load, module_path, plugins
from ._words import did_you_mean

__all__ = [
    "DECIDED",
    "Card",
    "Option",
    "argument_helps",
    "card",
    "factory",
    "function_options",
    "known",
    "names",
    "origin",
    "own_names",
    "reference",
    "resolve",
    "short_name",
    "tree",
]

DECIDED = ("outputs", "each", "vocabulary", "shape")  # arguments of a factory that the data set fixes, not the user
_FOLDER = Path(__file__).parent
_GROUP = "zoo.models"


@dataclass(frozen=True)
class Card:
    """Model card: the docstring of the model's file and the options of its factory."""

    name: str
    title: str  # the first line
    text: str  # the whole docstring
    options: tuple[Option, ...]
    decided: tuple[str, ...]  # arguments of the factory that the data set fixes

    def field(self, name: str) -> str:
        """Returns the text after `NAME:` in the card, up to the next such line; "" if there is none.

        >>> card("lstm").field("Command")
        'python -m zoo.train --model lstm'
        """
        found = re.search(rf"^{name}: (.*?)(?=^[A-Z]\w+: |\Z)", self.text, re.MULTILINE | re.DOTALL)
        return " ".join(found[1].split()) if found else ""


class _Reference(NamedTuple):
    """Place of a model that the user named: `module` is empty where `path` is a file outside of any package."""

    path: Path
    module: str
    function: str


_REFERENCES: dict[str, _Reference] = {}  # by name, `module:function`; only `resolve` adds to it


@cache
def own_names() -> tuple[str, ...]:
    """Returns the sorted names of the models of the zoo itself."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.py") if not path.stem.startswith("_")))


@cache
def names(pattern: str = "*") -> tuple[str, ...]:
    """Returns the sorted names of all models, of installed packages too, that match a shell pattern or contain it."""
    everything = sorted({*own_names(), *plugins(_GROUP)})
    return tuple(name for name in everything if fnmatch(name, pattern) or pattern in name)


def known(name: str, origin: Mapping[str, str] | None = None) -> str:
    """Returns the name if it is that of a model.

    Args:
        name: name of the model, or the reference of one that the user named before.
        origin: the `origin` that a saved model or configuration states, for the message.

    Raises:
        ValueError: if there is no such model; the message suggests the closest name or the package to install.
    """
    if name in names() or name in _REFERENCES:
        return name
    if ":" in name:
        function = short_name(name)
        raise ValueError(
            f"the model {name} is in a module of your own, which is imported only if you name it: give "
            f"--model ./FILE.py:{function} or --model PACKAGE.MODULE:{function} (in Python: model=...)"
        )
    if origin and origin.get("distribution"):
        package, version = origin["distribution"], origin.get("version", "")
        raise ValueError(
            f"the model {name} is part of {package} {version}, which is not installed: pip install {package}"
        )
    raise ValueError(f"unknown model {name!r}{did_you_mean(name, names())} (choose from {', '.join(names())})")


def resolve(model: str) -> str:
    """Returns the name of a model that the user gave: a known name, or a reference to a function.

    Args:
        model: a name, `package.module:function`, or `path/file.py:function`. A reference permits this process to
            import that module or file; it is imported when the model is made.

    Raises:
        ValueError: if there is no such model, module or file.

    >>> resolve("cnn")
    'cnn'
    """
    place, colon, function = model.rpartition(":")
    if not colon or model in _REFERENCES:
        if model.endswith(".py"):
            raise ValueError(f"{model}: name the function that makes the model as well, as in {model}:my_model")
        return known(model)
    if not function.isidentifier():
        raise ValueError(f"{model}: after the colon stands the function that makes the model, got {function!r}")
    if place.endswith(".py"):
        path, module = Path(place).expanduser().absolute(), ""
        if not path.is_file():
            raise ValueError(f"{model}: there is no file {place}")
    else:
        try:
            path, module = module_path(place), place
        except ImportError as error:
            raise ValueError(f"{model}: {error}; a file is named with its ending, as in ./mine.py:{function}") from None
    name = f"{module or path.stem}:{function}"
    _REFERENCES[name] = _Reference(path, module, function)
    return name


def reference(name: str) -> str:
    """Returns the reference by which the user named a model, as a further command needs it; "" for a known name.

    >>> reference("cnn")
    ''
    """
    if name not in _REFERENCES:
        return ""
    path, module, function = _REFERENCES[name]
    return f"{module or path}:{function}"


def short_name(name: str) -> str:
    """Returns the name of a model without its module, as file and folder names need it.

    >>> short_name("mine:tiny"), short_name("cnn")
    ('tiny', 'cnn')
    """
    return name.rpartition(":")[2]


def factory(name: str) -> Callable[..., Any]:
    """Imports the function that makes a model; arguments as in its card.

    Raises:
        ValueError: if there is no such model, or its module does not define it.
        ImportError: if the module of a model cannot be imported.
    """
    if known(name) in own_names():
        return getattr(import_module(f".{name}", __package__), name)
    if name not in _REFERENCES:
        return load(plugins(_GROUP)[name])
    path, module, function = _REFERENCES[name]
    content = import_module(module) if module else _import_file(path)
    if not callable(found := getattr(content, function, None)):
        raise ValueError(f"{path} does not define the function {function}")
    return found


def origin(name: str) -> dict[str, str]:
    """Returns where a model of another package comes from, for saved models: distribution, version, module.

    >>> origin("cnn")
    {}
    """
    if known(name) in own_names():
        return {}
    if name in _REFERENCES:
        return {"module": name}
    point = plugins(_GROUP)[name]
    package, _, version = distribution(point).rpartition(" ")
    return {"distribution": package, "version": version, "module": point.value}


def card(name: str) -> Card:
    """Parses the card of a model from its file.

    Raises:
        ValueError: if there is no such model, its file does not define its function, or an option cannot be read.
    """
    path, function = _place(name)
    return _card(name, path, function)


def tree(name: str) -> ast.Module:
    """Returns the syntax tree of the file of a model."""
    return _parse(_place(name)[0])


def _place(name: str) -> tuple[Path, str]:
    """Returns the source file of a model and its function there."""
    if known(name) in own_names():
        return _FOLDER / f"{name}.py", name
    if name in _REFERENCES:
        return _REFERENCES[name].path, _REFERENCES[name].function
    point = plugins(_GROUP)[name]
    try:
        return module_path(point.module), point.attr or name
    except ImportError as error:
        raise ValueError(f"the model {name} of {distribution(point)} is damaged: {error}") from None


@cache
def _card(name: str, path: Path, function: str) -> Card:
    content = _parse(path)
    text = ast.get_docstring(content) or name
    made_by = next((node for node in content.body if isinstance(node, ast.FunctionDef) and node.name == function), None)
    if made_by is None:
        raise ValueError(f"{path} does not define the function {function} of the model {name}")
    try:
        options = tuple(function_options(made_by, skip=DECIDED))
    except TypeError as error:
        raise ValueError(f"{path}, {function}: {error}") from None
    decided = tuple(each for each in argument_names(made_by) if each in DECIDED)
    return Card(name, text.split("\n")[0], text, options, decided)


@cache
def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


@cache
def _import_file(path: Path) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    name = f"zoo_file_{path.stem}"  # a name of its own: `random.py` must not replace Python's
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
