"""Frechet distance between two sets of points, by their means and covariances, and the classifier score."""

import numpy as np

__all__ = ["classifier_score", "covariance", "frechet", "moments"]


def frechet(mean: np.ndarray, cov: np.ndarray, other_mean: np.ndarray, other_cov: np.ndarray) -> float:
    """Computes `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))` in float64 (Dowson & Landau 1982; Heusel et al. 2017).

    The trace of the root comes from the eigenvalues of `C1^(1/2) C2 C1^(1/2)`: this matrix is symmetric, so
    covariances without full rank are handled as well.

    Args:
        mean: mean of the first set, (features,).
        cov: covariance of the first set, (features, features).
        other_mean: mean of the second set.
        other_cov: covariance of the second set.

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
    """Computes the (biased) covariance from the mean (features,) and the mean outer product (features, features)."""
    mean, outer = np.asarray(mean, np.float64), np.asarray(outer, np.float64)
    return outer - np.outer(mean, mean)


def moments(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Computes mean and (biased) covariance of points (n, features) in float64.

    >>> [each.tolist() for each in moments(np.array([[0.0], [2.0]]))]
    [[1.0], [[1.0]]]
    """
    points = points.astype(np.float64)
    mean = points.mean(axis=0)
    rest = points - mean  # centred before the product, which far from 0 would lose the digits of the covariance
    return mean, rest.T @ rest / len(points)


def classifier_score(probabilities: np.ndarray) -> float:
    """Computes the formula of the Inception score, `exp(E KL(p(class | image) || p(class)))` (Salimans et al. 2016).

    Args:
        probabilities: of each class (images, classes).

    >>> round(classifier_score(np.eye(4)), 6), classifier_score(np.full((4, 4), 0.25))
    (4.0, 1.0)
    """
    p = np.asarray(probabilities, np.float64)
    logs, log_share = np.log(np.maximum(p, 1e-30)), np.log(np.maximum(p.mean(axis=0), 1e-30))
    return float(np.exp(np.mean(np.sum(p * (logs - log_share), axis=1))))


def _root(cov: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
