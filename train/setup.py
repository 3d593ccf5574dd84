"""From a recipe to everything that runs: data, model, task, trainer, program, plan."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

import zoo
from zoo.layers import Layer

from .advance import Advance, data_mesh
from .data.normalize import Scaler, fit_scaler
from .data.source import Dataset, Place, Source, Split, load_data, source
from .data.split import hold_back
from .errors import BadInput
from .evaluate import Evaluate
from .feed import Feed, shuffled
from .local import mistake_driven
from .loop import Plan
from .optimizers import optimizer_for
from .recipe import Recipe, check_pair
from .schedules import schedule_for
from .supervised import supervised
from .tasks import Task, task_for
from .trainer import Trainer

__all__ = ["TRAINERS", "Setup", "make_model", "setup"]

_EVALUATIONS = 50  # at most, so that a run of a thousand short epochs does not spend itself on scoring
_LOGS = 4  # rows between two evaluations


@dataclass(frozen=True)
class Setup:
    """All parts of a run, made from its recipe."""

    recipe: Recipe
    data: Dataset
    source: Source
    model: Layer
    task: Task
    scaler: Scaler
    target_scaler: Scaler | None
    trainer: Trainer
    advance: Advance
    plan: Plan
    evaluations: Mapping[str, Evaluate]  # by split: test, and val where examples were held back
    rate: Callable[[int], float]
    key: jax.Array


def setup(recipe: Recipe, place: Place = Place(), *, skip_bad: bool = False, log_every: int | None = None) -> Setup:  # noqa: B008
    """Loads the data and builds what the recipe says.

    Raises:
        BadInput: if animal and data do not go together, or an option is not what the animal takes.
        DataUnavailable: if the data cannot be had.
    """
    kind = source(recipe.dataset)
    check_pair(recipe.model, kind)
    data = load_data(recipe.dataset, place, recipe.d)
    recipe, train, held = _batches_that_fit(*_held_back(recipe, data.train))
    scaler = fit_scaler(train.x, recipe.normalize)
    target_scaler = fit_scaler(train.y.reshape(len(train.y), -1), "standard") if data.task == "regression" else None
    feed = shuffled(train, recipe.batch_size, scaler, target_scaler, recipe.augment)
    plan = _plan(recipe, feed.steps_per_epoch, log_every)
    model = make_model(recipe.model, kind, recipe.m)
    task = task_for(data.task, recipe.loss, kind.outputs, label_smoothing=recipe.label_smoothing)
    if target_scaler is not None:
        task = in_units(task, target_scaler)
    trainer = TRAINERS[recipe.trainer](model, task, recipe, plan)
    mesh = data_mesh()
    splits = {"val": held, "test": data.test} if held else {"test": data.test}
    schedule = schedule_for(recipe, plan.steps, plan.steps_per_epoch)
    return Setup(
        recipe=recipe,
        data=replace(data, train=train),
        source=kind,
        model=model,
        task=task,
        scaler=scaler,
        target_scaler=target_scaler,
        trainer=trainer,
        advance=Advance(trainer, _divided(feed, recipe, mesh), mesh, skip_bad=skip_bad),
        plan=plan,
        evaluations={name: Evaluate(trainer, split, scaler, target_scaler, mesh) for name, split in splits.items()},
        rate=lambda step: np.asarray(schedule(step // recipe.accumulate)).item(),
        key=jax.random.key(recipe.seed),
    )


def make_model(name: str, kind: Source, options: Mapping[str, Any]) -> Layer:
    """The animal of that name with as many outputs as the data wants.

    Raises:
        BadInput: if it has no such option, or refuses its value.
    """
    try:
        return zoo.create(name, kind.outputs, **options)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise BadInput(f"{name} cannot be made with {given or 'its defaults'}: {error}") from error


def in_units(task: Task, scaler: Scaler) -> Task:
    """The same task with its metrics in the target's own units.

    The loss stays on the scale that is trained on, and so do the sums behind R2, which has no unit (`_...`).
    """

    def measured(metric):
        return lambda outputs, y: metric(scaler.invert(outputs), scaler.invert(y))

    metrics = {name: metric if name.startswith("_") else measured(metric) for name, metric in task.metrics.items()}
    return task._replace(metrics=metrics)


def _gradient(model: Layer, task: Task, recipe: Recipe, plan: Plan) -> Trainer:
    return supervised(model, task, optimizer_for(recipe, plan.steps, plan.steps_per_epoch), ema=recipe.ema)


def _mistakes(model: Layer, task: Task, recipe: Recipe, plan: Plan) -> Trainer:
    return mistake_driven(model, task, rate=recipe.lr)


# By the recipe's `trainer`.
TRAINERS: Mapping[str, Callable[[Layer, Task, Recipe, Plan], Trainer]] = {
    "supervised": _gradient,
    "perceptron": _mistakes,
}


def _held_back(recipe: Recipe, train: Split) -> tuple[Recipe, Split, Split | None]:
    """Patience needs something to judge by that is neither trained on nor reported: a tenth, if nothing was said."""
    if recipe.patience is not None and not recipe.val_share:
        recipe = replace(recipe, val_share=0.1)
    if not recipe.val_share:
        return recipe, train, None
    return recipe, *hold_back(train, recipe.val_share, recipe.seed)


def _batches_that_fit(recipe: Recipe, train: Split, held: Split | None) -> tuple[Recipe, Split, Split | None]:
    whole = recipe.opt == "gd" or recipe.batch_size > len(train.x)
    return (replace(recipe, batch_size=len(train.x)) if whole else recipe), train, held


def _divided(feed: Feed, recipe: Recipe, mesh: jax.sharding.Mesh) -> Feed:
    """Refuses a batch that the devices cannot share evenly."""
    size, devices = recipe.batch_size, mesh.size
    if size % devices:
        below, above = size - size % devices, size - size % devices + devices
        near = f"{below} or {above}" if below else str(above)
        raise BadInput(f"--batch-size {size} does not divide over {devices} devices; the nearest that do: {near}")
    return feed


def _plan(recipe: Recipe, per_epoch: int, log_every: int | None) -> Plan:
    steps = recipe.steps or max(1, round(recipe.epochs * per_epoch))
    epochs = math.ceil(steps / per_epoch)
    evaluate_every = per_epoch * math.ceil(epochs / _EVALUATIONS)
    return Plan(steps, per_epoch, evaluate_every, log_every or max(1, evaluate_every // _LOGS))
