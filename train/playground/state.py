"""The state of a page as a recipe: model, data and knobs, which are the flags of the command line by their names.

A page sends plain JSON; everything in it is checked here before a run is built. Needs no jax.
"""

import math
from collections.abc import Callable, Mapping
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
from ..data.dataset import Source, source
from ..data.sources import sources
from ..errors import BadInput
from ..option_types import coerce, did_you_mean, keyword_types
from ..trainers.effects import check_effects
from .own.patterns import Patterns
from .own.points import Points
from .own.series import Series

__all__ = ["DEFAULT", "OWN", "State", "models", "options", "own_data", "read_state", "recipe_of", "sets", "stage"]

OWN: Mapping[str, type[Points | Series | Patterns]] = {kind.NAME: kind for kind in (Points, Series, Patterns)}
"""What a user can make on the page in place of a data set, by its name."""

_STAGES = {"points": Points.NAME, "series": Series.NAME, "image": Patterns.NAME}  # by the kind of the data
_PLANE = ("binary", "multiclass", "regression", "topographic_map")  # tasks whose outputs or units lie on the plane
_FORECASTS = ("regression", "forecast")
_MOST_EXAMPLES, _MOST_UNITS, _MOST_WEIGHTS, _MOST_CELLS = 10_000, 2000, 1_000_000, 100
_MOST_NUMBERS = 5_000_000  # of the windows of a series
_SUITS: Mapping[str, Callable[[Source], bool]] = {
    "points": lambda data: "features" in keyword_types(data.load),
    "series": lambda data: "file" not in keyword_types(data.load),
    "image": lambda data: len(data.shape) == 3 and data.shape[2] == 1 and math.prod(data.shape) <= _MOST_CELLS,
}
_HIDDEN = ("threshold", "fold", "augment", "dtype", "class_weights", "accumulate", "patience", "val_share", "task")


@dataclass(frozen=True)
class State:
    """Model, data and knobs of a page: the names and values that its permanent link holds.

    Attributes:
        model: Name of a model.
        dataset: Name of a data set, or of data that the user made, one of `OWN`.
        given: Values of knobs by the name of the flag; the others have the values of the recipe of the zoo.
        own: What the user made; None: the data set is one of the zoo.
    """

    model: str
    dataset: str
    given: Mapping[str, Any] = field(default_factory=dict)
    own: Points | Series | Patterns | None = None


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
    """Returns the models whose result on some data can be drawn, each with the first line of its card."""
    return {name: _catalogue.card(name).title for name in _catalogue.own_names() if sets(name)}


@cache
def sets(model: str) -> tuple[str, ...]:
    """Returns the data sets on which the result of a model can be drawn, those of its own recipes first.

    >>> sets("linear"), sets("hopfield")
    (('plane', 'multi_gauss'), ('digits', 'bars_and_stripes'))
    """
    page = book(model)
    found = [each.name for each in _small() if each.kind in page.kinds and _is_drawn(model, each)]
    own = [recipe.dataset for recipe in page.recipes]
    return tuple(sorted(found, key=lambda name: own.index(name) if name in own else len(own)))


@cache
def own_data(model: str) -> tuple[str, ...]:
    """Returns what a user can make for a model, names of `OWN`."""
    return tuple(dict.fromkeys(_STAGES[source(name).kind] for name in sets(model)))


@cache
def stage(dataset: str) -> str:
    """Returns how a data set is drawn: on the plane (points), over time (series), or as small pictures (patterns)."""
    return dataset if dataset in OWN else _STAGES[source(dataset).kind]


@cache
def _small() -> tuple[Source, ...]:
    """Returns the data sets that can be drawn: points with features, series without a file, and small grey pictures."""
    return tuple(each for each in sources().values() if each.kind in _STAGES and _SUITS[each.kind](each))


def _is_drawn(model: str, data: Source) -> bool:
    """Returns whether the page has a way to draw what a model learns from a data set."""
    page = book(model)
    if not page.sets_task and data.task not in page.tasks:
        return False
    recipe = recipe_for(model, data.name)
    task, gradient = recipe.task or data.task, trainers.traits(recipe.trainer).gradient
    if data.kind == "points":
        # A density that is learned by gradient is a generator's; the samples of machines of binary units are none.
        return task in _PLANE or (task == "density" and gradient)
    if data.kind == "series":
        return task in _FORECASTS
    # Of machines only those with recipes for such pictures: others have too many units to be enumerated, or too few.
    suits = {each.dataset for each in page.recipes} & {each.name for each in _small() if each.kind == "image"}
    return bool(suits) and (task == "recall" or (task == "density" and not gradient))


def read_state(found: Any, first: State = DEFAULT) -> State:
    """Checks the state that a page sent; an empty object stands for the first one.

    Raises:
        BadInput: If it has another form, names no such model or data set, or is too large.
    """
    if not isinstance(found, dict) or not set(found) <= {"model", "dataset", "set", *OWN}:
        raise BadInput(f"the state of the playground is an object with model, dataset, set and one of {', '.join(OWN)}")
    if not found:
        return first
    model, dataset, given = (found.get(name) for name in ("model", "dataset", "set"))
    if not isinstance(model, str) or model not in models():
        raise BadInput(f"{str(model)[:40]!r} is no model of the playground{did_you_mean(str(model)[:40], models())}")
    given = {} if given is None else given
    if not isinstance(given, dict) or len(given) > 100:
        raise BadInput("set must be an object of knobs by name")
    known = (*sets(model), *own_data(model))
    if not isinstance(dataset, str) or dataset not in known:
        raise BadInput(
            f"{str(dataset)[:40]!r} is no data set of {model} in the playground; choose from {', '.join(known)}"
        )
    return State(model, dataset, given, OWN[dataset].read(found.get(dataset)) if dataset in OWN else None)


def options(state: State, stock: Recipe) -> dict[str, Option]:
    """Returns the knobs of a state by name; their defaults are the values of the recipe."""
    kind = state.own.flags(stock) if state.own else data_flags(source(stock.dataset), stock.d)
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
        stock: Recipe of the zoo for the data that the user made; None: that for the data set.

    Raises:
        BadInput: If a knob does not exist, has a bad value or no effect, or the model would be too large.
    """
    stock = stock or recipe_for(state.model, state.dataset)
    flags, given = options(state, stock), {}
    for name, value in state.given.items():
        if name == "d.features" and isinstance(state.own, Points):
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
    copies = recipe.d.get("copies", 0) << (recipe.d.get("side", 0) + 1)  # of every pattern of bars or stripes
    if max(recipe.d.get("examples", 0), recipe.d.get("steps", 0), copies, recipe.batch_size) > _MOST_EXAMPLES:
        raise BadInput(f"the playground draws at most {_MOST_EXAMPLES:,} examples")
    if recipe.d.get("steps", 0) * (recipe.d.get("window", 0) + recipe.d.get("horizon", 0)) > _MOST_NUMBERS:
        raise BadInput("the windows of the series are too many and too long: reduce steps, window or horizon")
