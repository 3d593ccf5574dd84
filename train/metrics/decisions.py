"""Measures of a classifier over a set, which no mean over examples gives: they need all examples at once.

Of two classes by one output they are those of class 1, the positive one; of several classes the plain means over the
classes (macro), of several labels those over the labels; `f1_micro` is the F1 score of all labels together. Computed in
float64, as scikit-learn defines them. What the examples do not determine is None.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from .classification import confusion_matrix
from .ranking import average_precision, one_vs_rest, roc_auc

__all__ = ["BINS", "MEASURES", "RISING", "Judged", "Reliability", "measured", "reliability"]

BINS = 15
"""Bins of equal width of the calibration error (Guo et al. 2017, On Calibration of Modern Neural Networks)."""


class Judged(NamedTuple):
    """Holds the examples of a set and what a classifier makes of them.

    Attributes:
        y: true class of each example (examples,), or 0 and 1 of each label (examples, labels).
        predicted: predicted class or labels, of the same shape.
        probabilities: probability of each class (examples, classes), or label (examples, labels).
        binary: whether class 1 is the positive class of two; False: the means over the classes are computed.
        weight: weight of each example (examples,); None: all count the same.
    """

    y: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    binary: bool = False
    weight: np.ndarray | None = None


class Reliability(NamedTuple):
    """Holds the bins of a reliability diagram that have examples, each (bins,).

    Attributes:
        confidence: mean probability of the examples of a bin.
        share: share of them for which the event came true.
        count: number of them, or the sum of their weights.
    """

    confidence: np.ndarray
    share: np.ndarray
    count: np.ndarray


def measured(judged: Judged, names: tuple[str, ...] = ()) -> dict[str, float | None]:
    """Computes measures by name, by default all of them; of one class per example `f1_micro` is the accuracy, left out.

    >>> found = measured(Judged(np.array([0, 1]), np.array([0, 0]), np.array([[0.9, 0.1], [0.6, 0.4]]), binary=True))
    >>> found["f1"], found["balanced_accuracy"], found["roc_auc"]
    (0.0, 0.5, 1.0)
    """
    every = [name for name in MEASURES if name != "f1_micro" or judged.y.ndim > 1]
    return {name: MEASURES[name](judged) for name in names or every}


def reliability(judged: Judged, bins: int = BINS) -> Reliability:
    """Compares probabilities with what came true, in bins of equal width, each closed above.

    The event is class 1 for two classes by one output, each label of several, else that the predicted class is right.
    """
    probability, event, weight = judged.probabilities[:, -1], judged.y == 1, judged.weight
    if judged.y.ndim > 1:
        probability, event = judged.probabilities.ravel(), event.ravel()
        weight = None if weight is None else np.repeat(weight, judged.y.shape[1])
    elif not judged.binary:
        probability = np.take_along_axis(judged.probabilities, judged.predicted[:, None], axis=1)[:, 0]
        event = judged.predicted == judged.y
    probability = probability.astype(np.float64)
    place = np.clip(np.ceil(probability * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, weight, minlength=bins)
    used, each = count > 0, 1 if weight is None else weight
    sums = (np.bincount(place, each * values, minlength=bins) for values in (probability, event))
    confidence, share = (total[used] / count[used] for total in sums)
    return Reliability(confidence, share, count[used])


def _by_class(judged: Judged) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns hits, predictions and examples of each class or label (classes,)."""
    if judged.y.ndim > 1:
        true, said = judged.y == 1, judged.predicted == 1
        hits, predictions, examples = (_count(each, judged.weight) for each in (true & said, said, true))
        return hits, predictions, examples
    matrix = confusion_matrix(judged.y, judged.predicted, judged.probabilities.shape[1], judged.weight)
    return np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)


def _count(which: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Returns the number of examples with each label, or the sum of their weights (labels,)."""
    return which.sum(axis=0) if weight is None else weight @ which


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Returns a ratio of counts; 0 / 0 is 0."""
    return part / np.where(whole > 0, whole, 1)


def _averaged(judged: Judged, part: np.ndarray, whole: np.ndarray, there: np.ndarray) -> float | None:
    """Returns the ratio of class 1, or the mean over all labels or the classes there; a ratio 0 / 0 is 0 there."""
    ratio = _ratio(part, whole)
    if judged.binary:
        return float(ratio[1]) if there[1] else None
    return float(ratio[there | (judged.y.ndim > 1)].mean())


def _precision(judged: Judged) -> float | None:
    hits, predictions, examples = _by_class(judged)
    return _averaged(judged, hits, predictions, (predictions + examples > 0) | judged.binary)


def _recall(judged: Judged) -> float | None:
    hits, predictions, examples = _by_class(judged)
    return _averaged(judged, hits, examples, examples > 0 if judged.binary else predictions + examples > 0)


def _f1(judged: Judged) -> float | None:
    hits, predictions, examples = _by_class(judged)
    return _averaged(judged, 2 * hits, predictions + examples, predictions + examples > 0)


def _f1_micro(judged: Judged) -> float:
    hits, predictions, examples = map(np.sum, _by_class(judged))
    return float(_ratio(2 * hits, predictions + examples))


def _balanced_accuracy(judged: Judged) -> float | None:
    if judged.y.ndim > 1:
        return _over_labels(_of_two, judged, judged.predicted)
    hits, _, examples = _by_class(judged)
    return float(_ratio(hits, examples)[examples > 0].mean())


def _of_two(y: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None) -> float | None:
    """Computes the mean of the shares of positive and of negative examples that are right; None without either."""
    if y.all() or not y.any():
        return None
    right = predicted == y
    shares = (np.average(right[kind], weights=None if weight is None else weight[kind]) for kind in (y, ~y))
    return float(sum(shares)) / 2


def _over_labels(measure: Callable, judged: Judged, found: np.ndarray) -> float | None:
    """Returns the mean of a measure over the labels that have a value."""
    each = [measure(judged.y[:, j] == 1, found[:, j], judged.weight) for j in range(found.shape[1])]
    known = [value for value in each if value is not None]
    return float(np.mean(known)) if known else None


def _ranking(measure: Callable) -> Callable[[Judged], float | None]:
    def over(judged: Judged) -> float | None:
        if judged.y.ndim > 1:
            return _over_labels(measure, judged, judged.probabilities)
        if judged.binary:
            return measure(judged.y == 1, judged.probabilities[:, 1], judged.weight)
        return one_vs_rest(measure, judged.y, judged.probabilities, judged.weight)

    return over


def _ece(judged: Judged) -> float:
    confidence, share, count = reliability(judged)
    return float(np.sum(count * np.abs(confidence - share)) / count.sum())


MEASURES: Mapping[str, Callable[[Judged], float | None]] = MappingProxyType(
    {
        "precision": _precision,
        "recall": _recall,
        "f1": _f1,
        "f1_micro": _f1_micro,
        "balanced_accuracy": _balanced_accuracy,
        "roc_auc": _ranking(roc_auc),
        "average_precision": _ranking(average_precision),
        "ece": _ece,
    }
)
"""Measures by name: functions of `Judged`."""

RISING = tuple(name for name in MEASURES if name != "ece")
"""The measures of which more is better."""
