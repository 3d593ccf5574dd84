"""Opens the playground at a run: the recipe of its model file as a state, and its weights."""

from dataclasses import fields
from typing import Any

from ..config.recipe import Recipe, recipe_for
from ..engine.stepper import LoopState
from ..errors import BadInput
from ..runs.warm_start import warm_start
from ..trained.file import header, locate
from .build import Built
from .state import State, models, options, recipe_of, sets

__all__ = ["start_of", "state_of"]


def start_of(run: str, built: Built) -> LoopState:
    """Returns the state of the loop that begins with the weights of a run."""
    return warm_start(locate(run), built.parts)[0]


def state_of(run: str) -> State:
    """Returns the state of a run: model, data set and all values that differ from the recipe of the zoo.

    Raises:
        BadInput: If the run is not one of the playground.
        CheckpointUnusable: If there is no such run.
    """
    about = header(locate(run))
    model, dataset = about["model"], about["dataset"]
    if dataset not in sets(model):
        which = f"of {model} on {', '.join(sets(model))}" if sets(model) else f"of {', '.join(models())}"
        raise BadInput(f"{run} holds {model} on {dataset}: the playground opens runs {which}")
    return State(model, dataset, _given(about["recipe"], recipe_for(model, dataset)))


def _given(recipe: dict[str, Any], stock: Recipe) -> dict[str, Any]:
    own = {each.name for each in fields(Recipe)}
    found = {name: value for name, value in recipe.items() if name in own and name not in ("m", "d", "t")}
    found |= {f"{table}.{name}": value for table in "mdt" for name, value in recipe.get(table, {}).items()}
    flags = options(State(stock.model, stock.dataset), stock)
    given = {name: value for name, value in found.items() if name in flags and not _same(value, flags[name].default)}
    if given.get("steps") is not None:
        given.pop("epochs", None)
    recipe_of(State(stock.model, stock.dataset, given))  # refuses what the playground cannot show
    return given


def _same(value: Any, default: Any) -> bool:
    return (tuple(value) if isinstance(value, list) else value) == default
