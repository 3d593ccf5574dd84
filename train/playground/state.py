"""The state of a page as a recipe: model, data and knobs, which are the flags of the command line by their names.

A page sends plain JSON; everything in it is checked here before a run is built. Needs no jax.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

from zoo import _catalogue

from .. import tasks, trainers
from ..config.file import OPTION_TABLES
from ..config.given import no_steps, shorter_warmup
from ..config.recipe import Recipe, book, recipe_for
from ..config.schema import Option, data_flags, model_flags, recipe_flags, task_flags, trainer_flags
from ..config.validate import check_recipe
from ..data.dataset import source
from ..data.sources.playground import SOURCES
from ..errors import BadInput
from ..option_types import coerce, did_you_mean
from ..trainers.effects import check_effects

__all__ = ["DEFAULT", "OWN", "Points", "State", "features", "models", "options", "read_state", "recipe_of", "sets"]

OWN = "points"
"""The name of the data that the user made, in place of a data set."""

_DRAWN = ("binary", "multiclass", "regression", "topographic_map")  # tasks whose outputs or units lie on the plane
_MOST_POINTS, _MOST_EXAMPLES, _MOST_UNITS, _MOST_WEIGHTS = 5000, 10_000, 2000, 1_000_000
_FAR = 1e6  # largest coordinate of a point
_HIDDEN = ("threshold", "fold", "augment", "dtype", "class_weights", "accumulate", "patience", "val_share", "task")


@dataclass(frozen=True)
class Points:
    """Points that a user made.

    Attributes:
        xy: Coordinates of each point.
        label: Class of each point as a text, or its value as a number.
        share: Share of the points that is held out for testing; 0: scores are those of the training points.
    """

    xy: tuple[tuple[float, float], ...]
    label: tuple[str | float, ...]
    share: float = 0.2


@dataclass(frozen=True)
class State:
    """Model, data and knobs of a page: the names and values that its permanent link holds.

    Attributes:
        model: Name of a model.
        dataset: Name of a data set of points, or `OWN`.
        given: Values of knobs by the name of the flag; the others have the values of the recipe of the zoo.
        points: Points that the user made, for `OWN`.
    """

    model: str
    dataset: str
    given: Mapping[str, Any] = field(default_factory=dict)
    points: Points | None = None


DEFAULT = State(
    "mlp",
    "spiral",
    {
        "m.hidden": (8, 8),
        "m.activation": "relu",
        "opt": "adam",
        "lr": 0.01,
        "sched": "constant",
        "batch_size": 10,
    },
)
"""The page without a link."""


@cache
def models() -> dict[str, str]:
    """Returns the models whose result on points can be drawn, each with the first line of its card."""
    found = [name for name in _catalogue.own_names() if "points" in book(name).kinds and sets(name) and _is_drawn(name)]
    return {name: _catalogue.card(name).title for name in found}


def sets(model: str) -> list[str]:
    """Returns the data sets that a model accepts.

    >>> sets("linear")
    ['plane', 'multi_gauss']
    """
    page = book(model)
    return [each.name for each in SOURCES if page.sets_task or each.task in page.tasks]


def _is_drawn(model: str) -> bool:
    """Returns whether the outputs or the samples of a model lie on the plane."""
    recipe = recipe_for(model, sets(model)[0])
    task = recipe.task or source(recipe.dataset).task
    # A density that is learned by gradient is a generator's; the samples of machines of binary units are none.
    return task in _DRAWN or (task == "density" and trainers.traits(recipe.trainer).gradient)


def read_state(found: Any, first: State = DEFAULT) -> State:
    """Checks the state that a page sent; an empty object stands for the first one.

    Raises:
        BadInput: If it has another form, names no such model or data set, or is too large.
    """
    if not isinstance(found, dict) or not set(found) <= {"model", "dataset", "set", "points"}:
        raise BadInput("the state of the playground is an object with model, dataset, set and points")
    if not found:
        return first
    model, dataset, given = (found.get(name) for name in ("model", "dataset", "set"))
    if not isinstance(model, str) or model not in models():
        raise BadInput(f"{str(model)[:40]!r} is no model of the playground{did_you_mean(str(model)[:40], models())}")
    given = {} if given is None else given
    if not isinstance(given, dict) or len(given) > 100:
        raise BadInput("set must be an object of knobs by name")
    if dataset == OWN:
        return State(model, OWN, given, _points(found.get("points")))
    known = [each.name for each in SOURCES]
    if not isinstance(dataset, str) or dataset not in known:
        raise BadInput(f"{str(dataset)[:40]!r} is no data set of the playground; choose from {', '.join(known)}, {OWN}")
    return State(model, dataset, given)


def options(state: State, stock: Recipe) -> dict[str, Option]:
    """Returns the knobs of a state by name; their defaults are the values of the recipe."""
    kind = () if state.points else data_flags(source(stock.dataset), stock.d)
    return {
        flag.name: flag
        for flag in (
            *(flag for flag in recipe_flags(stock) if flag.name not in _HIDDEN),
            *model_flags(_catalogue.card(stock.model), stock.m),
            *kind,
            *trainer_flags(stock.trainer, trainers.options(stock.trainer), stock.t),
            *task_flags(stock.task, tasks.options(stock.task), stock.t),
        )
    }


def recipe_of(state: State, stock: Recipe | None = None) -> Recipe:
    """Returns the recipe of a state.

    Args:
        state: The state.
        stock: Recipe of the zoo for the points that the user made; None: that for the data set.

    Raises:
        BadInput: If a knob does not exist, has a bad value or no effect, or the model would be too large.
    """
    stock = stock or recipe_for(state.model, state.dataset)
    flags, given = options(state, stock), {}
    for name, value in state.given.items():
        if name == "d.features" and state.points:
            continue  # computed where the points are read
        if name not in flags:
            raise BadInput(f"{stock.model} has no knob {name[:40]!r}{did_you_mean(name[:40], flags)}")
        given[name] = coerce(flags[name].kind, value, flags[name].flag)
    values = {name: flag.default for name, flag in flags.items()} | given | no_steps(given)
    values |= shorter_warmup(values, given)
    tables = {
        table: {**getattr(stock, table), **{name[2:]: each for name, each in values.items() if name[:2] == f"{table}."}}
        for table in OPTION_TABLES
    }
    own = {name: value for name, value in values.items() if "." not in name}
    recipe = replace(stock, **own, **tables, expect=None)
    check_recipe(recipe)
    trainers.check_recipe(recipe)
    check_effects(recipe, {name: value for name, value in given.items() if value != flags[name].default})
    _check_size(recipe)
    return recipe


def features(state: State) -> tuple[str, ...]:
    """Returns the names of the features that the model reads."""
    return coerce(tuple[str, ...], state.given.get("d.features", ("x", "y")), "--d.features")


def _check_size(recipe: Recipe) -> None:
    """Refuses what would take the memory or the time of others."""
    widths = [each for value in recipe.m.values() for each in (value if isinstance(value, tuple) else (value,))]
    numbers = [each for each in widths if isinstance(each, int) and not isinstance(each, bool)]
    if any(each > _MOST_UNITS for each in numbers) or len(numbers) > 40:
        raise BadInput(f"the playground draws models of at most {_MOST_UNITS:,} units a layer and 40 layers")
    hidden = recipe.m.get("hidden", ())
    hidden = hidden if isinstance(hidden, tuple) else (hidden,)
    if sum(a * b for a, b in pairwise(hidden)) > _MOST_WEIGHTS:
        raise BadInput(f"the playground trains at most {_MOST_WEIGHTS:,} weights: take narrower layers (--m.hidden)")
    if recipe.m.get("rows", 1) * recipe.m.get("columns", 1) > _MOST_UNITS:
        raise BadInput(f"the playground draws maps of at most {_MOST_UNITS:,} units")
    if recipe.d.get("examples", 0) > _MOST_EXAMPLES or recipe.batch_size > _MOST_EXAMPLES:
        raise BadInput(f"the playground draws at most {_MOST_EXAMPLES:,} examples")


def _points(found: Any) -> Points:
    if not isinstance(found, dict) or not set(found) <= {"xy", "label", "share"}:
        raise BadInput("points must be an object with xy, label and share")
    xy, label, share = found.get("xy"), found.get("label"), found.get("share", 0.2)
    if not isinstance(xy, list) or not isinstance(label, list) or len(xy) != len(label):
        raise BadInput("points need xy and label, two lists of the same length")
    if not 2 <= len(xy) <= _MOST_POINTS:
        raise BadInput(f"give 2 to {_MOST_POINTS:,} points, got {len(xy):,}")
    if not (_is_number(share) and 0 <= share <= 0.9):
        raise BadInput("the share of test points must be a number from 0 to 0.9")
    for i, place in enumerate(xy):
        if not (isinstance(place, list) and len(place) == 2 and all(_is_number(each) for each in place)):
            raise BadInput(f"point {i} (counted from 0) must be two numbers from {-_FAR:g} to {_FAR:g}")
    texts = all(isinstance(each, str) and 0 < len(each) <= 40 for each in label)
    if not texts and not all(_is_number(each) for each in label):
        raise BadInput("labels must all be texts of 1 to 40 characters, or all numbers")
    return Points(tuple((float(x), float(y)) for x, y in xy), tuple(label), float(share))


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) <= _FAR
    )
