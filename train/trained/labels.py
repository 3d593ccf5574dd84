"""Values of classes as predictions give them, names or whole numbers; score and threshold of a model of classes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import BadInput
from ..metrics.regression import r2
from .build import task_of

__all__ = ["indices_of", "labels_of", "named", "score", "with_threshold"]


def labels_of(about: Mapping[str, Any]) -> np.ndarray:
    """Returns the values of the classes of a model: texts or whole numbers (classes,).

    Args:
        about: description of the model. Where it has no `labels`, classes are called by their names, or by their
            indices if these are their names.

    >>> labels_of({"classes": ["cat", "dog"]}).tolist(), labels_of({"classes": ["0", "1"]}).tolist()
    (['cat', 'dog'], [0, 1])
    """
    if about.get("labels"):
        return np.array(about["labels"])
    classes = list(about["classes"])
    return np.arange(len(classes)) if classes == [str(i) for i in range(len(classes))] else np.array(classes)


def named(indices: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the labels of classes; indices themselves keep their type."""
    return indices if labels.dtype.kind == "i" and np.array_equal(labels, np.arange(len(labels))) else labels[indices]


def indices_of(y: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the class of each target, -1 for one that is no class.

    Args:
        y: targets, labels or, where these are texts, also indices; whole numbers that are all names of classes are
            these.
        labels: values of the classes.

    >>> indices_of(np.array(["dog", "cow"]), np.array(["cat", "dog"])).tolist()
    [1, -1]
    """
    if labels.dtype.kind == "U" and y.dtype.kind in "biu":
        if y.dtype.kind == "b" or not np.isin(y.astype(str), labels).all():
            return np.where((y >= 0) & (y < len(labels)), y, -1)
        y = y.astype(str)
    place = {value: i for i, value in enumerate(labels.tolist())}
    return np.array([place.get(value, -1) for value in y.ravel().tolist()], np.int64).reshape(y.shape)


def score(trained: Any, x: Any, y: Any) -> float:
    """Computes the share of correct classes, of examples whose labels are all correct, or R2 as the mean over outputs.

    Args:
        trained: the model.
        x: raw inputs.
        y: targets.

    Raises:
        BadInput: if there is another number of targets, one is no class of the model, or the task has no such score.
    """
    name, y = trained.task.name, np.asarray(y)
    if not (trained.task.named or name in ("multilabel", "regression")):
        raise BadInput(f"the task {name} of {trained.about['model']} has no score of inputs and targets")
    found = trained.predict_indices(x)
    if y.shape != found.shape and y.size == found.size and len(y) == len(found):
        y = y.reshape(found.shape)  # a column of targets
    if y.shape != found.shape:
        raise BadInput(f"score: {len(found):,} inputs have targets of shape {found.shape}, got {y.shape}")
    if name == "regression":
        rows = len(y)
        return float(r2(np.asarray(y, np.float64).reshape(rows, -1), found.reshape(rows, -1)))
    if name == "multilabel":
        return float((found == y).all(axis=-1).mean())
    true = indices_of(y, trained.labels)
    if name == "tagging":  # a step without a tag does not count
        return float((found == true)[true >= 0].mean())
    if (true < 0).any():
        row, known = int((true < 0).argmax()), trained.labels.tolist()
        shown = ", ".join(map(repr, known[:20])) + ", ..." * (len(known) > 20)
        raise BadInput(f"score: y, row {row} (counted from 0) is {y[row]!s}, which is no class of the model ({shown})")
    return float((found == true).mean())


def with_threshold(trained: Any, threshold: float) -> Any:
    """Returns a model of two classes or of several labels with another threshold; probabilities stay as they are.

    Args:
        trained: the model.
        threshold: probability above which the second class, or a label, is predicted.

    Raises:
        BadInput: if it is not between 0 and 1, or the task of the model has none.

    >>> try:
    ...     with_threshold(None, 1.5)
    ... except BadInput as error:
    ...     print(error)
    --threshold must be a number above 0 and below 1, got 1.5
    """
    if not 0 < threshold < 1:
        raise BadInput(f"--threshold must be a number above 0 and below 1, got {threshold!r}")
    about = dict(trained.about)
    about["recipe"] = {**about["recipe"], "threshold": threshold}
    task = task_of(about)
    return replace(trained, task=task, about=about)
