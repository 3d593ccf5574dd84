"""Metrics: how good the outputs are, in people's terms.

The first half is for the device: `(outputs, targets) -> one number an example`, shape (batch,). The second is for
reports: numpy arrays of true and predicted values in, exact float64 figures out, as scikit-learn defines them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from zoo.layers import describe

__all__ = [
    "ClassScores",
    "accuracy",
    "binary_accuracy",
    "class_scores",
    "confusion_matrix",
    "exact_match",
    "label_accuracy",
    "mae",
    "r2",
    "rmse",
    "top_k",
]


def accuracy(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """1 where the largest output is the target's, else 0; the first of equals counts.

    Args:
        outputs: (batch, classes) or (batch, ..., classes); axes in between are averaged over.
        targets: class indices (batch,) or (batch, ...).

    >>> accuracy(jnp.array([[1.0, 3.0], [2.0, 0.0]]), jnp.array([1, 1])).tolist()
    [1.0, 0.0]
    """
    _check("accuracy", outputs.shape[:-1], outputs, targets)
    return _mean(jnp.argmax(outputs, axis=-1) == targets)


def top_k(outputs: jax.Array, targets: jax.Array, k: int = 5) -> jax.Array:
    """1 where the target is among the `k` largest outputs, else 0; shapes as in `accuracy`."""
    _check("top_k", outputs.shape[:-1], outputs, targets)
    best = jax.lax.top_k(outputs, k)[1]
    return _mean(jnp.any(best == targets[..., None], axis=-1))


def binary_accuracy(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """1 where the logit, (batch, 1) or (batch,), has the sign that the target (batch,) of 0 or 1 asks for."""
    outputs = outputs[..., 0] if outputs.ndim == targets.ndim + 1 and outputs.shape[-1] == 1 else outputs
    _check("binary_accuracy", outputs.shape, outputs, targets)
    return _mean((outputs > 0) == (targets > 0))


def label_accuracy(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Share of an example's labels that are right; both are (batch, classes), logits and 0 or 1."""
    _check("label_accuracy", outputs.shape, outputs, targets)
    return _mean((outputs > 0) == (targets > 0))


def exact_match(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """1 where every label of the example is right, else 0 (scikit-learn's accuracy of multi-label sets)."""
    _check("exact_match", outputs.shape, outputs, targets)
    return _mean(jnp.all((outputs > 0) == (targets > 0), axis=-1))


def _check(name: str, wanted: tuple[int, ...], outputs: jax.Array, targets: jax.Array) -> None:
    if targets.shape != wanted:
        raise ValueError(
            f"{name}: for outputs {describe(outputs)} the targets must have shape {wanted}, got {describe(targets)}"
        )


def _mean(hits: jax.Array) -> jax.Array:
    return jnp.mean(hits.astype(jnp.float32), axis=tuple(range(1, hits.ndim)))


class ClassScores(NamedTuple):
    """One figure a class, each an array of shape (classes,); a class that nobody has or predicts scores 0."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray  # examples that are of the class

    def macro(self) -> dict[str, float]:
        """The plain means over the classes: a rare class counts as much as a common one."""
        return {name: float(np.mean(getattr(self, name))) for name in ("precision", "recall", "f1")}


def confusion_matrix(y: ArrayLike, predicted: ArrayLike, classes: int) -> np.ndarray:
    """Counts of shape (classes, classes): row i, column j holds the examples of class i that were taken for j.

    Raises:
        ValueError: if the two differ in shape, are empty, or an index lies outside 0 to classes - 1.

    >>> confusion_matrix([0, 1, 1], [0, 1, 0], 2).tolist()
    [[1, 0], [1, 1]]
    """
    y, predicted = _pair("confusion_matrix", y, predicted)
    for what, indices in (("y", y), ("predicted", predicted)):
        if not 0 <= indices.min() <= indices.max() < classes:
            raise ValueError(
                f"confusion_matrix: {what} runs from {indices.min():g} to {indices.max():g}, "
                f"but {classes} classes are numbered 0 to {classes - 1}"
            )
    cells = y.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(cells.ravel(), minlength=classes**2).reshape(classes, classes)


def class_scores(y: ArrayLike, predicted: ArrayLike, classes: int) -> ClassScores:
    """Precision, recall, F1 and support of each class.

    >>> class_scores([0, 1, 1], [0, 1, 0], 2).precision.tolist()
    [0.5, 1.0]
    """
    matrix = confusion_matrix(y, predicted, classes)
    hits, support, taken = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    return ClassScores(_ratio(hits, taken), _ratio(hits, support), _ratio(2 * hits, taken + support), support)


def mae(y: ArrayLike, predicted: ArrayLike) -> float:
    """Mean absolute error over all examples and outputs."""
    y, predicted = _pair("mae", y, predicted)
    return float(np.mean(np.abs(y - predicted)))


def rmse(y: ArrayLike, predicted: ArrayLike) -> float:
    """Root of the mean squared error over all examples and outputs, in the targets' unit."""
    y, predicted = _pair("rmse", y, predicted)
    return float(np.sqrt(np.mean((y - predicted) ** 2)))


def r2(y: ArrayLike, predicted: ArrayLike) -> float:
    """Coefficient of determination: 1 is perfect, 0 is as good as the mean, below 0 is worse.

    Several outputs: the plain mean of theirs. Where the targets never vary: 1 if all are met, else 0.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    y, predicted = _pair("r2", y, predicted)
    error, spread = np.sum((y - predicted) ** 2, axis=0), np.sum((y - y.mean(axis=0)) ** 2, axis=0)
    constant = np.ptp(y, axis=0) == 0
    score = 1 - error / np.where(constant, 1, spread)
    return float(np.mean(np.where(constant, error == 0, score)))


def _pair(name: str, y: ArrayLike, predicted: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both in float64, (n,) and (n, 1) alike."""
    a, b = np.asarray(y, np.float64), np.asarray(predicted, np.float64)
    flat = [x[:, 0] if x.ndim == 2 and x.shape[1] == 1 else x for x in (a, b)]
    if flat[0].shape != flat[1].shape or not flat[0].size:
        raise ValueError(f"{name}: y {a.shape} and predicted {b.shape} must be alike and not empty")
    return flat[0], flat[1]


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)
