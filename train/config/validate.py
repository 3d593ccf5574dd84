"""Checks the values of a recipe before anything is loaded. Needs neither jax nor numpy."""

from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, get_type_hints

from ..data.augmentation.plan import parse_augment
from ..data.class_weights import parse_weights, weights_text
from ..data.split import parse_fold
from ..errors import BadInput
from ..option_types import coerce
from .recipe import Recipe

__all__ = ["check_recipe", "plain_recipe"]

_TABLES = ("m", "d", "t", "expect")


def plain_recipe(recipe: Recipe) -> Recipe:
    """Returns a recipe given in Python with plain values in place of numpy's, checked.

    Raises:
        BadInput: if it is no recipe, or has a bad value.

    >>> try:
    ...     plain_recipe("mlp")
    ... except BadInput as error:
    ...     print(error)
    the recipe must be a Recipe, got 'mlp': give recipe_for('mlp')
    """
    if not isinstance(recipe, Recipe):
        cure = f": give recipe_for({recipe!r})" if isinstance(recipe, str) else ""
        raise BadInput(f"the recipe must be a Recipe, got {recipe!r}{cure}")
    for name in ("m", "d", "t"):
        if not isinstance(getattr(recipe, name), Mapping):
            raise BadInput(f"{name} of the recipe must be a dict of options, got {getattr(recipe, name)!r}")
    recipe = replace(recipe, class_weights=weights_text(recipe.class_weights))
    values = {each.name: _plain(getattr(recipe, each.name)) for each in fields(recipe)}
    found = replace(recipe, **values)
    check_recipe(found)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return _plain(value.tolist()) if hasattr(value, "tolist") else value


def check_recipe(recipe: Recipe) -> None:
    """Raises BadInput for the first bad value of a recipe, with its flag, the value and the values that are accepted.

    The options of model, data set and trainer are checked by those. Numbers that are arguments of a program are not
    known when it is traced; they were checked with the recipe that they come from.

    >>> try:
    ...     check_recipe(Recipe("mlp", "iris", batch_size=0))
    ... except BadInput as error:
    ...     print(error)
    --batch-size must be a whole number of at least 1, got 0
    """
    kinds = get_type_hints(Recipe, include_extras=True)
    for name in (each.name for each in fields(recipe) if each.name not in _TABLES):
        flag = "--" + name.replace("_", "-")
        value = getattr(recipe, name)
        if hasattr(value, "aval"):  # of jax, which is not imported for a check
            continue
        if coerce(kinds[name], value, flag) is None and value is not None:
            raise BadInput(f"{flag} must be None, not the text {value!r}")
    if recipe.steps is None and recipe.warmup_epochs >= recipe.epochs:
        raise BadInput(
            f"--warmup-epochs must be less than --epochs {recipe.epochs:g}, got {recipe.warmup_epochs:g}: "
            "the learning rate would never be reached"
        )
    at = tuple(f"{each:g}" for each in recipe.step_at)
    if any(late <= early for early, late in pairwise(recipe.step_at)):
        rising = " ".join(sorted(set(at), key=float))
        raise BadInput(f"--step-at {' '.join(at)}: the epochs must rise, as in --step-at {rising}")
    parse_augment(recipe.augment)
    parse_weights(recipe.class_weights)
    parse_fold(recipe.fold)
    if recipe.sched == "plateau" and recipe.decay == 1:
        raise BadInput("--decay must be below 1 with --sched plateau, got 1: the learning rate would never fall")
