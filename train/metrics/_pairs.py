"""The check and the root mean square that the report metrics share."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["paired", "root_mean_square"]


def paired(name: str, y: ArrayLike, predicted: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Returns true and predicted values in float64, with (n, 1) flattened to (n,).

    Raises:
        ValueError: if the shapes differ or there are no values.
    """
    a, b = np.asarray(y, np.float64), np.asarray(predicted, np.float64)
    flat = [x[:, 0] if x.ndim == 2 and x.shape[1] == 1 else x for x in (a, b)]
    if flat[0].shape != flat[1].shape or not flat[0].size:
        raise ValueError(f"{name}: y {a.shape} and predicted {b.shape} must have the same shape and not be empty")
    return flat[0], flat[1]


def root_mean_square(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Computes the root of the mean square; squares of values beyond 1e154 or below 1e-162 would leave float64."""
    largest = np.max(np.abs(values), axis=axis, keepdims=True)
    unit = np.where(largest > 0, largest, 1)
    return np.sqrt(np.square(values / unit).mean(axis=axis)) * np.squeeze(unit, axis)
