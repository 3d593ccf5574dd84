"""Builds the run of a page's state; states that differ in numbers or noise alone share their compiled programs."""

from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from threading import Lock

import jax
import numpy as np

from ..config.recipe import Recipe, recipe_for
from ..data.dataset import Place, load_data
from ..data.sources.playground import features_of
from ..data.split import Split, train_val_split
from ..distributed.sharding import data_parallel
from ..engine.evaluate import Evaluator
from ..pipeline.arrays import GivenArrays, OpenArrays
from ..runs.setup import Setup, setup
from ..trainers import traits
from ..trainers.numbers import NUMBERS
from .state import Points, State, features, recipe_of
from .view import Plane, View

__all__ = ["Built", "build", "own_splits"]

_KEPT = 16  # programs that stay compiled
_EDGE = 6.0  # of the square on which the data sets lie
_SEED = 0  # of the split of own points


@dataclass(frozen=True)
class Built:
    """A run that can be stepped and drawn.

    Attributes:
        state: State of the page.
        stock: Recipe of the zoo that the knobs start from.
        parts: Parts of the run.
        view: What is drawn of it.
        program: Text of all that decides the compiled programs and the shapes of the fit.
        xy: Coordinates of the training and of the test examples (n, 2), by split.
        scores: Evaluators of the training and of the test examples.
        notes: Lines on what was assumed of the data.
    """

    state: State
    stock: Recipe
    parts: Setup
    view: View
    program: str
    xy: dict[str, np.ndarray]
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
    stock, opened, xy = _data(state)
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
    xy = xy or _coordinates(recipe)
    test = parts.evaluations["test"]
    plane = Plane.around(np.concatenate([*xy.values()]), features(state), _EDGE if opened is None else 0.0)
    built = Built(
        state, stock, parts, View(parts, plane), _program(parts), xy,
        {"train": test.on(parts.data.train), "test": test}, tuple(notes),
    )  # fmt: skip
    return _shared(built) if gradient else built


def own_splits(points: Points) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Returns the coordinates and the labels of a user's training and test points, by split."""
    xy = np.asarray(points.xy, np.float64)
    label = np.asarray(points.label)
    numbers = np.unique(label, return_inverse=True)[1].astype(np.int32) if label.dtype.kind == "U" else label
    if not points.share:
        return {"train": xy, "test": xy}, {"train": label, "test": label}
    parts = train_val_split(Split(np.arange(len(xy)), numbers), points.share, _SEED)
    train, test = (part.x for part in parts)
    return {"train": xy[train], "test": xy[test]}, {"train": label[train], "test": label[test]}


def _data(state: State) -> tuple[Recipe, OpenArrays | None, dict[str, np.ndarray]]:
    """Returns the recipe of the zoo for the data of a state, and own points with their coordinates."""
    if state.points is None:
        return recipe_for(state.model, state.dataset), None, {}
    names = features(state)
    xy, label = own_splits(state.points)
    x = {name: features_of(each, names) for name, each in xy.items()}
    given = GivenArrays(x["train"], label["train"], (x["test"], label["test"]))
    kind, data = given.described(state.model, "")
    data = replace(data, features=names)
    stock = replace(recipe_for(state.model, kind), dataset=kind.name, d={}, expect=None)
    return stock, OpenArrays(kind, data, stock), xy


def _coordinates(recipe: Recipe) -> dict[str, np.ndarray]:
    """Returns the coordinates of the examples of a data set, whatever features the model reads."""
    data = load_data(recipe.dataset, Place(), {**recipe.d, "features": ("x", "y")})
    return {"train": data.train.x.astype(np.float64), "test": data.test.x.astype(np.float64)}


def _program(parts: Setup) -> str:
    """Returns a text of all that decides the programs of a run; numbers, seed and values of the data do not."""
    numbers = dict.fromkeys(parts.trainer.numbers, 0)
    recipe = asdict(replace(parts.recipe, seed=0, dataset="", d={}, **numbers))
    shapes = [each.shape for split in (parts.data.train, parts.data.test) for each in (split.x, split.y)]
    return repr((sorted(recipe.items(), key=str), sorted(numbers), shapes, parts.task.name, parts.made_for))


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
