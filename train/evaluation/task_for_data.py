"""Builds the task of a model on its data, with the scalers and the input of the model."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Source
from ..data.normalize import Scaler
from ..data.windows import differenced
from ..errors import BadInput
from ..tasks import given_options, task_for
from ..tasks.generation import generation
from ..tasks.sample_score import SampleScore
from ..tasks.task import Task
from ..trained.build import ModelSpec
from ..trained.generator_input import input_spec, is_image_to_image

__all__ = ["TaskSpec", "task_for_data", "task_name"]

_LEAST = 1e-150  # unit of values whose squared errors float64 holds
_Scalers = tuple[Scaler | None, Scaler | None]


def _no_score(*arguments: Any) -> None:
    return None


class TaskSpec(NamedTuple):
    """Task of a model on its data.

    Attributes:
        task: meaning of the outputs.
        scaler: normalisation of what the model reads, kept with the model; None: it reads tokens.
        target_scaler: normalisation of the outputs; None: they have no unit.
        example: shape and type of what the model reads, without the batch axis.
    """

    task: Task
    scaler: Scaler | None
    target_scaler: Scaler | None
    example: jax.ShapeDtypeStruct


def task_name(model: Any, recipe: Recipe, data: Dataset) -> str:
    """Returns the name of the task: the recipe's, else generation for adversarial models, else that of the data."""
    return recipe.task or ("generation" if hasattr(model, "discriminator") else data.task)


def task_for_data(
    model: Any,
    recipe: Recipe,
    kind: Source,
    data: Dataset,
    spec: ModelSpec,
    scalers: _Scalers,
    sample_score: Callable[..., SampleScore | None] = _no_score,
    class_weights: tuple[float, ...] = (),
) -> TaskSpec:
    """Builds the task, the scalers and the input spec of a model.

    Args:
        model: the model; further fields are its capabilities.
        recipe: recipe of the run.
        kind: source of the data.
        data: loaded data.
        spec: model arguments that the data fix.
        scalers: of the inputs and the targets of the data.
        sample_score: builds the score of generated samples, with the arguments of `sample_score_for`; by default there
            is none but their spread.
        class_weights: weight of each class in the loss; (): all count the same.

    Raises:
        BadInput: if task, loss, outputs or scale do not suit the model and the data.
    """
    name = task_name(model, recipe, data)
    if name == "generation":
        _check_no_classes(recipe)
        return _generation(model, recipe, kind, data, spec, scalers[0], sample_score)
    if name == "multiclass" and len(data.classes) == 1:
        raise BadInput(f"{data.name} has one class, {data.classes[0]}: add examples of another one")
    task = task_for(
        name, recipe.loss, spec.outputs, recipe.label_smoothing, class_weights, recipe.threshold,
        **given_options(recipe.task, recipe.t),
    )  # fmt: skip
    _check_capabilities(task, model, recipe)
    if data.task == "language":
        task = by_character(task, data) if "bpc" in task.metrics else task
    if task.units == "example" and scalers[0] is None:
        raise BadInput(f"--task {name} requires numbers; {data.name} is tokens")
    target_scaler = {"target": scalers[1], "example": scalers[0], "none": None}[task.units]
    if target_scaler is not None:
        task = in_units(task, target_scaler, _level(data, target_scaler) if task.units == "target" else 0)
    shape = (data.window or 128,) if data.task == "language" else data.train.x.shape[1:]
    return TaskSpec(
        task, scalers[0], target_scaler, jax.ShapeDtypeStruct(shape, np.float32 if scalers[0] else np.int32)
    )


def in_units(task: Task, scaler: Scaler, level: Any = 0) -> Task:
    """Returns a task whose metrics are in the units of the data.

    Differences are taken in the scale of the training, where float32 has digits for them, and squared in units of the
    column that varies most; `finish` multiplies by that unit in float64. The loss stays on the scale of the training,
    and so do the inputs of `finish` (`_...`), whose ratio has no unit; they are measured from a level.

    Args:
        task: task whose outputs are normalised.
        scaler: their normalisation.
        level: typical normalised targets (columns,), from which float32 has digits for their deviations.

    Raises:
        BadInput: if float64 does not hold the square of the unit, in which squared errors are reported.
    """
    units = 1 / np.asarray(scaler.scale, np.float64)
    largest = float(units.max())
    if not _LEAST < largest < 1 / _LEAST:
        raise BadInput(
            f"the values to predict vary by about {largest:.3g} in column {units.argmax()} (counted from 0), and "
            "float64 does not hold the square of their errors: save them in another unit"
        )
    relative = (units / largest).astype(np.float32)

    def measured(metric):
        return lambda outputs, target: metric(outputs * relative, target * relative)

    def shifted(metric):
        return lambda outputs, target: metric(outputs - level, target - level)

    metrics = {
        name: shifted(metric) if name.startswith("_") else measured(metric) for name, metric in task.metrics.items()
    }
    task = task._replace(metrics=metrics, unit=largest)

    def finish(means):
        return {name: value * np.float64(task.factor(name)) for name, value in finished(means).items()}

    finished = task.finish
    return task._replace(finish=finish)


def _level(data: Dataset, scaler: Scaler) -> np.ndarray:
    """Returns the mean of the normalised test targets, float32 (columns,)."""
    y = np.asarray((differenced(data.test) if data.relative else data.test).y)
    y = y.reshape(len(y), -1)
    mean = y[0] + (y.astype(np.float64) - y[0]).mean(axis=0)  # exact for constants
    return ((mean - np.asarray(scaler.shift)) * np.asarray(scaler.scale)).astype(np.float32)


def by_character(task: Task, data: Dataset) -> Task:
    """Returns a task whose `bpc` is per character of the text instead of per token, unknown words spelled out.

    It is exact over the test text; for other texts the same rates are used.
    """
    bits = task.metrics["bpc"]
    rated = {"bpc": lambda outputs, y: (bits(outputs, y) + data.spelling) / data.characters}
    return task._replace(metrics=task.metrics | rated)


def _check_no_classes(recipe: Recipe) -> None:
    for flag, given in (("class-weights", recipe.class_weights), ("threshold", f"{recipe.threshold:g}")):
        if given not in ("", "0.5"):
            raise BadInput(f"--{flag} {given} does not suit the task generation, which predicts no classes")


def _check_capabilities(task: Task, model: Any, recipe: Recipe) -> None:
    for name in task.requires:
        if not hasattr(model, name):
            raise BadInput(f"--task {task.name} requires a model with the capability `{name}`; {recipe.model} has none")


def _generation(
    model: Any,
    recipe: Recipe,
    kind: Source,
    data: Dataset,
    spec: ModelSpec,
    scaler: Scaler | None,
    sample_score: Callable[..., SampleScore | None],
) -> TaskSpec:
    """Builds the generation of samples in the units of the data; noise is read without normalisation."""
    _check_capabilities(generation(), model, recipe)
    if scaler is None:
        raise BadInput(f"{recipe.model} generates numbers; {data.name} is tokens")
    if kind.kind == "image" and recipe.normalize != "symmetric":
        raise BadInput(
            f"--normalize {recipe.normalize}: {recipe.model} generates images from -1 to 1 (tanh), so the real ones "
            "must be symmetric, too"
        )
    example, from_image = input_spec(model, spec), is_image_to_image(model, spec)
    identity = Scaler(np.zeros(1), np.ones(1))
    score = sample_score(model, recipe, kind, data, scaler, not from_image)
    from_noise = len(example.shape) == 1
    return TaskSpec(generation(score, from_noise=from_noise), scaler if from_image else identity, scaler, example)
