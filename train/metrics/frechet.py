"""How far apart two clouds of points are, each taken as a normal distribution: the Frechet distance."""

import numpy as np

__all__ = ["covariance", "frechet"]


def frechet(mean: np.ndarray, cov: np.ndarray, other_mean: np.ndarray, other_cov: np.ndarray) -> float:
    """`|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`, in float64 (Dowson & Landau 1982; for images Heusel et al. 2017).

    The root's trace is that of the roots of the eigenvalues of `C1^(1/2) C2 C1^(1/2)`, which is symmetric, so that
    covariances of less than full rank do no harm.

    Args:
        mean: of the first, (features,).
        cov: its covariance, (features, features).
        other_mean: of the second.
        other_cov: its covariance.

    >>> frechet(np.zeros(2), np.eye(2), np.array([3.0, 4.0]), np.diag([4.0, 1.0]))
    26.0
    """
    mean, cov, other_mean, other_cov = (np.asarray(each, np.float64) for each in (mean, cov, other_mean, other_cov))
    root = _root(cov)
    inner = root @ other_cov @ root
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh((inner + inner.T) / 2), 0))
    distance = np.sum((mean - other_mean) ** 2) + np.trace(cov) + np.trace(other_cov) - 2 * roots.sum()
    return float(max(distance, 0.0))


def covariance(mean: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """The (biased) covariance of points whose mean and whose mean outer product are known."""
    mean, outer = np.asarray(mean, np.float64), np.asarray(outer, np.float64)
    return outer - np.outer(mean, mean)


def _root(cov: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
