"""Agreement of clusters with labels, from their contingency table."""

import numpy as np

__all__ = ["adjusted_rand", "purity"]


def purity(table: np.ndarray) -> float:
    """Computes the share of examples that belong to the majority class of their cluster.

    Args:
        table: counts (clusters, classes).

    >>> purity(np.array([[3, 1], [0, 4]]))
    0.875
    """
    return float(table.max(axis=1).sum() / max(table.sum(), 1))


def adjusted_rand(table: np.ndarray) -> float:
    """Computes the adjusted Rand index (Hubert and Arabie 1985, Comparing partitions).

    It is 1 for equal partitions, 0 in expectation for random ones, and may be negative.

    Args:
        table: counts (clusters, classes).

    >>> adjusted_rand(np.array([[2, 0], [0, 2]])), round(adjusted_rand(np.array([[1, 1], [1, 1]])), 6)
    (1.0, -0.5)
    """
    table = np.asarray(table, np.float64)
    together, rows, columns = (_pairs(each) for each in (table, table.sum(axis=1), table.sum(axis=0)))
    everything = _pairs(table.sum())
    expected = rows * columns / everything if everything else 0.0
    largest = (rows + columns) / 2
    return 1.0 if largest == expected else float((together - expected) / (largest - expected))


def _pairs(counts: np.ndarray) -> float:
    """Counts the pairs of examples within each group."""
    return float(np.sum(counts * (counts - 1) / 2))
