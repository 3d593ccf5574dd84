"""Regression metrics for reports: true and predicted values in, exact float64 figures out, as in scikit-learn.

On the device, `zoo.train.losses.regression` computes the same errors per example.
"""

import numpy as np
from numpy.typing import ArrayLike

from ._pairs import paired, root_mean_square

__all__ = ["mae", "r2", "rmse"]


def mae(y: ArrayLike, predicted: ArrayLike) -> float:
    """Computes the mean absolute error over all examples and outputs."""
    y, predicted = paired("mae", y, predicted)
    return float(np.mean(np.abs(y - predicted)))


def rmse(y: ArrayLike, predicted: ArrayLike) -> float:
    """Computes the root of the mean squared error over all examples and outputs, in the targets' unit."""
    y, predicted = paired("rmse", y, predicted)
    return float(root_mean_square(y - predicted))


def r2(y: ArrayLike, predicted: ArrayLike) -> float:
    """Computes the coefficient of determination: 1 is perfect, 0 equals predicting the mean, below 0 is worse.

    Several outputs are averaged. An output with constant targets scores 1 if every prediction is exact, else 0.

    >>> round(r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]), 9)
    0.5
    """
    y, predicted = paired("r2", y, predicted)
    error, spread = root_mean_square(y - predicted, 0), root_mean_square(y - y.mean(axis=0), 0)
    constant = np.ptp(y, axis=0) == 0
    score = 1 - (error / np.where(constant, 1, spread)) ** 2
    return float(np.mean(np.where(constant, error == 0, score)))
