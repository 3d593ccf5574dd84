"""Data sets, one file per family: a file of this folder that defines `SOURCES`, a tuple of `Source`, is listed.

Other packages add data sets by entry points of the group `zoo.datasets`: the name is the data set's, the value
`package.module` (with such a tuple) or `package.module:attribute` (a `Source`).
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zoo._plugins import distribution, load, plugins

from ...errors import BadInput, warn

__all__ = ["find", "names", "sources"]


def names() -> tuple[str, ...]:
    """Returns the names of all data sets; no other package is imported.

    >>> "digits" in names()
    True
    """
    return tuple(dict.fromkeys([*_own(), *plugins("zoo.datasets")]))


@cache
def sources() -> Mapping[str, Any]:
    """Returns every `Source` by name; of another package's data set that cannot be imported, only a warning."""
    found = dict(_own())
    for name in names():
        try:
            found[name] = find(name)
        except BadInput as error:
            warn(str(error))
    return MappingProxyType(found)


def find(name: str) -> Any:
    """Returns the `Source` of a name that `names` lists.

    Raises:
        BadInput: if it is another package's and cannot be imported.
    """
    return _own()[name] if name in _own() else _registered(name)


@cache
def _own() -> Mapping[str, Any]:
    modules = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    found = (getattr(import_module(f".{module}", __package__), "SOURCES", ()) for module in modules)
    return MappingProxyType({each.name: each for family in found for each in family})


@cache
def _registered(name: str) -> Any:
    point = plugins("zoo.datasets")[name]
    try:
        family = (load(point),) if point.attr else import_module(point.module).SOURCES
        return next(each for each in family if each.name == name)
    except Exception as error:  # whatever the other package raises when it is imported
        reason = str(error) or f"{point.module} has no such Source"
        raise BadInput(f"data set {name!r} of {distribution(point)} cannot be imported: {reason}") from error
