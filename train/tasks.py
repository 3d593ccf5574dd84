"""A task decides what the outputs mean: loss, metrics, prediction. The model knows none of it."""

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

from . import losses, metrics
from .data.source import Task as Kind
from .errors import BadInput
from .recipe import Loss

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
            "mse": losses.mse,
            "half_mse": losses.half_mse,
            "mae": losses.mae,
            "huber": losses.huber,
            "arctan": losses.arctan,
        },
    }
)


class Task(NamedTuple):
    """What is asked of a model.

    Attributes:
        name: binary, multiclass, multilabel or regression.
        loss: `(outputs, y) -> (batch,)`.
        metrics: by name, each `(outputs, y) -> (batch,)`. Names that begin with `_` are for `finish` alone.
        finish: turns the means of loss and metrics over a set into what is reported.
        headline: name of the metric that decides.
        higher_is_better: whether more of it is better.
        predict: outputs to class indices (batch,), to 0 and 1 (batch, classes), or to the values of a regression.
        probabilities: outputs to (batch, classes); None for a regression.
    """

    name: str
    loss: Callable
    metrics: dict[str, Callable]
    finish: Callable[[dict], dict]
    headline: str
    higher_is_better: bool
    predict: Callable
    probabilities: Callable | None


def task_for(kind: Kind, loss: Loss = "auto", outputs: int = 1, label_smoothing: float = 0) -> Task:
    """The task of a kind, to be learned by a loss.

    Args:
        kind: binary (one logit), multiclass, multilabel (one logit a class) or regression.
        loss: one of `LOSSES[kind]`; "auto" is cross-entropy, for a regression the mean squared error.
        outputs: size of the model's last axis: 1 for binary, classes, or numbers to predict.
        label_smoothing: of the cross-entropies.

    Raises:
        BadInput: if loss, outputs or label smoothing do not suit the kind; it names what does.

    >>> task = task_for("multiclass", outputs=3)
    >>> task.headline, task.predict(jnp.array([[0.0, 2.0, 1.0]])).tolist()
    ('accuracy', [1])
    """
    cost = _loss(kind, loss, label_smoothing)
    _check_outputs(kind, outputs)
    return {"binary": _binary, "multiclass": _multiclass, "multilabel": _multilabel, "regression": _regression}[kind](
        cost, outputs
    )


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
    if kind == "multiclass" and outputs < 2:
        raise BadInput(f"a multiclass task has one output a class, at least 2, got {outputs}; or is it binary?")
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

    scores = {"mse": aligned(losses.mse), "mae": aligned(losses.mae)}
    for j in range(outputs):
        scores[f"_error{j}"] = column(j, losses.mse)
        scores[f"_y{j}"] = column(j, lambda z, y: jnp.mean(y, axis=tuple(range(1, y.ndim))))
        scores[f"_yy{j}"] = column(j, lambda z, y: losses.mse(y, jnp.zeros_like(y)))

    def predict(z):
        return z[..., 0] if outputs == 1 and z.ndim > 1 else z

    return Task(
        "regression", aligned(loss), scores, partial(_derive, outputs=outputs), "r2", True, predict, probabilities=None
    )


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
