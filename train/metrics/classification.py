"""Classification metrics.

The first half runs on the device: `(outputs, targets) -> one number per example`, shape (batch,). The second half is
for reports: numpy arrays of true and predicted classes in, exact float64 figures out, as scikit-learn defines them.
A target that is no class is never right.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from zoo.layers import describe

from ._pairs import paired

__all__ = [
    "ClassScores",
    "accuracy",
    "binary_accuracy",
    "class_scores",
    "confusion_matrix",
    "exact_match",
    "label_accuracy",
    "label_scores",
    "top_k",
]


def accuracy(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Returns 1 where the largest output is the target class, else 0; of equal outputs the first counts.

    Args:
        outputs: logits (batch, classes) or (batch, ..., classes); axes in between are averaged over.
        targets: class indices (batch,) or (batch, ...).

    >>> accuracy(jnp.array([[1.0, 3.0], [2.0, 0.0]]), jnp.array([1, 1])).tolist()
    [1.0, 0.0]
    """
    _check("accuracy", outputs.shape[:-1], outputs, targets)
    return _mean(jnp.argmax(outputs, axis=-1) == targets)


def top_k(outputs: jax.Array, targets: jax.Array, k: int = 5) -> jax.Array:
    """Returns 1 where the target class is among the `k` largest outputs, else 0; shapes as in `accuracy`."""
    _check("top_k", outputs.shape[:-1], outputs, targets)
    best = jax.lax.top_k(outputs, k)[1]
    return _mean(jnp.any(best == targets[..., None], axis=-1))


def binary_accuracy(outputs: jax.Array, targets: jax.Array, cut: float = 0.0) -> jax.Array:
    """Returns 1 where the logit, (batch, 1) or (batch,), is above the cut and the target (batch,) is 1, or neither."""
    outputs = outputs[..., 0] if outputs.ndim == targets.ndim + 1 and outputs.shape[-1] == 1 else outputs
    _check("binary_accuracy", outputs.shape, outputs, targets)
    return _mean((outputs > cut) == targets)


def label_accuracy(outputs: jax.Array, targets: jax.Array, cut: float = 0.0) -> jax.Array:
    """Returns the fraction of correct labels per example; logits and targets of 0 or 1 are (batch, classes).

    A label is predicted where its logit is above the cut.
    """
    _check("label_accuracy", outputs.shape, outputs, targets)
    return _mean((outputs > cut) == targets)


def exact_match(outputs: jax.Array, targets: jax.Array, cut: float = 0.0) -> jax.Array:
    """Returns 1 where every label of an example is correct, else 0 (scikit-learn's multi-label accuracy)."""
    _check("exact_match", outputs.shape, outputs, targets)
    return _mean(jnp.all((outputs > cut) == targets, axis=-1))


class ClassScores(NamedTuple):
    """Holds one score per class, each (classes,); a class that never occurs or is never predicted scores 0."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray  # number of examples of the class


def confusion_matrix(y: ArrayLike, predicted: ArrayLike, classes: int, weight: np.ndarray | None = None) -> np.ndarray:
    """Counts the examples of class i (row) that were predicted as class j (column), (classes, classes).

    With the weight of each example the sums of weights are computed instead.

    Raises:
        ValueError: if the shapes differ, the arrays are empty, or an index is no whole number from 0 to classes - 1.

    >>> confusion_matrix([0, 1, 1], [0, 1, 0], 2).tolist()
    [[1, 0], [1, 1]]
    """
    y, predicted = paired("confusion_matrix", y, predicted)
    for label, indices in (("y", y), ("predicted", predicted)):
        if (fractions := indices[indices % 1 != 0]).size:
            raise ValueError(f"confusion_matrix: {label} must hold class indices, got {fractions[0]:g}")
        if not 0 <= indices.min() <= indices.max() < classes:
            raise ValueError(
                f"confusion_matrix: {label} ranges from {indices.min():g} to {indices.max():g}, "
                f"but {classes} classes are numbered 0 to {classes - 1}"
            )
    cells = y.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(cells.ravel(), weight, minlength=classes**2).reshape(classes, classes)


def class_scores(y: ArrayLike, predicted: ArrayLike, classes: int) -> ClassScores:
    """Computes precision, recall, F1 and support of each class.

    >>> class_scores([0, 1, 1], [0, 1, 0], 2).precision.tolist()
    [0.5, 1.0]
    """
    matrix = confusion_matrix(y, predicted, classes)
    hits, support, positives = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    return ClassScores(_ratio(hits, positives), _ratio(hits, support), _ratio(2 * hits, positives + support), support)


def label_scores(y: ArrayLike, predicted: ArrayLike) -> ClassScores:
    """Computes precision, recall, F1 and support of each label; both arrays hold 0 and 1, (examples, labels).

    >>> label_scores([[1, 0], [1, 1]], [[1, 0], [0, 1]]).recall.tolist()
    [0.5, 1.0]
    """
    true, said = np.asarray(y) == 1, np.asarray(predicted) == 1
    hits, support, positives = (each.sum(axis=0) for each in (true & said, true, said))
    return ClassScores(_ratio(hits, positives), _ratio(hits, support), _ratio(2 * hits, positives + support), support)


def _check(name: str, shape: tuple[int, ...], outputs: jax.Array, targets: jax.Array) -> None:
    if targets.shape != shape:
        raise ValueError(
            f"{name}: for outputs {describe(outputs)} the targets must have shape {shape}, got {describe(targets)}"
        )


def _mean(hits: jax.Array) -> jax.Array:
    return jnp.mean(hits.astype(jnp.float32), axis=tuple(range(1, hits.ndim)))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)
