"""Finds what other installed packages add: models, trainers, tasks and data sets, by entry points.

A package registers a model in its pyproject.toml:

    [project.entry-points."zoo.models"]
    hopfield2 = "my_package.hopfield2"           # the function hopfield2 of that module
    kmeans = "my_package.clustering:kmeans_model"

Reading the lists imports no package. Names of the zoo itself take precedence over registered ones.
"""

import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUPS", "distribution", "load", "module_path", "module_text", "plugins"]

GROUPS = ("zoo.models", "zoo.trainers", "zoo.tasks", "zoo.datasets")
"""The entry point groups that are read."""


@cache
def plugins(group: str) -> Mapping[str, "EntryPoint"]:
    """Returns the entry points of a group by name; nothing is imported.

    Args:
        group: one of `GROUPS`.

    >>> isinstance(plugins("zoo.trainers"), Mapping)
    True
    """
    if not _any_registered():
        return MappingProxyType({})
    from importlib.metadata import entry_points  # tens of milliseconds, paid only where a package registers something

    found: dict[str, EntryPoint] = {}
    for each in entry_points(group=group):
        found.setdefault(each.name, each)
    return MappingProxyType(dict(sorted(found.items())))


def load(point: "EntryPoint") -> Any:
    """Imports what an entry point names: `module:attribute`, or the attribute of its own name in `module`.

    Raises:
        ImportError: if the module cannot be imported or does not have the attribute.
    """
    from importlib import import_module

    module, attribute = import_module(point.module), point.attr or point.name
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ImportError(
            f"{point.module} has no {attribute}; {point.group} of {distribution(point)} names it"
        ) from None


def distribution(point: "EntryPoint") -> str:
    """Returns the name and version of the package that registered an entry point, as in `my-package 1.2`."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def module_path(value: str) -> Path:
    """Returns the source file of `package.module` (a part from `:` on is ignored); nothing is imported.

    Raises:
        ImportError: if there is no such module, or it has no source file.

    >>> module_path("zoo._plugins").name
    '_plugins.py'
    """
    module = value.partition(":")[0].strip()
    search, spec = None, None
    for depth in range(1, module.count(".") + 2):
        name = ".".join(module.split(".")[:depth])
        finders = (getattr(each, "find_spec", None) for each in sys.meta_path)
        spec = next((found for find in finders if find and (found := find(name, search))), None)
        if spec is None:
            raise ImportError(f"there is no module {name!r}", name=name)
        search = spec.submodule_search_locations
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise ImportError(f"the module {module!r} has no source file", name=module)
    return Path(spec.origin)


def module_text(module: str) -> str:
    """Returns the source text of `package.module`, so that its texts and literals are read without importing it.

    Raises:
        ImportError: as `module_path`.
    """
    return module_path(module).read_text(encoding="utf-8")


@cache
def _any_registered() -> bool:
    """Searches the installed packages for entry points of the zoo, far faster than `importlib.metadata` does."""
    return any(_registers(folder) for folder in dict.fromkeys(sys.path))


def _registers(folder: str) -> bool:
    try:
        with os.scandir(folder or ".") as entries:
            found = [each.path for each in entries if each.name.endswith((".dist-info", ".egg-info"))]
    except OSError:  # a zip archive, or a folder that is not there
        return False
    return any(b"[zoo." in _content(os.path.join(path, "entry_points.txt")) for path in found)


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
