"""Parameters of the estimators: the model and those arguments of `zoo.fit` that were given, as attributes."""

from collections.abc import Mapping
from typing import Any

from zoo import _catalogue

from ..config.recipe import book
from ..errors import BadInput
from ..option_types import did_you_mean
from .settings import option_names

__all__ = ["parameters", "with_parameters"]

_FIT = ("val", "recipe", "out", "quiet", "callbacks", "column_kinds", "m", "t")  # arguments of `zoo.fit` itself


def parameters(estimator: Any) -> dict[str, Any]:
    """Returns the model and the settings of an estimator by name: its public attributes that are not fitted ones."""
    return {name: value for name, value in vars(estimator).items() if name[0] != "_" and not _is_fitted(name)}


def with_parameters(estimator: Any, given: Mapping[str, Any]) -> Any:
    """Sets parameters of an estimator and returns it.

    Raises:
        BadInput: if one is no argument of `zoo.fit` for the model, with the nearest that is.
    """
    known = _names(given.get("model", estimator.model))
    for name in given:
        if known and name not in known and name not in parameters(estimator):
            kind = type(estimator).__name__
            raise BadInput(f"{kind} has no parameter {name!r}{did_you_mean(name, sorted(known))}")
    for name, value in given.items():
        setattr(estimator, name, value)
    return estimator


def _is_fitted(name: str) -> bool:
    return name.endswith("_")


def _names(model: Any) -> set[str]:
    """Returns the names of all settings of a model, by any of its recipes; none of a model that is unknown."""
    try:
        recipes = book(_catalogue.resolve(model)).recipes
    except (AttributeError, ValueError):
        return set()
    found = [names for recipe in recipes for names in option_names(recipe).values()]
    return {"model", *_FIT}.union(*found)
