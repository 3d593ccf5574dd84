"""A task decides what the outputs mean: loss, metrics, prediction. The model knows none of it."""

import math
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ..config.recipe import Loss
from ..data.dataset import Task as Kind
from ..errors import BadInput
from ..losses import classification as losses
from ..losses import regression as errors
from ..metrics import classification as metrics
from .sample_score import SampleScore

__all__ = ["LOSSES", "Task", "task_for"]

# What each task can be trained by; the first is "auto".
LOSSES = MappingProxyType(
    {
        "binary": {
            "cross_entropy": losses.binary_cross_entropy,
            "hinge": losses.hinge,
            "quadratic": losses.quadratic,
        },
        "multiclass": {
            "cross_entropy": losses.sparse_categorical_cross_entropy,
            "hinge": losses.hinge,
            "quadratic": losses.quadratic,
        },
        "multilabel": {"cross_entropy": losses.multilabel_cross_entropy, "quadratic": losses.quadratic},
        "regression": {
            "mse": errors.mse,
            "half_mse": errors.half_mse,
            "mae": errors.mae,
            "huber": errors.huber,
            "arctan": errors.arctan,
        },
        "tagging": {"cross_entropy": losses.sparse_categorical_cross_entropy},
        "language": {"cross_entropy": losses.sparse_categorical_cross_entropy},
    }
)


