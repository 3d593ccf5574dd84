"""Data and settings on which self-organising maps and k-means are compared, and the scores of both, in float64."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["WORK", "Work", "errors", "inertia", "rows_of"]

_BLOCK = 4096  # rows whose distances are computed at a time


@dataclass(frozen=True)
class Work:
    """Training of one map, or of centres by k-means.

    Attributes:
        about: description for the table.
        like: data set whose recipes of `kohonen` give the zoo's options.
        side: rows and columns of the map.
        passes: passes over the rows by rule; None: those of the recipe.
        units: centres of k-means; 0: a map is trained.
        iterations: iterations of k-means.
        seeds: seeds of the zoo's online maps, which depend on the order of the rows.
    """

    about: str
    like: str = ""
    side: int = 0
    passes: int | None = None
    units: int = 0
    iterations: int = 10
    seeds: int = 1


WORK = {
    "iris": Work("iris, 150 rows, standardised, map 7x7", "iris", 7, seeds=20),
    "digits": Work("digits, 1,797 images / 16, map 20x20", "digits", 20),
    "rows": Work("100,000 images like digits / 16, map 20x20", "digits", 20, passes=20),
    "million": Work("1,000,000 rows of 16 numbers, map 20x20", "digits", 20, passes=2),
    "million centres": Work("1,000,000 rows of 16 numbers, rbf of 500 centres", units=500),
    "centres": Work("100,000 images like digits / 16, 500 centres, 10 iterations", units=500),
}


def rows_of(name: str) -> np.ndarray:
    """Makes the rows of a work, float32 (rows, features)."""
    from zoo.train.data.dataset import load_data

    rng = np.random.default_rng(0)
    if name.startswith("million"):  # clusters of different sizes
        middles = 3 * rng.normal(size=(50, 16))
        chosen = rng.integers(0, 50, 1_000_000)
        return (middles[chosen] + rng.normal(size=(1_000_000, 16))).astype(np.float32)
    data = load_data("iris" if name == "iris" else "digits")
    x = np.concatenate([data.train.x, data.test.x]).reshape(len(data.train.x) + len(data.test.x), -1)
    if name == "iris":
        x = x.astype(np.float64)
        return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    x = (x / 16).astype(np.float32)
    if name == "digits":
        return x
    chosen = x[rng.integers(0, len(x), 100_000)]
    return np.clip(chosen + 0.05 * rng.normal(size=chosen.shape), 0, 1).astype(np.float32)


def errors(x: np.ndarray, units: np.ndarray, side: int) -> dict[str, float]:
    """Computes the errors of a square map.

    Args:
        x: rows (n, features).
        units: weights (side * side, features), row by row.
        side: rows and columns of the map.

    Returns:
        `quantisation`, the mean distance of a row from the nearest unit, and `topographic`, the share of rows whose two
        nearest units are not among each other's eight neighbours.

    >>> errors(np.array([[0.0], [2.9]]), np.array([[0.0], [1.0], [9.0], [3.0]]), 2)["topographic"]
    0.0
    """
    distances, apart = [], []
    for near, distance in _nearest_two(x, units):
        places = np.stack(np.divmod(near, side))  # (2, rows, two)
        apart.append(np.abs(places[..., 0] - places[..., 1]).max(axis=0) > 1)
        distances.append(distance)
    return {
        "quantisation": float(np.concatenate(distances).mean()),
        "topographic": float(np.concatenate(apart).mean()),
    }


def inertia(x: np.ndarray, centres: np.ndarray) -> float:
    """Computes the mean squared distance of a row from the nearest centre."""
    return float(np.mean(np.concatenate([distance**2 for _, distance in _nearest_two(x, centres)])))


def _nearest_two(x: np.ndarray, units: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields, block by block, the two nearest units (rows, 2) and the distance from the nearest (rows,)."""
    units = np.asarray(units, np.float64)
    for start in range(0, len(x), _BLOCK):
        rows = np.asarray(x[start : start + _BLOCK], np.float64)
        squares = (rows**2).sum(1, keepdims=True) - 2 * rows @ units.T + (units**2).sum(1)
        near = np.argpartition(squares, 1, axis=1)[:, :2]
        order = np.take_along_axis(squares, near, axis=1).argsort(axis=1)
        near = np.take_along_axis(near, order, axis=1)
        yield near, np.linalg.norm(rows - units[near[:, 0]], axis=1)
