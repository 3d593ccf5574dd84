"""Trivial baselines: outputs that read nothing of an example, or only the last value of a window.

A task states its baseline by the field `Task.baseline`, a function of the training data. The outputs are scored as
those of a model, by the metrics of the task, on the same examples.
"""

from typing import NamedTuple

import numpy as np

from ..data.dataset import Dataset
from ..data.on_disk import blocks

__all__ = [
    "Baseline",
    "central_value",
    "class_shares",
    "label_shares",
    "log_odds",
    "mean_example",
    "token_shares",
]

_ROWS = 4096  # examples summed at a time
_UNSEEN = 0.5  # examples of a class without any, whose share would have no logarithm


class Baseline(NamedTuple):
    """Outputs of a trivial model, in the units of the data: `outputs + last * (last value of the window)`.

    Attributes:
        name: name for readers, as "most frequent class".
        outputs: float64 (outputs,), or of the shape of an example where examples are the targets.
        last: factor of the last value of a window; 0: the outputs are constant.
    """

    name: str
    outputs: np.ndarray
    last: float = 0.0


def class_shares(data: Dataset, classes: int) -> np.ndarray:
    """Computes the share of each class in the training targets, float64 (classes,); -1 marks steps without a target.

    A class without training examples counts as half an example. Weighted examples count by their weights.
    """
    if (weight := data.train.weight) is not None:
        found = np.bincount(data.train.y, weight, minlength=classes)
    else:  # the targets of a large text stay on the disk
        counts = (np.bincount(part[part >= 0].ravel(), minlength=classes) for part in blocks(data.train.y, _ROWS))
        found = sum(counts, np.zeros(classes, np.int64))
    counts = np.where(found > 0, found, min(_UNSEEN, found.sum() / 2))
    return counts / counts.sum()


def token_shares(data: Dataset, kind: str, *, outputs: int) -> Baseline:
    """Returns the logarithms of the shares of the tokens in the training text as logits of every next token."""
    return Baseline("most frequent token", np.log(class_shares(data, outputs)))


def label_shares(data: Dataset, kind: str) -> Baseline:
    """Returns the logit of each label's share of the training examples."""
    y, weight = data.train.y, data.train.weight
    if weight is not None:
        return Baseline("more frequent value of each label", log_odds(weight @ y, weight.sum()))
    total = sum(part.sum(axis=0, dtype=np.int64) for part in blocks(y, _ROWS))
    return Baseline("more frequent value of each label", log_odds(np.asarray(total), len(y)))


def log_odds(count: np.ndarray, examples: float) -> np.ndarray:
    """Computes the logit of a share `count / examples`; a count of 0 or of all differs by half an example.

    >>> log_odds(np.array([1, 0]), 2).round(3).tolist()
    [0.0, -1.099]
    """
    count, unseen = np.asarray(count, np.float64), min(_UNSEEN, examples / 2)
    count = np.where(count <= 0, unseen, np.where(count >= examples, examples - unseen, count))
    return np.log(count) - np.log(examples - count)


def central_value(data: Dataset, kind: str, *, outputs: int, absolute: bool = False) -> Baseline:
    """Returns the mean of the training targets; of series the last value of the window, persistence.

    Args:
        data: data set with the training examples.
        kind: kind of the data.
        outputs: number of values to predict.
        absolute: whether the loss is the absolute error, which the median minimises.
    """
    if kind == "series":  # where changes are learned, the last value is a change of 0
        return Baseline("persistence", np.zeros(outputs), 0.0 if data.relative else 1.0)
    parts = [np.asarray(part, np.float64) for part in blocks(data.train.y, _ROWS)]
    y = np.concatenate(parts).reshape(len(data.train.y), -1)
    weight = data.train.weight
    if not absolute:
        return Baseline("mean", y.mean(axis=0) if weight is None else np.average(y, axis=0, weights=weight))
    return Baseline("median", np.median(y, axis=0) if weight is None else _weighted_median(y, weight))


def _weighted_median(y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Computes the median of each column, as if a row were repeated as often as its weight says."""
    order = np.argsort(y, axis=0, kind="stable")
    rising, total = np.take_along_axis(y, order, axis=0), weight.sum()
    below = np.cumsum(weight[order], axis=0)
    ends = (np.argmax(reached, axis=0) for reached in (2 * below >= total, 2 * below > total))
    low, high = (np.take_along_axis(rising, end[None], axis=0)[0] for end in ends)
    return low / 2 + high / 2


def mean_example(data: Dataset, kind: str) -> Baseline:
    """Returns the mean of the training examples as their reconstruction."""
    if data.train.weight is not None:
        return Baseline("mean example", np.average(data.train.x, axis=0, weights=data.train.weight))
    total = sum(part.sum(axis=0, dtype=np.float64) for part in blocks(data.train.x, _ROWS))
    return Baseline("mean example", np.asarray(total) / len(data.train.x))
