"""Factors of examples and the latents that stand for them: sets in which one factor varies, and scores."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BadInput

__all__ = ["Factors", "factor_scores", "products", "sets_of"]

_LEAST = 1e-9  # share of the largest variance below which latents do not vary
_ROUNDED = 1e-5  # share of the mean square below which a variance may be the rounding of float32

Factors = Sequence[tuple[int, ...]]


def sets_of(targets: np.ndarray, factors: Factors, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Finds the examples that agree in all factors but one.

    Args:
        targets: factors of the training examples (examples, columns).
        factors: columns of each factor.
        size: examples of a set; of larger sets some are left out, examples of smaller ones are repeated.

    Returns:
        Indices (factors, most sets, size), those of a set in the order of the factor, and the number of sets of each
        factor (factors,).

    Raises:
        BadInput: if there is no set for one of them.

    >>> rows, counts = sets_of(np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), [(0,), (1,)], 2)
    >>> rows.tolist(), counts.tolist()
    ([[[0, 2], [1, 3]], [[0, 1], [2, 3]]], [2, 2])
    """
    found = []
    for factor, columns in enumerate(factors):
        others = np.delete(targets, columns, axis=1)
        _, which = np.unique(others, axis=0, return_inverse=True)
        order = np.argsort(which.reshape(-1), kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(which.reshape(-1)[order])) + 1)
        several = (rows for rows in groups if len(rows) > 1)
        varied = [rows for rows in several if len(np.unique(targets[rows][:, columns], axis=0)) > 1]
        chosen = [_spread(rows[np.lexsort(targets[rows][:, columns].T)], size) for rows in varied]
        if not chosen:
            raise BadInput(
                f"no training examples differ in factor {factor + 1} alone (column {columns[0]} of the targets, "
                "counted from 0), from which its latents would learn"
            )
        found.append(np.stack(chosen))
    most = max(map(len, found))
    return np.stack([np.resize(rows, (most, size)) for rows in found]).astype(np.int32), np.array(list(map(len, found)))


def _spread(rows: np.ndarray, size: int) -> np.ndarray:
    """Returns evenly spaced rows, or all of them and the first ones again."""
    return rows[np.linspace(0, len(rows) - 1, size).astype(int)] if len(rows) > size else np.resize(rows, size)


def products(mean: jax.Array, log_variance: jax.Array, y: jax.Array) -> jax.Array:
    """Computes the expected products of 1, latents and factors of each example, from which linear predictions follow.

    Latents are drawn from their posteriors, so that the tiny differences of latents that equal the prior are noise.

    Args:
        mean: means of the posteriors (examples, latents).
        log_variance: logarithms of their variances, of the same shape.
        y: factors (examples, columns).

    >>> zero = jnp.zeros((1, 1))
    >>> products(zero + 3, zero, zero + 2)[0].tolist()
    [[1.0, 3.0, 2.0], [3.0, 10.0, 6.0], [2.0, 6.0, 4.0]]
    """
    row = jnp.concatenate([jnp.ones((*mean.shape[:1], 1), mean.dtype), mean, y.astype(mean.dtype)], axis=1)
    variance = jnp.pad(jnp.exp(log_variance), ((0, 0), (1, y.shape[1])))
    return row[:, :, None] * row[:, None, :] + variance[:, :, None] * jnp.eye(row.shape[1], dtype=mean.dtype)


def factor_scores(moments: Any, groups: Factors, factors: Factors) -> tuple[list[float], list[float]]:
    """Computes how well each factor follows linearly from its own latents, and from all others: R2 of each.

    Args:
        moments: mean of the `products` of examples.
        groups: latents of each factor.
        factors: columns of each factor.
    """
    moments, latents = np.asarray(moments, np.float64), sum(map(len, groups))
    covariance = moments[1:, 1:] - np.outer(moments[0, 1:], moments[0, 1:])
    seen = np.diagonal(covariance) > _ROUNDED * np.diagonal(moments)[1:]
    own, other = [], []
    for group, columns in zip(groups, factors, strict=True):
        rest = [latent for latent in range(latents) if latent not in group and seen[latent]]
        targets = [latents + column for column in columns]
        own.append(_r2(covariance, [latent for latent in group if seen[latent]], targets))
        other.append(_r2(covariance, rest, targets))
    return own, other


def _r2(covariance: np.ndarray, given: list[int], targets: list[int]) -> float:
    """Returns the share of the variance of targets that a linear function of the given columns explains.

    In float64 by the principal axes of the given columns, without those that do not vary: no small pivot is divided by.
    """
    variance = np.trace(covariance[np.ix_(targets, targets)])
    values, axes = np.linalg.eigh(covariance[np.ix_(given, given)])
    kept = values > _LEAST * max(float(values.max(initial=0)), 1e-300)
    shared = axes[:, kept].T @ covariance[np.ix_(given, targets)] / np.sqrt(values[kept])[:, None]
    return float(np.sum(np.square(shared)) / variance) if variance > 0 else 0.0
