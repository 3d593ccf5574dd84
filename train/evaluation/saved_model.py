"""Evaluates a saved model on its own test examples, or on those of another data set of the same form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from .. import trainers
from ..config.recipe import Recipe
from ..data.dataset import Dataset, Place, Source, Split, load_data, source
from ..data.split import of_fold
from ..data.vocabulary import Vocabulary
from ..data.windows import differenced
from ..distributed.sharding import Sharding, data_parallel
from ..engine.evaluate import Evaluator
from ..errors import BadInput
from ..pipeline.splits import check_split, validation_split
from ..pipeline.stored import stored_examples
from ..tasks.task import Task
from ..trained.build import ModelSpec
from ..trained.model import Trained
from .baseline import described_baseline, score_baseline
from .report import baseline_measures, details
from .sample_score_for import sample_score_for
from .scored_examples import recipe_of, scored_examples
from .task_for_data import task_for_data, task_name

__all__ = ["Evaluation", "evaluate", "evaluator_of", "score", "scored"]

_STEPS, _STEPS_PER_EPOCH = 1000, 100  # of a trainer that takes no step


@dataclass(frozen=True)
class Evaluation:
    """Scores of a model on a data set.

    Attributes:
        dataset: name of the data set.
        examples: number of scored examples, of a text its tokens.
        metrics: the same as in the rows of `metrics.jsonl`.
        details: scores in detail, for a classification `classes` (precision, recall, f1, support, each by class) and
            `confusion`, for a regression r2, rmse and mae in float64.
        notes: differences between the data and those of the training.
        baseline: name and metrics of the trivial baseline on the same examples; empty if there is none.
        data: the data, whose test split was scored.
    """

    dataset: str
    examples: int
    metrics: Mapping[str, float]
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    baseline: Mapping[str, Any] = field(default_factory=dict)
    data: Dataset | None = None


def evaluate(
    trained: Trained,
    dataset: str = "",
    place: Place = Place(),  # noqa: B008
    options: Mapping[str, Any] | None = None,
    whole: bool = False,
) -> Evaluation:
    """Evaluates a model on the test examples of a data set.

    Args:
        trained: the model.
        dataset: name of the data set; "": that of the training, where the metrics are those of the run.
        place: folder of data files.
        options: options of the data set, instead of those of the training or of another set's defaults.
        whole: whether to score all examples, instead of the test split alone.

    Returns:
        The scores, with notes on differences from the data of the training: if the examples are not the same, a split
        drawn by chance holds others than before.

    Raises:
        BadInput: if the model cannot read the data, or its outputs mean something else there.
        DataUnavailable: if the data cannot be loaded.

    >>> from zoo.train.trained.model import load
    >>> evaluate(load("mlp-iris")).examples
    30
    """
    own = dataset in ("", trained.about["dataset"])
    name = dataset or trained.about["dataset"]
    usual = _options(trained, source(name), own)
    changed = {option: value for option, value in (options or {}).items() if value != usual.get(option, value)}
    kind = source(name)
    usual |= dict(options or {})
    loaded = load_data(name, replace(place, about=trained.about), usual)
    loaded = _as_in_training(recipe_of(trained), kind, loaded) if own else loaded
    found = scored_examples(trained, kind, loaded, usual, changed, whole=whole)
    data, notes = _suited(trained, kind, found.data)
    notes = (*notes, *found.notes)
    task, evaluator = _evaluator(trained, kind, data, place)
    baseline = _baseline(trained, kind, loaded, own)
    beside: dict[str, Any] = {}
    if baseline is not None:
        shape, each = trained.input_shape if task.units == "example" else (-1,), trained.about["made_for"]["each"]
        beside = {"name": baseline["name"], "metrics": score_baseline(baseline, task, evaluator, shape, per_step=each)}
        if task.measures:
            beside["measures"] = baseline_measures(task, data, baseline)
    scores = scored(trained, evaluator)
    return Evaluation(name, len(data.test.x), scores, details(trained, data), notes, beside, data)


def _as_in_training(recipe: Recipe, kind: Source, data: Dataset) -> Dataset:
    """Returns loaded data with the split of the run that trained a model on them."""
    data, options = of_fold(data, kind.kind, recipe.fold), trainers.stored(recipe)
    return stored_examples(recipe, data, options) if options else data


def score(trained: Trained, kind: Source, data: Dataset, place: Place = Place()) -> dict[str, float]:  # noqa: B008
    """Computes the metrics of a model on the test examples of loaded data, by its trainer's own `evaluate`.

    Args:
        trained: the model.
        kind: source of the data.
        data: loaded data that fit the model.
        place: folder of data files.

    Raises:
        BadInput: if a number of the examples or targets is not finite.
    """
    return scored(trained, evaluator_of(trained, kind, data, place))


def evaluator_of(trained: Trained, kind: Source, data: Dataset, place: Place = Place()) -> Evaluator:  # noqa: B008
    """Returns the evaluator of a model on the test examples of loaded data; arguments and errors as in `score`."""
    return _evaluator(trained, kind, data, place)[1]


def _evaluator(trained: Trained, kind: Source, data: Dataset, place: Place) -> tuple[Task, Evaluator]:
    """Returns the task of a model on data, and its evaluator on the test examples."""
    check_split(data.test, f"{data.name}, split test")
    about, recipe = trained.about, recipe_of(trained)
    scalers = (trained.scaler, trained.target_scaler)
    if trained.task.units == "example":  # one scale for the outputs and the real examples
        scalers = (trained.target_scaler, None)
    spec = ModelSpec.of(about["made_for"])
    score_samples = partial(sample_score_for, print_fn=place.print_fn)
    weights = tuple(about.get("class_weights", ()))
    task = task_for_data(trained.model, recipe, kind, data, spec, scalers, score_samples, weights).task
    here = data_parallel(jax.local_devices())
    trainer = trainers.make(trained.model, task, _scoring_run(recipe, here))
    cut = None
    if data.task == "language":
        from ..pipeline.text import scoring_windows as cut
    split = differenced(data.test) if data.relative else data.test
    return task, Evaluator(trainer, split, *scalers, here, cut)


def scored(trained: Trained, evaluator: Evaluator) -> dict[str, float]:
    """Computes the metrics of a model by an evaluator, as the run did that trained it."""
    fit = {"params": trained.params, "state": trained.state}
    step = int(trained.about["metrics"].get("step", 0))
    return evaluator(fit, jax.random.key(recipe_of(trained).seed), step)


def _baseline(trained: Trained, kind: Source, data: Dataset, own: bool) -> dict[str, Any] | None:
    """Returns the baseline in the file of a model; for files of earlier versions that of the training examples."""
    if "baseline" in trained.about or not own:
        return trained.about.get("baseline")
    _, train, _ = validation_split(recipe_of(trained), data, kind, None)
    scalers = (trained.scaler, trained.target_scaler)
    return described_baseline(trained.task, replace(data, train=train), kind.kind, *scalers)


def _scoring_run(recipe: Recipe, sharding: Sharding) -> trainers.Run:
    """Returns a run of a length that the trainer accepts; scoring takes none of its steps."""
    if trainers.traits(recipe.trainer).batch == "all":
        return trainers.Run(recipe, 1, 1, sharding)
    return trainers.Run(recipe, _STEPS, _STEPS_PER_EPOCH, sharding)


def _options(trained: Trained, kind: Source, own: bool) -> dict[str, Any]:
    """Returns data options that fit the model: all of its own data set, window and horizon for another series."""
    if own:
        return dict(recipe_of(trained).d)
    if kind.kind == "series" == trained.about["kind"]:
        return {
            "window": trained.input_shape[0],
            "horizon": trained.about["made_for"]["outputs"],
            "relative": trained.about.get("relative", False),
            "whole": trained.about["task"] == "forecast",
        }
    return {}


def _suited(trained: Trained, kind: Source, data: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    about, task = trained.about, trained.task
    if hasattr(trained.model, "given"):
        made = tuple(about["made_for"]["shape"])
        if data.test.x.shape[1:] != made:
            raise _shape_error(trained, kind, data, "generates", made)
        return data, _notes(trained, data)
    name = task_name(trained.model, recipe_of(trained), data)
    if name != about["task"]:
        raise BadInput(f"{kind.name} is a {name} task, {about['model']} was trained for {about['task']}")
    if name == "language":
        return _in_vocabulary(data, Vocabulary(tuple(about["vocabulary"]))), ()
    free = int(about["kind"] in ("sequence", "text") or about["made_for"]["each"])  # the time axis may have any length
    here, there = data.test.x.shape[1:], trained.input_shape
    if here[free:] != there[free:] or len(here) != len(there) or data.vocabulary != tuple(about["vocabulary"]):
        raise _shape_error(trained, kind, data, "reads", there)
    outputs = data.outputs or kind.outputs
    if task.units == "target" and outputs != about["made_for"]["outputs"]:
        raise BadInput(
            f"{kind.name} has {outputs} {'classes' if data.classes else 'target values'}, {about['model']}, trained "
            f"on {about['dataset']}, predicts {about['made_for']['outputs']}"
        )
    return data, _notes(trained, data)


def _shape_error(trained: Trained, kind: Source, data: Dataset, verb: str, shape: tuple[int, ...]) -> BadInput:
    return BadInput(
        f"an example of {kind.name} has shape {_sizes(data.test.x.shape[1:])}; {trained.about['model']}, trained on "
        f"{trained.about['dataset']}, {verb} {_sizes(shape)}"
    )


def _notes(trained: Trained, data: Dataset) -> tuple[str, ...]:
    """Returns a note where names of classes or columns differ: the same position may mean something else."""
    pairs = (("classes", trained.classes, data.classes), ("columns", tuple(trained.about["features"]), data.features))
    return tuple(
        f"the {what} of {data.name} are {', '.join(here[:5])}, those of the training {', '.join(there[:5])}: "
        "they are matched by position"
        for what, there, here in pairs
        if here != there
    )


def _in_vocabulary(data: Dataset, known: Vocabulary) -> Dataset:
    """Returns the same text in the token numbers of another vocabulary."""
    if data.vocabulary == known.tokens:
        return data
    own = Vocabulary(data.vocabulary)
    if own.level != known.level:
        raise BadInput(
            f"the model reads {known.level}, {data.name} consists of {own.level}: give --d.level {known.level}"
        )
    try:
        tokens = known.encode(own.decode([*data.test.x.tolist(), int(data.test.y[-1])]))
    except BadInput as error:
        raise BadInput(f"{data.name}, in the last tenth, the test text: {error}") from None
    return replace(data, test=Split(tokens[:-1], tokens[1:]), vocabulary=known.tokens)


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, np.atleast_1d(shape)))
