"""Scores of the trivial baseline of a task: the metrics of a model that reads nothing of an example.

The baseline is fitted to the training examples and kept with the model, so that it can be scored wherever the model is,
by the same metrics on the same examples.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer, Sequence

from ..data.dataset import Dataset
from ..data.normalize import Scaler
from ..engine.evaluate import Evaluator
from ..tasks.task import Task
from ..trainer import Trainer
from ..trainers.scoring import scores

__all__ = ["baseline_outputs", "described_baseline", "score_baseline"]

_MOST = 1 << 16  # numbers of a baseline that is kept in the description of a model


def described_baseline(
    task: Task, data: Dataset, kind: str, scaler: Scaler | None, target_scaler: Scaler | None
) -> dict[str, Any] | None:
    """Returns the baseline of a task in the scale of the model's outputs, as the model file holds it.

    Args:
        task: the task.
        data: data set with the training examples.
        kind: kind of the data.
        scaler: normalisation of the inputs.
        target_scaler: normalisation of the outputs; None: they have no unit.

    Returns:
        `name`, `outputs` (a flat list) and `last`, the factor of the last value of a window for each of them, or an
        empty list; None if the task has no baseline, or one of too many numbers.
    """
    if task.baseline is None:
        return None
    name, outputs, last = task.baseline(data, kind)
    factors = np.full(outputs.shape, last)
    if outputs.size > _MOST:
        return None
    if target_scaler is not None:
        shift, scale = (np.asarray(part, np.float64) for part in target_scaler)
        if last and scaler is not None:  # the window is read after its own normalisation
            outputs, factors = outputs + last * np.asarray(scaler.shift), factors / np.asarray(scaler.scale)
        outputs, factors = (outputs - shift) * scale, factors * scale
    return {"name": name, "outputs": np.ravel(outputs).tolist(), "last": factors.tolist() if last else []}


def score_baseline(
    baseline: Mapping[str, Any],
    task: Task,
    evaluator: Evaluator,
    shape: tuple[int, ...],
    *,
    per_step: bool = False,
    shares: bool = False,
) -> dict[str, float]:
    """Computes the metrics of a baseline on the examples of an evaluator.

    Args:
        baseline: baseline in the scale of the outputs.
        task: task of the model.
        evaluator: evaluator of the model.
        shape: shape of the outputs for one example, or for one step.
        per_step: whether there is an output at every time step.
        shares: whether the task is that of every run that shares the programs of the evaluator.
    """
    model = _model(per_step)
    decided = task._replace(metrics={name: _decided(task, metric) for name, metric in task.metrics.items()})
    unused = Trainer(lambda key, batch: {}, lambda fit, batch, key: (fit, {}), scores(model, decided), task.finish)
    params = {"outputs": np.asarray(baseline["outputs"], np.float32).reshape(shape)}
    if baseline["last"]:
        params["last"] = np.asarray(baseline["last"], np.float32)
    return evaluator.of(unused, "baseline" if shares else "")({"params": params, "state": {}}, jax.random.key(0))


def baseline_outputs(baseline: Mapping[str, Any], examples: int) -> np.ndarray:
    """Returns the outputs of a constant baseline for as many examples, float32 (examples, outputs)."""
    return np.tile(np.asarray(baseline["outputs"], np.float32), (examples, 1))


def _decided(task: Task, metric: Callable) -> Callable:
    """Returns a metric of the decisions of a baseline."""
    return lambda outputs, target: metric(task.frequent(outputs), target)


def _model(per_step: bool) -> Layer:
    """Returns the model whose parameters are its outputs."""

    def apply(params, state, x, key=None):
        x = x.x if isinstance(x, Sequence) else x
        outputs = jnp.broadcast_to(params["outputs"], (*x.shape[: 1 + per_step], *params["outputs"].shape))
        return (outputs + params["last"] * x[:, -1, :1] if "last" in params else outputs), state

    return Layer(lambda key, x: ({}, {}), apply)