class Task(NamedTuple):
    """What is asked of a model.

    Attributes:
        name: binary, multiclass, multilabel, regression, tagging, language or generation.
        loss: `(outputs, y) -> (batch,)`; of the tasks with an answer a step `(batch, time)`.
        metrics: by name, each as `loss`. Names that begin with `_` are for `finish` alone.
        finish: turns the means of loss and metrics over a set into what is reported.
        headline: name of the metric that decides.
        higher_is_better: whether more of it is better.
        predict: outputs to class indices (batch,), to 0 and 1 (batch, classes), or to the values of a regression.
        probabilities: outputs to (batch, classes); None for a regression.
        counts: `y -> weights` of the shape that `loss` gives, 0 where there is nothing to answer; None: all count.
        judge: of a generation, which has no answers to compare with: what scores the samples.
    """

    name: str
    loss: Callable
    metrics: dict[str, Callable]
    finish: Callable[[dict], dict]
    headline: str
    higher_is_better: bool
    predict: Callable
    probabilities: Callable | None
    counts: Callable | None = None
    judge: SampleScore | None = None

    def weights(self, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
        """How much each answer counts, 0 or 1, given which examples do (batch,)."""
        each = jnp.ones(len(y)) if weight is None else weight
        return each if self.counts is None else self.counts(y) * each.reshape(-1, *(1,) * (y.ndim - 1))

    def mean(self, values: jax.Array, y: jax.Array) -> jax.Array:
        """The mean of what `loss` or a metric gave over the answers that count."""
        if self.counts is None:
            return jnp.mean(values)
        counts = self.counts(y)
        return jnp.sum(jnp.where(counts > 0, values, 0)) / jnp.maximum(jnp.sum(counts), 1)


def task_for(kind: Kind, loss: Loss = "auto", outputs: int = 1, label_smoothing: float = 0) -> Task:
    """The task of a kind, to be learned by a loss.

    Args:
        kind: binary (one logit), multiclass, multilabel (one logit a class), regression, tagging (a class at every
            step), language (the next token at every step) or generation (samples, which are compared with nothing).
        loss: one of `LOSSES[kind]`; "auto" is cross-entropy, for a regression the mean squared error.
        outputs: size of the model's last axis: 1 for binary, classes, or numbers to predict.
        label_smoothing: of the cross-entropies.

    Raises:
        BadInput: if loss, outputs or label smoothing do not suit the kind; it names what does.

    >>> task = task_for("multiclass", outputs=3)
    >>> task.headline, task.predict(jnp.array([[0.0, 2.0, 1.0]])).tolist()
    ('accuracy', [1])
    """
    if kind == "generation":
        from .generation import generation

        return generation()
    cost = _loss(kind, loss, label_smoothing)
    _check_outputs(kind, outputs)
    return _TASKS[kind](cost, outputs)


def _loss(kind: Kind, loss: Loss, label_smoothing: float) -> Callable:
    if kind not in LOSSES:
        raise BadInput(f"task {kind!r} is not known; there are {', '.join(LOSSES)}")
    valid = LOSSES[kind]
    name = next(iter(valid)) if loss == "auto" else loss
    if name not in valid:
        raise BadInput(f"--loss {loss} is no loss for a {kind} task; take one of auto, {', '.join(valid)}")
    if not label_smoothing:
        return valid[name]
    if name != "cross_entropy":
        raise BadInput(f"--label-smoothing {label_smoothing:g} is for the loss cross_entropy alone; here it is {name}")
    return partial(valid[name], label_smoothing=label_smoothing)


def _check_outputs(kind: Kind, outputs: int) -> None:
    if kind == "binary" and outputs != 1:
        raise BadInput(f"a binary task has one output, the logit of class 1, got {outputs}; or is it multiclass?")
    if kind in ("multiclass", "tagging", "language") and outputs < 2:
        raise BadInput(f"a {kind} task has one output a class, at least 2, got {outputs}; or is it binary?")
    if outputs < 1:
        raise BadInput(f"a {kind} task has at least one output, got {outputs}")


def _binary(loss: Callable, outputs: int) -> Task:
    def flat(z):
        return z.reshape(z.shape[0])

    def probabilities(z):
        return jax.nn.sigmoid(jnp.stack([-flat(z), flat(z)], axis=-1))

    def predict(z):
        return (flat(z) > 0).astype(jnp.int32)

    scores = {"accuracy": metrics.binary_accuracy}
    return Task("binary", loss, scores, _visible, "accuracy", True, predict, probabilities)


def _multiclass(loss: Callable, outputs: int) -> Task:
    def probabilities(z):
        # Under the quadratic loss it is the sigmoids that are trained; softmax of their logarithms makes them sum to 1.
        return jax.nn.softmax(jax.nn.log_sigmoid(z) if loss is losses.quadratic else z)

    def predict(z):
        return jnp.argmax(z, axis=-1).astype(jnp.int32)

    scores = {"accuracy": metrics.accuracy}
    if outputs >= 20:
        scores["top5"] = metrics.top_k
    return Task("multiclass", loss, scores, _visible, "accuracy", True, predict, probabilities)


def _multilabel(loss: Callable, outputs: int) -> Task:
    def predict(z):
        return (z > 0).astype(jnp.int32)

    # Accuracy means that all labels of an example are right, as in scikit-learn.
    scores = {"accuracy": metrics.exact_match, "label_accuracy": metrics.label_accuracy}
    return Task("multilabel", loss, scores, _visible, "accuracy", True, predict, jax.nn.sigmoid)


def _regression(loss: Callable, outputs: int) -> Task:
    def aligned(measure):
        return lambda z, y: measure(z, _like(z, y))

    def column(j, measure):
        return aligned(lambda z, y: measure(z[..., j], y[..., j]))

    scores = {"mse": aligned(errors.mse), "mae": aligned(errors.mae)}
    for j in range(outputs):
        scores[f"_error{j}"] = column(j, errors.mse)
        scores[f"_y{j}"] = column(j, lambda z, y: jnp.mean(y, axis=tuple(range(1, y.ndim))))
        scores[f"_yy{j}"] = column(j, lambda z, y: errors.mse(y, jnp.zeros_like(y)))

    def predict(z):
        return z[..., 0] if outputs == 1 and z.ndim > 1 else z

    return Task(
        "regression", aligned(loss), scores, partial(_derive, outputs=outputs), "r2", True, predict, probabilities=None
    )


def _tagging(loss: Callable, outputs: int) -> Task:
    scores = {"accuracy": _each_step(metrics.accuracy)}
    return _multiclass(loss, outputs)._replace(
        name="tagging", loss=_each_step(loss), metrics=scores, probabilities=jax.nn.softmax, counts=_tagged
    )


def _language(loss: Callable, outputs: int) -> Task:
    cost = _each_step(loss)
    scores = {"bpc": lambda z, y: cost(z, y) / math.log(2), "accuracy": _each_step(metrics.accuracy)}
    return _tagging(loss, outputs)._replace(
        name="language", metrics=scores, headline="bpc", higher_is_better=False, finish=_perplexed
    )


def _each_step(measure: Callable) -> Callable:
    """Makes `(batch, time, classes), (batch, time) -> (batch, time)` of a measure of examples."""

    def measured(z, y):
        if z.shape[:-1] != y.shape:
            raise ValueError(f"an answer a step: outputs {z.shape} want targets {z.shape[:-1]}, got {y.shape}")
        return measure(z.reshape(-1, z.shape[-1]), y.reshape(-1)).reshape(y.shape)

    return measured


def _tagged(y: jax.Array) -> jax.Array:
    return (y >= 0).astype(jnp.float32)


def _perplexed(means: dict) -> dict:
    """Adds the loss by its common name: nats a token."""
    return _visible(means) | {"nats": float(means["loss"])}


def _like(outputs: jax.Array, y: jax.Array) -> jax.Array:
    """Targets (batch,) for outputs (batch, 1) get the axis that they lack; all else is for the loss to judge."""
    y = y.astype(outputs.dtype)
    return y[..., None] if y.shape == outputs.shape[:-1] and outputs.shape[-1] == 1 else y


def _derive(means: dict, outputs: int) -> dict:
    """Adds RMSE and R2, the plain mean of the outputs' own as in scikit-learn."""
    r2 = sum(_r2(*(float(means[f"{name}{j}"]) for name in ("_error", "_y", "_yy"))) for j in range(outputs)) / outputs
    return _visible(means) | {"rmse": float(means["mse"]) ** 0.5, "r2": r2}


def _r2(error: float, y: float, yy: float) -> float:
    spread = yy - y * y
    if spread <= 1e-6 * yy:  # in float32 that is no spread: targets that never vary
        return float(error <= 1e-12 * yy)
    return 1 - error / spread


def _visible(means: dict) -> dict:
    return {name: value for name, value in means.items() if not name.startswith("_")}


_TASKS: dict[str, Callable[[Callable, int], Task]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "multilabel": _multilabel,
    "regression": _regression,
    "tagging": _tagging,
    "language": _language,
}
