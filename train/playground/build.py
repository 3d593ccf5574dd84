"""Builds the run of a page's state; states that differ in numbers or noise alone share their compiled programs."""

from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from threading import Lock

import jax
import numpy as np

from ..config.recipe import Recipe, recipe_for
from ..data.dataset import Place, Split, load_data
from ..distributed.sharding import data_parallel
from ..engine.evaluate import Evaluator
from ..errors import BadInput
from ..pipeline.splits import preprocessed
from ..runs.setup import Setup, setup
from ..trainers import traits
from ..trainers.numbers import NUMBERS
from .own.points import Points, features_given
from .state import State, recipe_of, stage
from .views.patterns import PatternsView
from .views.plane import Plane, PlaneView
from .views.series import SeriesView
from .views.view import View

__all__ = ["Built", "build"]

_KEPT = 16  # programs that stay compiled
_EDGE = 6.0  # of the square on which the data sets lie
_MOST_WEIGHTS = 2_000_000  # of a model with its layers that no knob counts


@dataclass(frozen=True)
class Built:
    """A run that can be stepped and drawn.

    Attributes:
        state: State of the page.
        stock: Recipe of the zoo that the knobs start from.
        parts: Parts of the run.
        view: What is drawn of it.
        program: Text of all that decides the compiled programs and the shapes of the fit.
        scores: Evaluators of the training and of the test examples.
        notes: Lines on what was assumed of the data.
    """

    state: State
    stock: Recipe
    parts: Setup
    view: View
    program: str
    scores: dict[str, Evaluator]
    notes: tuple[str, ...]

    def continues(self, other: "Built") -> bool:
        """Returns whether the fit of another run can go on with these parts."""
        same = (self.state.model, self.state.dataset, self.parts.recipe.seed)
        return self.program == other.program and same == (
            other.state.model,
            other.state.dataset,
            other.parts.recipe.seed,
        )


_BUILT: OrderedDict[str, Built] = OrderedDict()
_LOCK = Lock()


def build(state: State) -> Built:
    """Builds the run of a state, with the compiled programs of an earlier one where they are the same.

    Raises:
        BadInput: If model, data and knobs do not go together.
    """
    notes: list[str] = []
    opened = state.own and state.own.opened(state.model, state.given)
    stock = opened.recipe if opened else recipe_for(state.model, state.dataset)
    recipe = recipe_of(state, stock)
    gradient = traits(recipe.trainer).gradient
    parts = setup(
        recipe,
        Place(print_fn=notes.append),
        sharding=data_parallel(jax.devices()[:1]),
        own=opened and replace(opened, recipe=recipe),
        score_samples=False,
        numbers=NUMBERS if gradient else (),
    )
    _check_weights(parts)
    test = parts.evaluations["test"]
    scores = {"train": test.on(_as_scored(parts)), "test": test}
    built = Built(state, stock, parts, _view(state, parts), _program(parts), scores, tuple(notes))
    return _shared(built) if gradient else built


def _view(state: State, parts: Setup) -> View:
    """Returns what draws the fits of a run, by the kind of its data."""
    kind = stage(state.dataset)
    if kind != Points.NAME:
        return {"series": SeriesView, "patterns": PatternsView}[kind](parts)
    if isinstance(state.own, Points):
        xy, edge = state.own.splits()[0], 0.0
    else:
        xy, edge = _coordinates(parts.recipe), _EDGE
    plane = Plane.around(np.concatenate([*xy.values()]), features_given(state.given), edge)
    return PlaneView(parts, plane, xy)


def _as_scored(parts: Setup) -> Split:
    """Returns the training examples in the form of the test examples: windows of a relative series are changes."""
    return preprocessed(parts.data, parts.data.train, None)["train"]


def _check_weights(parts: Setup) -> None:
    """Refuses a model whose weights would take the memory or the time of others.

    Raises:
        BadInput: If it has too many.
    """
    x = jax.ShapeDtypeStruct((1, *parts.example.shape), parts.example.dtype)
    params = jax.eval_shape(parts.model.init, jax.random.key(0), x)[0]
    count = sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(params))
    if count > _MOST_WEIGHTS:
        raise BadInput(
            f"the model has {count:,} weights, the playground trains at most {_MOST_WEIGHTS:,}: make it narrower"
        )


def _coordinates(recipe: Recipe) -> dict[str, np.ndarray]:
    """Returns the coordinates of the examples of a data set, whatever features the model reads."""
    data = load_data(recipe.dataset, Place(), {**recipe.d, "features": ("x", "y")})
    return {"train": data.train.x.astype(np.float64), "test": data.test.x.astype(np.float64)}


def _program(parts: Setup) -> str:
    """Returns a text of all that decides the programs of a run; numbers, seed and values of the data do not."""
    numbers = dict.fromkeys(parts.trainer.numbers, 0)
    recipe = asdict(replace(parts.recipe, seed=0, dataset="", d={}, **numbers))
    shapes = [each.shape for split in (parts.data.train, parts.data.test) for each in (split.x, split.y)]
    about = (shapes, parts.data.relative, parts.task.name, parts.made_for)
    return repr((sorted(recipe.items(), key=str), sorted(numbers), *about))


def _shared(built: Built) -> Built:
    """Returns a run with the programs of an earlier one; the least recently used ones are forgotten."""
    with _LOCK:
        other = _BUILT.pop(built.program, None)
        if other is not None:
            built = replace(built, parts=built.parts.like(other.parts))
            built.view.share(other.view)
            for name, score in built.scores.items():
                score.share(other.scores[name])
        _BUILT[built.program] = built  # the newest: only that is compiled further
        while len(_BUILT) > _KEPT:
            _BUILT.popitem(last=False)
    return built
