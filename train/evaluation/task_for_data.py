"""What is asked of a model: to answer, or to make samples. It decides the task, what the model reads and its scales."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from zoo.layers import Layer, Players

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Source
from ..data.normalize import Scaler
from ..errors import BadInput
from ..tasks.generation import generation
from ..tasks.sample_score import SampleScore
from ..tasks.task import Task, task_for
from ..trained.build import ModelSpec
from ..trained.generator_input import input_spec, is_image_to_image
from .sample_score_for import sample_score_for

__all__ = ["TaskSpec", "task_for_data"]

_Scalers = tuple[Scaler | None, Scaler | None]


class TaskSpec(NamedTuple):
    """What is asked of a model.

    Attributes:
        task: what its outputs mean.
        scaler: of what it reads, as it is kept with the model; None: it reads tokens.
        target_scaler: of what it gives, None: it has no unit.
        example: shape and type of what it reads, without the batch axis.
    """

    task: Task
    scaler: Scaler | None
    target_scaler: Scaler | None
    example: jax.ShapeDtypeStruct


def task_for_data(
    model: Layer,
    recipe: Recipe,
    kind: Source,
    data: Dataset,
    wanted: ModelSpec,
    scalers: _Scalers,
    judge: Callable[..., SampleScore | None] = sample_score_for,
) -> TaskSpec:
    """What is asked of a model by its data, whose inputs and targets have these scalers.

    Samples are scored by what `judge` gives; its arguments are those of `sample_score_for`.

    Raises:
        BadInput: if loss, outputs or scale do not suit.
    """
    if isinstance(model, Players):
        return _to_make(model, recipe, kind, data, wanted, scalers[0], judge)
    task = task_for(data.task, recipe.loss, wanted.outputs, label_smoothing=recipe.label_smoothing)
    if data.task == "language":
        task = by_character(task, data)
    if scalers[1] is not None:
        task = in_units(task, scalers[1])
    shape = (data.window or 128,) if data.task == "language" else data.train.x.shape[1:]
    return TaskSpec(task, *scalers, jax.ShapeDtypeStruct(shape, np.float32 if scalers[0] else np.int32))


def in_units(task: Task, scaler: Scaler) -> Task:
    """The same task with its metrics in the target's own units.

    The loss stays on the scale that is trained on, and so do the sums behind R2, which has no unit (`_...`).
    """

    def measured(metric):
        return lambda outputs, y: metric(scaler.invert(outputs), scaler.invert(y))

    metrics = {name: metric if name.startswith("_") else measured(metric) for name, metric in task.metrics.items()}
    return task._replace(metrics=metrics)


def by_character(task: Task, data: Dataset) -> Task:
    """The same task with `bpc` over the characters that tokens stand for, unknown words spelled out.

    Exact over the test text; of other texts the same rates are taken.
    """
    bits = task.metrics["bpc"]
    rated = {"bpc": lambda outputs, y: (bits(outputs, y) + data.spelling) / data.characters}
    return task._replace(metrics=task.metrics | rated)


def _to_make(
    model: Players,
    recipe: Recipe,
    kind: Source,
    data: Dataset,
    wanted: ModelSpec,
    scaler: Scaler | None,
    judge: Callable[..., SampleScore | None],
) -> TaskSpec:
    """Samples, in the data's own units: the data's scale belongs to what is made, noise is read as it comes."""
    if scaler is None:
        raise BadInput(f"{recipe.model} makes numbers; {data.name} is tokens")
    if kind.kind == "image" and recipe.normalize != "symmetric":
        raise BadInput(
            f"--normalize {recipe.normalize}: {recipe.model} makes pictures from -1 to 1 (tanh), so the real ones "
            "must be symmetric, too"
        )
    example = input_spec(model, wanted)
    as_it_is = Scaler(np.zeros(1, np.float32), np.ones(1, np.float32))
    from_picture = is_image_to_image(model, wanted)
    scores = judge(model, recipe, kind, data, scaler, not from_picture)
    return TaskSpec(generation(scores), scaler if from_picture else as_it_is, scaler, example)
