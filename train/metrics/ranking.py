"""Ranking of examples by a score: ROC and precision-recall curves and the areas under them, exact also with ties.

Examples of equal score are taken together, as in scikit-learn: a score that is constant has a ROC AUC of 0.5, and the
share of positive examples as average precision. What the examples do not determine is None.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Counts", "average_precision", "one_vs_rest", "ranked", "roc_auc"]


class Counts(NamedTuple):
    """Holds what a threshold at each different score selects, from the largest score to the smallest.

    Attributes:
        false: number of negative examples with this score or a larger one, int64 (scores,); of weighted examples the
            sum of their weights, float64.
        true: the same of positive examples (scores,).
        scores: the scores, descending (scores,).
    """

    false: np.ndarray
    true: np.ndarray
    scores: np.ndarray

    @property
    def roc(self) -> tuple[np.ndarray, np.ndarray]:
        """False and true positive rate from (0, 0) to (1, 1), for sets with examples of both kinds."""
        false, true = (np.append(0, each) / (each[-1] or 1) for each in (self.false, self.true))
        return false, true

    @property
    def precision_recall(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision at each score, for sets with positive examples."""
        return self.true / (self.true[-1] or 1), self.true / (self.true + self.false)


def ranked(y: ArrayLike, scores: ArrayLike, weight: np.ndarray | None = None) -> Counts:
    """Counts the examples above each score.

    Args:
        y: whether each example is positive (examples,).
        scores: their scores (examples,), larger for positive ones.
        weight: their weights (examples,), above 0; None: all count the same.

    Raises:
        ValueError: if the shapes differ or there are no examples.

    >>> [each.tolist() for each in ranked([0, 1, 1], [0.5, 0.5, 0.9])]
    [[0, 1], [1, 2], [0.9, 0.5]]
    """
    positive, scores = np.asarray(y, bool), np.asarray(scores)
    if positive.shape != scores.shape or positive.ndim != 1 or not len(positive):
        raise ValueError(f"ranked: y {positive.shape} and scores {scores.shape} must be (examples,) and not be empty")
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))  # of each group of equal scores
    if weight is not None:
        false, true = (np.cumsum(np.where(kind, weight, 0)[order])[last] for kind in (~positive, positive))
        return Counts(false, true, falling[last])
    true = np.cumsum(positive[order], dtype=np.int64)[last]
    return Counts(last + 1 - true, true, falling[last])


def roc_auc(y: ArrayLike, scores: ArrayLike, weight: np.ndarray | None = None) -> float | None:
    """Computes the area under the ROC curve: the share of pairs that are ordered rightly, ties counting one half.

    It is None if all examples are positive or all are negative. A pair of weighted examples counts as the product of
    their weights.

    >>> roc_auc([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8]), roc_auc([1, 1], [0.2, 0.3])
    (0.875, None)
    """
    false, true, _ = ranked(y, scores, weight)
    if not false[-1] or not true[-1]:
        return None
    # In halves of a pair, as whole numbers without weights: exact.
    pairs = np.diff(false, prepend=0) * (true + np.append(0, true[:-1]))
    return pairs.sum().item() / (2 * false[-1].item() * true[-1].item())


def average_precision(y: ArrayLike, scores: ArrayLike, weight: np.ndarray | None = None) -> float | None:
    """Computes the precision at each score, weighted by the gain in recall; None without positive examples.

    >>> average_precision([0, 1, 1], [0.9, 0.8, 0.1])
    0.5833333333333333
    """
    false, true, _ = ranked(y, scores, weight)
    if not true[-1]:
        return None
    gain = np.diff(true, prepend=0)
    return float(np.sum(gain * (true / (true + false))) / true[-1])


def one_vs_rest(
    measure: Callable, y: np.ndarray, probabilities: np.ndarray, weight: np.ndarray | None = None
) -> float | None:
    """Computes the mean of a measure of two classes over the classes, each against the others.

    Args:
        measure: `(whether positive, scores, weight) -> value or None`; a class with None does not count.
        y: class of each example (examples,).
        probabilities: (examples, classes).
        weight: weight of each example; None: all count the same.

    >>> one_vs_rest(roc_auc, np.array([0, 1, 1]), np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.9, 0.1, 0]]))
    0.75
    """
    found = [measure(y == j, probabilities[:, j], weight) for j in range(probabilities.shape[1])]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known else None
