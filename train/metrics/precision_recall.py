"""Precision and recall of generated samples, measured in a feature space (Kynkaanniemi et al. 2019)."""

import numpy as np

__all__ = ["precision_recall"]

_ROWS = 500  # points per block of the distance matrix, which bounds the memory


def precision_recall(real: np.ndarray, generated: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Computes the fractions of points that lie in the support of the other set (Kynkaanniemi et al. 2019).

    The support of a set is the union of balls around its points; the radius of each ball is the distance to the
    point's k-th nearest neighbour.

    Args:
        real: features of real samples, (samples, features).
        generated: features of generated samples, (samples, features).
        k: index of the neighbour that gives the radius; 3 in the paper.

    Returns:
        Precision, the fraction of generated points in the support of the real ones, and recall, the fraction of real
        points in the support of the generated ones.

    Raises:
        ValueError: if a set has no more than k points.

    >>> precision_recall(np.arange(10.0)[:, None], np.array([[2.2], [2.3], [50.0], [50.1]]), k=1)
    (0.5, 0.0)
    """
    real, generated = (np.asarray(each, np.float64) for each in (real, generated))
    if min(len(real), len(generated)) <= k:
        sizes = f"{len(real)} and {len(generated)}"
        raise ValueError(f"precision_recall needs more than k = {k} points in each set, got {sizes}")
    return _coverage(generated, real, _radii(real, k)), _coverage(real, generated, _radii(generated, k))


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    """Returns the squared distance from each point to its k-th nearest neighbour; the point itself is the 0-th."""
    return np.concatenate([np.partition(rows, k, axis=1)[:, k] for rows in _distances(points, points)])


def _coverage(points: np.ndarray, others: np.ndarray, radii: np.ndarray) -> float:
    return float(np.mean(np.concatenate([(rows <= radii).any(axis=1) for rows in _distances(points, others)])))


def _distances(points: np.ndarray, others: np.ndarray):
    """Yields the squared distances from blocks of points to all others.

    Both are moved by the mean of the others: far from 0 the difference of squares would lose the digits of a distance.
    """
    middle = others.mean(axis=0)
    points, others = points - middle, others - middle
    squares = np.sum(others**2, axis=1)
    for start in range(0, len(points), _ROWS):
        block = points[start : start + _ROWS]
        yield np.maximum(np.sum(block**2, axis=1)[:, None] + squares - 2 * block @ others.T, 0)
