"""Whether what is made looks real (precision), and whether all that is real is made (recall): Kynkaanniemi 2019."""

import numpy as np

__all__ = ["precision_recall"]

_ROWS = 500  # whose distances to all others are held at a time


def precision_recall(real: np.ndarray, made: np.ndarray, k: int = 3) -> tuple[float, float]:
    """Shares of points that lie where the other cloud is (Kynkaanniemi et al. 2019, Improved precision and recall).

    A cloud is where its balls are: one around each point, as wide as the distance to its k-th nearest neighbour.

    Args:
        real: features of real examples, (examples, features).
        made: features of made ones.
        k: which neighbour, 3 in the paper.

    Returns:
        Precision, the share of made points in the cloud of the real; recall, the share of real points in that of the
        made.

    Raises:
        ValueError: if a cloud has no more than k points.

    >>> precision_recall(np.arange(10.0)[:, None], np.array([[2.2], [2.3], [50.0], [50.1]]), k=1)
    (0.5, 0.0)
    """
    real, made = (np.asarray(each, np.float64) for each in (real, made))
    if min(len(real), len(made)) <= k:
        raise ValueError(f"precision_recall wants more than k = {k} points each, got {len(real)} and {len(made)}")
    return _inside(made, real, _radii(real, k)), _inside(real, made, _radii(made, k))


def _radii(cloud: np.ndarray, k: int) -> np.ndarray:
    """The squared distance from each point to its k-th nearest neighbour; itself is the 0-th."""
    return np.concatenate([np.partition(rows, k, axis=1)[:, k] for rows in _distances(cloud, cloud)])


def _inside(points: np.ndarray, cloud: np.ndarray, radii: np.ndarray) -> float:
    return float(np.mean(np.concatenate([(rows <= radii).any(axis=1) for rows in _distances(points, cloud)])))


def _distances(points: np.ndarray, cloud: np.ndarray):
    """Squared distances from some hundred points at a time to the whole cloud."""
    squares = np.sum(cloud**2, axis=1)
    for start in range(0, len(points), _ROWS):
        some = points[start : start + _ROWS]
        yield np.maximum(np.sum(some**2, axis=1)[:, None] + squares - 2 * some @ cloud.T, 0)
