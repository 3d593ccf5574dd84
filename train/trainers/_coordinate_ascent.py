"""Dual of a linear support vector machine whose bias is the weight of a constant, by ascent in single coordinates.

Sources: Hsieh, Chang, Lin, Keerthi and Sundararajan 2008, A dual coordinate descent method for large-scale linear SVM;
the coordinate of the largest gain first: Nutini et al. 2015.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ._smo import Box, Progress, Solution, by_example, dual_objective

__all__ = ["solve_linear"]

_TAU = 1e-9  # least curvature of a step
_INNER = 0.1  # a working set is solved to this part of the gap of all variables
_STEPS = 20  # of the solver in a working set, for each of its variables


def solve_linear(
    x: jax.Array, box: Box, b: jax.Array, ridge: float, tolerance: float, most: int, size: int
) -> Solution:
    """Solves `min 1/2 |x'b|^2 + 1/2 ridge |b|^2 - target'b` with `lower <= b <= upper`.

    Decision values follow from the weights x'b after each working set, so that no rounding adds up.

    Args:
        x: examples (n, features), one feature constant for a bias.
        box: the problem, without its condition on the sum.
        b: coefficients to begin with.
        ridge: 0 for the hinge loss, 1 / (2 cost) for the squared one.
        tolerance: gap at which it ends.
        most: largest number of working sets.
        size: number of variables in a working set.

    Returns:
        The solution; its gap is the largest slope along which a coefficient could still move.
    """
    times, share = len(b) // len(x), min(size / len(b), 1.0)
    pick = _everything(x, len(b)) if size >= len(b) else _some(x, size)

    def state(b, count, before):
        f = x @ (by_example(b, len(x)) @ x)
        v = box.target - jnp.tile(f, times) - ridge * b
        gap = jnp.max(_open(v, b, box))
        return Solution(b, f, gap, count, before.after(gap, dual_objective(v, b, box))), v

    def move(carry):
        now, v = carry
        chosen, k = pick(_open(v, now.b, box))
        own = Box(*(each[chosen] for each in box))
        k = k + ridge * jnp.eye(len(k))
        moved = _steps(k, v[chosen], now.b[chosen], own, jnp.maximum(_INNER * now.gap, 0.5 * tolerance))
        return state(now.b.at[chosen].set(moved), now.count + 1, now.progress)

    def goes_on(carry):
        return carry[0].goes_on(tolerance, most, share)

    return jax.lax.while_loop(goes_on, move, state(b, jnp.int32(0), Progress.none()))[0]


def _everything(x: jax.Array, variables: int) -> Callable:
    """Returns a choice of all variables, whose products are computed once."""
    k = jnp.tile(x @ x.T, (variables // len(x),) * 2)
    return lambda violation: (jnp.arange(variables), k)


def _some(x: jax.Array, size: int) -> Callable:
    """Returns the choice of the variables that violate most, with the products of their examples."""

    def pick(violation):
        chosen = jax.lax.top_k(violation, size)[1]
        own = x[chosen % len(x)]
        return chosen, own @ own.T

    return pick


def _open(v: jax.Array, b: jax.Array, box: Box) -> jax.Array:
    """Returns the slope along which each coefficient could move, at least 0."""
    return jnp.where(v > 0, jnp.where(b < box.upper, v, 0), jnp.where(b > box.lower, -v, 0))


def _steps(k: jax.Array, v: jax.Array, b: jax.Array, box: Box, tolerance: jax.Array) -> jax.Array:
    """Solves a problem with few variables by steps of one of them, and returns their new values."""
    curvature, most = jnp.maximum(jnp.diagonal(k), _TAU), _STEPS * len(b)

    def move(carry: Any) -> Any:
        v, b, _, count, _ = carry
        slope = _open(v, b, box)
        i = jnp.argmax(jnp.square(slope) / curvature)
        new = jnp.clip(b[i] + v[i] / curvature[i], box.lower[i], box.upper[i])
        return v - (new - b[i]) * k[i], b.at[i].set(new), jnp.max(slope), count + 1, new != b[i]

    def goes_on(carry: Any) -> Any:
        return (carry[2] > tolerance) & (carry[3] < most) & carry[4]  # rounding may leave no step

    return jax.lax.while_loop(goes_on, move, (v, b, jnp.float32(jnp.inf), jnp.int32(0), jnp.bool_(True)))[1]
