"""Factors of examples and the latents that stand for them: sets in which one factor varies, scores and figures."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..errors import BadInput
from ._bound_sums import total
from ._latent_use import draw_divergences, draw_traversals

__all__ = ["factor_figures", "factor_scores", "factor_sums", "sets_of"]

_LEAST = 1e-9  # share of the largest variance below which latents do not vary

Factors = Sequence[tuple[int, ...]]


def sets_of(targets: np.ndarray, factors: Factors, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Finds the examples that agree in all factors but one.

    Args:
        targets: factors of the training examples (examples, columns).
        factors: columns of each factor.
        size: examples of a set; of larger sets some are left out, examples of smaller ones are repeated.

    Returns:
        Indices (factors, most sets, size), and the number of sets of each factor (factors,).

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
        chosen = [_spread(rows, size) for rows in groups if len(np.unique(targets[rows][:, columns], axis=0)) > 1]
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


def factor_sums(means: Any, batch: dict) -> dict[str, tuple]:
    """Returns the sums of the products of 1, latents and factors, from which linear predictions follow."""
    y = batch["y"].reshape(len(means), -1).astype(means.dtype)
    row = jnp.concatenate([jnp.ones((len(means), 1), means.dtype), means, y], axis=1)
    return {"_moments": total(row[:, :, None] * row[:, None, :], batch)}


def factor_scores(moments: Any, groups: Factors, factors: Factors) -> tuple[list[float], list[float]]:
    """Computes how well each factor follows linearly from its own latents, and from all others: R2 of each.

    Args:
        moments: mean products of 1, latents and factors.
        groups: latents of each factor.
        factors: columns of each factor.
    """
    moments, latents = np.asarray(moments, np.float64), sum(map(len, groups))
    covariance = moments[1:, 1:] - np.outer(moments[0, 1:], moments[0, 1:])
    own, other = [], []
    for group, columns in zip(groups, factors, strict=True):
        rest = [latent for latent in range(latents) if latent not in group]
        targets = [latents + column for column in columns]
        own.append(_r2(covariance, list(group), targets))
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


def factor_figures(factors: Factors) -> tuple[Callable, ...]:
    """Returns the figures of a model with factors: which latents carry each, and what each latent changes."""

    def draw_factors(drawing: Any) -> None:
        names = [name.strip() for name in drawing.data.target.split(",")]
        names = (
            names if len(names) == sum(map(len, factors)) else [f"column {i}" for i in range(sum(map(len, factors)))]
        )
        titles = ["/".join(names[column] for column in columns) for columns in factors]
        z = drawing.model.transform(drawing.data.test.x).astype(np.float64)
        y = np.asarray(drawing.data.test.y, np.float64).reshape(len(z), -1)
        y = (y - y.mean(axis=0)) / np.maximum(y.std(axis=0), 1e-300)
        row = np.concatenate([np.ones((len(z), 1)), z, y], axis=1)
        own, other = factor_scores(row.T @ row / len(z), drawing.model.model.groups, factors)
        lines = [f"{title} {mine:.3f} ({rest:.3f})" for title, mine, rest in zip(titles, own, other, strict=True)]
        words = f"R2 of each factor from its own latents (from all others): {', '.join(lines)}"
        drawing.scores["factors"] = {"names": titles, "own": own, "others": other, "summary": words}

    return draw_divergences, draw_traversals, draw_factors
