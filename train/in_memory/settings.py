"""Keyword arguments of `zoo.fit` by whose they are: fields of the recipe, options of model, trainer or run."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

from zoo import _catalogue

from .. import tasks, trainers
from ..config.given import no_steps, shorter_warmup
from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..config.schema import recipe_flags
from ..data.class_weights import weights_text
from ..errors import BadInput, ZooError
from ..option_types import did_you_mean
from ..trainers.effects import check_effects

__all__ = ["Settings", "in_python", "option_names", "settings_of"]

_OWN = ("out", "quiet")  # arguments of `zoo.fit` itself
_WHOSE = {
    "recipe": "a field of the recipe",
    "m": "an option of the model",
    "t": "an option of the trainer",
    "run": "an option of the run",
}


class Settings(NamedTuple):
    """Holds a recipe and the options of its run."""

    recipe: Recipe
    options: RunOptions


def option_names(recipe: Recipe) -> dict[str, set[str]]:
    """Returns the names that `zoo.fit` accepts for a recipe, by whose they are: `recipe`, `m`, `t` and `run`."""
    return {
        "recipe": {flag.name for flag in recipe_flags(recipe)},
        "m": {option.name for option in _catalogue.card(recipe.model).options},
        "t": {option.name for option in (*trainers.options(recipe.trainer), *tasks.options(recipe.task))},
        "run": {each.name for each in fields(RunOptions)} - {*_OWN},
    }


def settings_of(recipe: Recipe, given: Mapping[str, Any], *, out: Any = None, quiet: bool = False) -> Settings:
    """Returns a recipe with given values, and the options of the run.

    Args:
        recipe: recipe of the model for the data.
        given: values by name; `m` and `t` hold options of the model and of the trainer in dicts, for a name that is
            ambiguous without them.
        out: folder of the run.
        quiet: whether to print only warnings.

    Raises:
        BadInput: if a name is unknown, with the nearest that is known, or ambiguous, or a value has no effect.

    >>> from zoo.train.config.recipe import recipe_for
    >>> settings_of(recipe_for("mlp"), {"hidden": (8,), "lr": 0.1}).recipe.m["hidden"]
    (8,)
    """
    known = option_names(recipe)
    tables: dict[str, dict[str, Any]] = {name: {} for name in known}
    for table in ("m", "t"):
        tables[table] |= _options(table, given.get(table, {}))
    for name, value in given.items():
        if name not in ("m", "t"):
            tables[_owner(recipe, known, name)][name] = value
    own = tables["recipe"]
    if "class_weights" in own:
        own["class_weights"] = weights_text(own["class_weights"])
    values = {name: getattr(recipe, name) for name in known["recipe"]} | own | no_steps(own)
    values |= shorter_warmup(values, own)
    recipe = replace(recipe, **values, **{name: {**getattr(recipe, name), **tables[name]} for name in ("m", "t")})
    check_effects(recipe, own | {f"{each}.{name}": value for each in "mt" for name, value in tables[each].items()})
    return Settings(recipe, RunOptions(out=out, quiet=quiet, **tables["run"]))


def in_python(error: ZooError) -> ZooError:
    """Returns an error that names arguments of Python in place of flags: `batch_size` for `--batch-size`.

    >>> str(in_python(BadInput("--batch-size must be a whole number, got 0")))
    'batch_size must be a whole number, got 0'
    """
    text = re.sub(r"--(?:no-)?(?:[mt]\.)?([a-z][a-z0-9-]*)", lambda found: found[1].replace("-", "_"), str(error))
    told = type(error)(text)
    for note in getattr(error, "__notes__", ()):
        told.add_note(note)
    return told


def _owner(recipe: Recipe, known: Mapping[str, set[str]], name: str) -> str:
    owners = [table for table, names in known.items() if name in names]
    if len(owners) == 1:
        return owners[0]
    if not owners:
        near = did_you_mean(name, sorted(set().union(*known.values())))
        own = ", ".join(sorted(known["m"] | known["t"])) or "none"
        raise BadInput(f"fit has no argument {name!r} for {recipe.model}{near} (options of model and trainer: {own})")
    whose = " and ".join(_WHOSE[each] for each in owners)
    tables = " or ".join(f"{each}={{{name!r}: ...}}" for each in owners if each in ("m", "t"))
    raise BadInput(f"{name} is {whose}: give {tables}")


def _options(table: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise BadInput(f"{table}= must be a dict of options, got {given!r}")
    return dict(given)
