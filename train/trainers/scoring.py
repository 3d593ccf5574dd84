"""The default `evaluate` of a trainer: the loss and the metrics of a task over a batch."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BadInput
from ..metrics.decisions import MEASURES, Judged, measured
from ..option_types import did_you_mean
from ..tasks.task import Task
from ..trained.call import call
from ..trainer import eval_params, named_key

__all__ = ["judged", "measures_of", "scores", "seen"]


def scores(model: Any, task: Task) -> Callable[[dict, dict, jax.Array], dict]:
    """Makes the `evaluate` of a trainer, from the task's `scores` if it has one, else from its loss and metrics.

    Args:
        model: the model, whose outputs the task scores.
        task: `scores`, or `loss` and `metrics` of outputs and target.

    Returns:
        `(fit, batch, key) -> {name: (sum, weight)}` over the examples of positive `weight`; with a weight for each
        token of a text (batch, time), over the tokens. The moving average of the parameters is scored where the fit
        has one. A model with the capability `corrupt` is scored on damaged inputs, as it is trained.

    >>> from zoo import mlp
    >>> from zoo.train.tasks import task_for
    >>> model = mlp(3)
    >>> batch = {"x": jnp.ones((2, 4)), "y": jnp.array([0, 1]), "weight": jnp.array([1.0, 0.0])}
    >>> params, state = model.init(jax.random.key(0), batch["x"])
    >>> sums = scores(model, task_for("multiclass", outputs=3))({"params": params, "state": state}, batch, None)
    >>> sorted(sums), float(sums["accuracy"][1])
    (['accuracy', 'loss'], 1.0)
    """

    def evaluate(fit, batch, key):
        params, state = eval_params(fit)
        if task.scores is not None:
            return task.scores(model, params, state, batch, key)
        read = _damaged(model, seen(task, batch, key), key)
        outputs, _ = call(model, params, state, read)
        wanted, weight = task.target(batch), batch["weight"]
        if weight.ndim > 1:  # each token is an example
            outputs, wanted, weight = outputs.reshape(-1, outputs.shape[-1]), wanted.reshape(-1), weight.reshape(-1)
        weight = task.weights(wanted, weight)
        each = {name: measure(outputs, wanted) for name, measure in {"loss": task.loss, **task.metrics}.items()}
        if hasattr(model, "corrupt"):
            each |= {f"{name}_given": task.metrics[name](read["x"], wanted) for name in task.given}
        # `where` beside the product: padding may give infinite values, which must not count.
        total = jnp.sum(weight)
        return {name: (jnp.sum(jnp.where(weight > 0, weight * values, 0)), total) for name, values in each.items()}

    return evaluate


def measures_of(model: Any, task: Task, names: tuple[str, ...]) -> tuple[Callable, Callable]:
    """Makes the two functions that compute measures of a whole set, which no sum over batches gives.

    Args:
        model: the model.
        task: classification with `measures`.
        names: names of the measures.

    Raises:
        BadInput: if there is no such measure, or the task has none.

    Returns:
        `(fit, batch, key) -> arrays` by name, one row an example, and `(arrays of all examples) -> values` by name;
        a measure that the examples do not determine is left out.
    """
    probabilities = task.probabilities
    for name in names:
        if not task.measures or probabilities is None:
            raise BadInput(
                f"--metrics {name} does not suit the task {task.name}: it needs classes or labels, and their "
                "probabilities"
            )
        if name not in MEASURES:
            known = ", ".join(MEASURES)
            raise BadInput(f"--metrics {name} is not known{did_you_mean(name, MEASURES)} (choose from {known})")
    assert probabilities is not None, "checked above"

    def collect(fit, batch, key):
        outputs, _ = call(model, *eval_params(fit), seen(task, batch, key))
        return {"y": batch["y"], "predicted": task.predict(outputs), "probabilities": probabilities(outputs)}

    def measure(arrays: dict[str, np.ndarray]) -> dict[str, float]:
        found = measured(judged(task, **arrays), names)
        return {name: value for name, value in found.items() if value is not None}

    return collect, measure


def judged(
    task: Task, y: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray, weight: np.ndarray | None = None
) -> Judged:
    """Returns what the measures of a task are computed of; steps without a target do not count."""
    if task.measures == "steps":
        there = y >= 0
        return Judged(y[there], predicted[there], probabilities[there])
    y = y if task.measures == "labels" else y.reshape(-1)
    return Judged(y, predicted, probabilities, task.measures == "binary", weight)


def _damaged(model: Any, batch: dict, key: jax.Array | None) -> dict:
    """Returns a batch damaged as in training, of a model that does so; without a key it stays as it is."""
    if key is None or not hasattr(model, "corrupt"):
        return batch
    x, there = batch["x"], batch["weight"] > 0
    # The range of the values sets the damage: rows of padding, whatever they hold, must not count there.
    x = jnp.where(there.reshape(-1, *(1,) * (x.ndim - 1)), x, x[jnp.argmax(there)])
    return batch | {"x": model.corrupt(x, named_key(key, "corrupt"))}


def seen(task: Task, batch: dict, key: jax.Array | None) -> dict:
    """Returns a batch as the model reads it, which a task may change by a random stream of its own."""
    if task.inputs is None:
        return batch
    return task.inputs(batch, None if key is None else named_key(key, "inputs"))
