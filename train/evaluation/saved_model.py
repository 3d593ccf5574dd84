"""A saved model scored anew: on its own test examples, or on those of another data set that fits it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from .. import trainers
from ..config.recipe import Recipe
from ..data.dataset import Dataset, Place, Source, Split, load_data, source
from ..data.vocabulary import Vocabulary
from ..data.windows import differenced
from ..distributed.sharding import data_parallel
from ..engine.evaluate import Evaluator
from ..errors import BadInput
from ..trained.build import ModelSpec
from ..trained.model import Trained
from .report import answered, detailed
from .sample_score_for import sample_score_for
from .task_for_data import task_for_data

__all__ = ["Evaluation", "evaluated", "score"]

_DETAILED = ("binary", "multiclass", "tagging", "regression")


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on a data set.

    Attributes:
        dataset: its name.
        examples: how many were scored; of a text, its tokens.
        metrics: as in the rows of `metrics.jsonl`.
        details: `classes` (precision, recall, f1, support, each by class) and `confusion`; of a regression its
            r2, rmse and mae in float64.
        notes: what is to be known of it.
    """

    dataset: str
    examples: int
    metrics: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def evaluated(
    trained: Trained,
    dataset: str = "",
    place: Place = Place(),  # noqa: B008
    options: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Scores a model on the test examples of a data set.

    Args:
        trained: the model.
        dataset: its name; "" takes that of the training, where the figures are those of the run.
        place: where data files are looked for.
        options: of the data set, instead of those of the training or of another set's own defaults.

    Raises:
        BadInput: if the model cannot read that data, or its answers mean something else there.
        DataUnavailable: if the data cannot be had.

    >>> from .saved import load
    >>> evaluated(load("mlp-iris")).examples
    30
    """
    own = dataset in ("", trained.about["dataset"])
    name = dataset or trained.about["dataset"]
    usual = _options(trained, source(name), own)
    changed = {option: value for option, value in (options or {}).items() if value != usual.get(option, value)}
    kind = source(name)
    data, notes = _suited(trained, kind, load_data(name, place, usual | dict(options or {})))
    if own and changed:
        flags = ", ".join(f"--d.{option} {value}" for option, value in changed.items())
        notes = (*notes, f"with {flags} some of these examples may be among those that the model has learned from")
    details = detailed(data, *answered(trained, data)) if trained.task.name in _DETAILED else {}
    return Evaluation(name, len(data.test.x), score(trained, kind, data, place), details, notes)


def score(trained: Trained, kind: Source, data: Dataset, place: Place = Place()) -> dict[str, float]:  # noqa: B008
    """The metrics of a model on the test examples of loaded data that fits it, by its trainer's own `evaluate`."""
    about, scalers = trained.about, (trained.scaler, trained.target_scaler)
    known = {each.name for each in fields(Recipe)} - {"expect"}
    recipe = Recipe(**{name: value for name, value in about["recipe"].items() if name in known})
    if about["task"] == "generation":  # the data's scale belongs to what is made
        scalers = (trained.target_scaler, None)
    what = task_for_data(
        trained.model,
        recipe,
        kind,
        data,
        ModelSpec.of(about["made_for"]),
        scalers,
        partial(sample_score_for, say=place.say),
    )
    here = data_parallel(jax.local_devices())
    trainer = trainers.make(trained.model, what.task, trainers.Run(recipe, 1000, 100, here))  # takes no step
    cut = None
    if data.task == "language":
        from ..pipeline.text import scoring_windows as cut
    fit = {"params": trained.params, "state": trained.state}
    split = differenced(data.test) if data.relative else data.test
    evaluate = Evaluator(trainer, split, *scalers, here, cut)
    return evaluate(fit, jax.random.key(recipe.seed), int(about["metrics"].get("step", 0)))


def _options(trained: Trained, kind: Source, own: bool) -> dict[str, Any]:
    """Those that make the data fit: of the own set all, of another series the window and the horizon."""
    if own:
        return dict(trained.about["recipe"]["d"])
    if kind.kind == "series" == trained.about["kind"]:
        return {
            "window": trained.input_shape[0],
            "horizon": trained.about["made_for"]["outputs"],
            "relative": trained.about.get("relative", False),
        }
    return {}


def _suited(trained: Trained, kind: Source, data: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    about, free = trained.about, int(trained.about["kind"] in ("sequence", "text"))
    if about["task"] == "generation":
        return _like_what_is_made(trained, kind, data)
    if data.task != about["task"]:
        raise BadInput(f"{kind.name} is a {data.task} task, {about['model']} was trained for {about['task']}")
    if data.task == "language":
        return _retold(data, Vocabulary(tuple(about["vocabulary"]))), ()
    here, there = data.test.x.shape[1:], trained.input_shape
    if here[free:] != there[free:] or len(here) != len(there) or data.vocabulary != tuple(about["vocabulary"]):
        raise BadInput(
            f"an example of {kind.name} has shape {_sizes(here)}, and {about['model']}, trained on {about['dataset']}, "
            f"reads {_sizes(there)}"
        )
    outputs = data.outputs or kind.outputs
    if outputs != about["made_for"]["outputs"]:
        raise BadInput(
            f"{kind.name} has {outputs} {'classes' if data.classes else 'values'} to tell, and {about['model']}, "
            f"trained on {about['dataset']}, tells {about['made_for']['outputs']}"
        )
    return data, _notes(trained, data)


def _like_what_is_made(trained: Trained, kind: Source, data: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    here, made = data.test.x.shape[1:], tuple(trained.about["made_for"]["shape"])
    if here != made:
        raise BadInput(
            f"an example of {kind.name} has shape {_sizes(here)}, {trained.about['model']} makes {_sizes(made)}"
        )
    return data, _notes(trained, data)


def _notes(trained: Trained, data: Dataset) -> tuple[str, ...]:
    """Where names differ, the same place may mean something else; that is for a person to judge."""
    pairs = (("classes", trained.classes, data.classes), ("columns", tuple(trained.about["features"]), data.features))
    return tuple(
        f"the {what} of {data.name} are {', '.join(here[:5])}, those of the training {', '.join(there[:5])}: "
        "they are taken in their order"
        for what, there, here in pairs
        if here != there
    )


def _retold(data: Dataset, known: Vocabulary) -> Dataset:
    """The same text in the numbers of another vocabulary."""
    if data.vocabulary == known.tokens:
        return data
    told = Vocabulary(data.vocabulary)
    if told.level != known.level:
        raise BadInput(
            f"the model reads {known.level}, {data.name} is made of {told.level}: give --d.level {known.level}"
        )
    try:
        tokens = known.encode(told.decode([*data.test.x.tolist(), int(data.test.y[-1])]))
    except BadInput as error:
        raise BadInput(f"{data.name}, in the last tenth, which is scored: {error}") from None
    return replace(data, test=Split(tokens[:-1], tokens[1:]), vocabulary=known.tokens)


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, np.atleast_1d(shape)))
