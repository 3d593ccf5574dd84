"""The check that the report metrics share."""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["paired"]


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
