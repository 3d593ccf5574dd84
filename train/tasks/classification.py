"""Classification tasks: one label of two, one of several, several labels, one label per time step."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..errors import BadInput
from ..losses import classification as losses
from ..metrics import classification as metrics
from .baseline import Baseline, class_shares, label_shares
from .task import Task, choose_loss, public, weighted

__all__ = [
    "LOSSES",
    "binary",
    "check_classes",
    "has_target",
    "logit",
    "most_likely",
    "multiclass",
    "multilabel",
    "per_step",
    "tagging",
]

TASKS = ("binary", "multiclass", "multilabel", "tagging")
TARGETS = MappingProxyType(
    {"binary": "classes", "multiclass": "classes", "multilabel": "labels", "tagging": "a class per step"}
)
PER_STEP = ("tagging",)
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
        "tagging": {"cross_entropy": losses.sparse_categorical_cross_entropy},
    }
)
_FREQUENT = "most frequent class"
_TOP = 3  # classes in the description of a prediction
_FIGURES = ("mistakes", "confusion", "decisions", "surface", "centres", "lags", "filters")


def binary(
    loss: str = "auto",
    outputs: int = 1,
    label_smoothing: float = 0,
    class_weights: tuple[float, ...] = (),
    threshold: float = 0.5,
) -> Task:
    """Builds the classification of two classes by one output, the logit of class 1.

    Class 1 is predicted where its probability is above the threshold.
    """
    if outputs != 1:
        raise BadInput(f"a binary task has one output, the logit of class 1, got {outputs}; use the task multiclass")

    cut = logit(threshold)

    def flat(z):
        return z.reshape(z.shape[0])

    def probabilities(z):
        return jax.nn.sigmoid(jnp.stack([-flat(z), flat(z)], axis=-1))

    def predict(z):
        return (flat(z) > cut).astype(jnp.int32)

    def baseline(data, kind):
        share = class_shares(data, 2)
        return Baseline(_FREQUENT, np.log(share[1:]) - np.log(share[:1]))

    cost = choose_loss("binary", LOSSES["binary"], loss, label_smoothing)
    scores = {"accuracy": partial(metrics.binary_accuracy, cut=cut)}
    return _classes("binary", weighted(cost, class_weights), scores, predict, probabilities)._replace(
        baseline=baseline, frequent=partial(_frequent, cut=cut), measures="binary", class_weights=class_weights
    )


def multiclass(
    loss: str = "auto", outputs: int = 2, label_smoothing: float = 0, class_weights: tuple[float, ...] = ()
) -> Task:
    """Builds the classification by one logit per class; with 20 classes or more the top-5 accuracy is reported."""
    cost = choose_loss("multiclass", LOSSES["multiclass"], loss, label_smoothing)
    check_classes("multiclass", outputs)

    def probabilities(z):
        # The quadratic loss trains the sigmoids; softmax of their logarithms makes them sum to 1.
        return jax.nn.softmax(jax.nn.log_sigmoid(z) if cost is losses.quadratic else z)

    scores = {"accuracy": metrics.accuracy}
    if outputs >= 20:
        scores["top5"] = metrics.top_k
    return _classes("multiclass", weighted(cost, class_weights), scores, most_likely, probabilities)._replace(
        baseline=partial(_most_frequent, outputs=outputs, sigmoids=cost is losses.quadratic),
        measures="classes", class_weights=class_weights,
    )  # fmt: skip


def multilabel(loss: str = "auto", outputs: int = 1, label_smoothing: float = 0, threshold: float = 0.5) -> Task:
    """Builds the independent decision of each label by one logit per label.

    A label is predicted where its probability is above the threshold.

    `accuracy` is the share of examples whose labels are all predicted correctly, as in scikit-learn.
    """
    cost = choose_loss("multilabel", LOSSES["multilabel"], loss, label_smoothing)
    if outputs < 1:
        raise BadInput(f"a multilabel task has at least one output, got {outputs}")

    cut = logit(threshold)

    def predict(z):
        return (z > cut).astype(jnp.int32)

    scores = {
        "accuracy": partial(metrics.exact_match, cut=cut),
        "label_accuracy": partial(metrics.label_accuracy, cut=cut),
    }
    figures = ("surface", "centres", "lags", "filters")
    return Task(
        "multilabel", cost, scores, public, "accuracy", True, predict, jax.nn.sigmoid,
        describe=_describe_labels, compare=_compare_labels, details=_label_details, figures=figures,
        baseline=label_shares, frequent=partial(_frequent, cut=cut), measures="labels",
    )  # fmt: skip


def tagging(
    loss: str = "auto", outputs: int = 2, label_smoothing: float = 0, class_weights: tuple[float, ...] = ()
) -> Task:
    """Builds the classification of every time step; steps with the target -1 do not count."""
    cost = choose_loss("tagging", LOSSES["tagging"], loss, label_smoothing)
    check_classes("tagging", outputs)

    def finite(z, y):
        return cost(z, jnp.maximum(y, 0))  # -1 is no class and costs NaN; what does not count must be finite

    return _classes(
        "tagging", weighted(per_step(finite), class_weights), {"accuracy": per_step(metrics.accuracy)}, most_likely,
        jax.nn.softmax,
    )._replace(
        counts=has_target, describe=_describe_tags, compare=_compare_tags, figures=("confusion",),
        baseline=partial(_most_frequent, outputs=outputs), measures="steps", class_weights=class_weights,
    )  # fmt: skip


def logit(probability: float) -> float:
    """Returns the logit of a probability between 0 and 1.

    >>> logit(0.5), round(logit(0.9), 3)
    (0.0, 2.197)
    """
    return math.log(probability) - math.log1p(-probability)


def per_step(measure: Callable) -> Callable:
    """Lifts a measure of examples to `(batch, time, classes), (batch, time) -> (batch, time)`."""

    def measured(z, y):
        if z.shape[:-1] != y.shape:
            raise ValueError(f"one target per step: outputs {z.shape} require targets {z.shape[:-1]}, got {y.shape}")
        return measure(z.reshape(-1, z.shape[-1]), y.reshape(-1)).reshape(y.shape)

    return measured


def has_target(y: jax.Array) -> jax.Array:
    """Returns 1 for every step with a target and 0 for the others (-1)."""
    return (y >= 0).astype(jnp.float32)


def _classes(name: str, loss: Callable, scores: dict, predict: Callable, probabilities: Callable) -> Task:
    return Task(
        name, loss, scores, public, "accuracy", True, predict, probabilities, named=True,
        describe=_describe_classes, compare=_compare, details=_details, figures=_FIGURES,
    )  # fmt: skip


def _most_frequent(data: Dataset, kind: str, *, outputs: int, sigmoids: bool = False) -> Baseline:
    """Returns logits whose probabilities are the shares of the classes in the training examples."""
    shares = class_shares(data, outputs)
    logits = np.log(shares) - np.log1p(-shares) if sigmoids else np.log(shares)
    return Baseline(_FREQUENT, logits)


def _frequent(z: jax.Array, cut: float) -> jax.Array:
    """Returns logits that decide by the cut as `z` does by 0, for the more frequent value."""
    return jnp.where(z > 0, jnp.maximum(z, cut + 1e-3), jnp.minimum(z, cut))


def check_classes(task: str, outputs: int) -> None:
    """Raises BadInput if there are fewer than two outputs."""
    if outputs < 2:
        raise BadInput(f"a {task} task has one output per class, at least 2, got {outputs}; use the task binary")


def most_likely(z: jax.Array) -> jax.Array:
    """Returns the index of the largest output."""
    return jnp.argmax(z, axis=-1).astype(jnp.int32)


def _compare(trained: Any, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    x, y, lengths = data.test[:3]
    return np.asarray(y).reshape(-1), trained.predict_indices(x, lengths)


def _compare_tags(trained: Any, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    x, y, lengths = data.test[:3]
    predicted = trained.predict_indices(x, lengths)
    return y[y >= 0], predicted[y >= 0]


def _compare_labels(trained: Any, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    x, y, lengths = data.test[:3]
    return np.asarray(y), trained.predict_indices(x, lengths)


def _label_details(data: Dataset, truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    return {"classes": metrics.label_scores(truth, predicted)._asdict()}


def _details(data: Dataset, truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    count = len(data.classes)
    matrix = metrics.confusion_matrix(truth, predicted, count)
    return {"classes": metrics.class_scores(truth, predicted, count)._asdict(), "confusion": matrix}


def _describe_classes(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    for said, shares in _answered(trained, x):
        best = np.argsort(-shares, kind="stable")
        best = [said, *best[best != said]][:_TOP]
        top = [{"class": trained.classes[i], "probability": float(shares[i])} for i in best]
        yield {**top[0], "top": top, "probabilities": _by_name(trained.classes, shares)}


def _describe_labels(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    for said, shares in _answered(trained, x):
        labels = [name for name, here in zip(trained.classes, said, strict=True) if here]
        yield {"labels": labels, "probabilities": _by_name(trained.classes, shares)}


def _describe_tags(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    for said, shares in _answered(trained, x):
        yield {
            "tags": [trained.classes[i] for i in said],
            "probabilities": [float(share) for share in shares.max(-1)],
        }


def _answered(trained: Any, x: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields prediction and probabilities of each example.

    Both come from the outputs: probabilities of different outputs may be equal, rounded, and would choose other classes
    than those that are scored.
    """
    outputs = trained.outputs(x)
    yield from zip(*(np.asarray(of(outputs)) for of in (trained.task.predict, trained.task.probabilities)), strict=True)


def _by_name(classes: tuple[str, ...], shares: np.ndarray) -> dict[str, float]:
    return {name: float(share) for name, share in zip(classes, shares, strict=True)}
