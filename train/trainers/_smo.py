"""Dual of a support vector machine with a kernel, by decomposition into working sets that sequential steps solve.

Sources: Platt 1998, Fast training of support vector machines using sequential minimal optimization; working-set
selection of second order: Fan, Chen and Lin 2005; large working sets: Joachims 1998, Wen et al. 2018 (ThunderSVM).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Box", "Solution", "by_example", "gram", "solve_in_blocks", "solve_whole"]

_TAU = 1e-9  # least curvature of a step
_INNER = 0.1  # a working set is solved to this part of the gap of all variables
_STEPS = 200  # of the solver in a working set, for each of its variables: where rounding keeps a gap open, it ends


class Box(NamedTuple):
    """The problem `min 1/2 b'Kb - target'b` with `lower <= b <= upper` and `sum(b) = 0`.

    Each variable is a coefficient of an example; there may be several variables for each, one block of all examples
    after another. A variable with `lower = upper = 0` does not take part.

    Attributes:
        target: (variables,).
        lower: (variables,), at most 0.
        upper: (variables,), at least 0.
    """

    target: jax.Array
    lower: jax.Array
    upper: jax.Array


class Solution(NamedTuple):
    """State of a solver.

    Attributes:
        b: (variables,).
        f: `K b` (examples,), decision values without the bias.
        gap: largest violation of the KKT conditions, `max v over b < upper - min v over b > lower`, v = target - f.
        count: number of working sets solved.
    """

    b: jax.Array
    f: jax.Array
    gap: jax.Array
    count: jax.Array


def gram(kernel: Callable, x: jax.Array, size: int) -> jax.Array:
    """Computes kernel values (examples, examples), some rows at a time."""
    parts = -(-len(x) // size)
    rows = jnp.pad(x, ((0, parts * size - len(x)), (0, 0))).reshape(parts, size, -1)
    return jax.lax.map(lambda part: kernel(part, x), rows).reshape(-1, len(x))[: len(x)]


def solve_whole(k: jax.Array, box: Box, b: jax.Array, tolerance: float, most: int) -> Solution:
    """Solves a problem whose kernel values (examples, examples) are in memory.

    Args:
        k: kernel values.
        box: the problem.
        b: coefficients to begin with.
        tolerance: gap at which it ends.
        most: largest number of passes of the solver, each from values of f that are computed anew.
    """
    times = len(b) // len(k)
    tiled = jnp.tile(k, (times, times)) if times > 1 else k

    def move(now):
        v = box.target - jnp.tile(now.f, times)
        b = _steps(tiled, v, now.b, box, jnp.maximum(_INNER * now.gap, 0.5 * tolerance))
        return _state(k @ by_example(b, len(k)), b, box, now.count + 1)

    first = _state(k @ by_example(b, len(k)), b, box, jnp.int32(0))
    return jax.lax.while_loop(lambda now: (now.gap > tolerance) & (now.count < most), move, first)


def solve_in_blocks(
    kernel: Callable, x: jax.Array, box: Box, b: jax.Array, tolerance: float, most: int, size: int
) -> Solution:
    """Solves a problem with the kernel values of one working set in memory at a time, (size, examples).

    At the end f is computed anew, and the solver continues if rounding had hidden a gap.

    Args:
        kernel: `(rows, features), (n, features) -> (rows, n)`.
        x: examples (n, features).
        box: the problem.
        b: coefficients to begin with.
        tolerance: gap at which it ends.
        most: largest number of working sets.
        size: number of variables in a working set.
    """
    times = len(b) // len(x)

    def move(now):
        v = box.target - jnp.tile(now.f, times)
        chosen = _working_set(v, now.b, box, size)
        rows = kernel(x[chosen % len(x)], x)
        own = Box(*(each[chosen] for each in box))
        inner = jnp.maximum(_INNER * now.gap, 0.5 * tolerance)
        moved = _steps(rows[:, chosen % len(x)], v[chosen], now.b[chosen], own, inner)
        f = now.f + (moved - now.b[chosen]) @ rows
        return _state(f, now.b.at[chosen].set(moved), box, now.count + 1)

    def until_small(now):
        return jax.lax.while_loop(lambda now: (now.gap > 0.9 * tolerance) & (now.count < most), move, now)

    def anew(now):
        made = until_small(now)
        return _state(_values(kernel, x, made.b, size), made.b, box, made.count)

    first = _state(_values(kernel, x, b, size), b, box, jnp.int32(0))
    return jax.lax.while_loop(lambda now: (now.gap > tolerance) & (now.count < most), anew, first)


def by_example(b: jax.Array, count: int) -> jax.Array:
    """Adds the variables of each of `count` examples."""
    return jnp.sum(b.reshape(-1, count), axis=0)


def _values(kernel: Callable, x: jax.Array, b: jax.Array, size: int) -> jax.Array:
    """Computes `K b`, some rows of K at a time."""
    weights, parts = by_example(b, len(x)), -(-len(x) // size)
    rows = jnp.pad(x, ((0, parts * size - len(x)), (0, 0))).reshape(parts, size, -1)
    weights = jnp.pad(weights, (0, parts * size - len(x))).reshape(parts, size)

    def add(total, part):
        rows, weights = part
        used = jax.lax.cond(jnp.any(weights != 0), lambda: weights @ kernel(rows, x), lambda: jnp.zeros(len(x)))
        return total + used, None

    return jax.lax.scan(add, jnp.zeros(len(x)), (rows, weights))[0]


def _state(f: jax.Array, b: jax.Array, box: Box, count: jax.Array) -> Solution:
    v = box.target - jnp.tile(f, len(b) // len(f))
    up, low = _ends(v, b, box)
    return Solution(b, f, jnp.maximum(jnp.max(up) - jnp.min(low), 0), count)


def _ends(v: jax.Array, b: jax.Array, box: Box) -> tuple[jax.Array, jax.Array]:
    """Returns v where b may rise, else -inf, and v where it may fall, else inf."""
    return jnp.where(b < box.upper, v, -jnp.inf), jnp.where(b > box.lower, v, jnp.inf)


def _working_set(v: jax.Array, b: jax.Array, box: Box, size: int) -> jax.Array:
    """Chooses the variables (size,) that violate most, half of those that may rise and half of those that may fall.

    Of one side alone no two could move: at the start all examples of a class violate equally.
    """
    up, low = _ends(v, b, box)
    rising = jax.lax.top_k(up, size // 2)[1]
    fall = jnp.maximum(-low, jnp.finfo(low.dtype).min).at[rising].set(-jnp.inf)  # none is chosen twice
    return jnp.concatenate([rising, jax.lax.top_k(fall, size - size // 2)[1]])


def _steps(k: jax.Array, v: jax.Array, b: jax.Array, box: Box, tolerance: jax.Array) -> jax.Array:
    """Solves a problem with few variables by steps of two of them, and returns their new values."""
    diagonal, most = jnp.diagonal(k), _STEPS * len(b)

    def move(carry: Any) -> Any:
        v, b, _, count = carry
        up, low = _ends(v, b, box)
        i = jnp.argmax(up)
        row, difference = k[i], up[i] - low
        curvature = jnp.maximum(diagonal[i] + diagonal - 2 * row, _TAU)
        j = jnp.argmax(jnp.where(difference > 0, difference * difference / curvature, -1))
        rise, fall = box.upper[i] - b[i], b[j] - box.lower[j]
        step = jnp.minimum(difference[j] / curvature[j], jnp.minimum(rise, fall))
        step = jnp.where(difference[j] > 0, step, 0)
        # Bounds are met exactly: rounding would leave a rest that is moved again and again.
        b = b.at[i].set(jnp.where(step >= rise, box.upper[i], b[i] + step))
        b = b.at[j].set(jnp.where(step >= fall, box.lower[j], b[j] - step))
        return v - step * (row - k[j]), b, jnp.max(difference), count + 1

    def goes_on(carry: Any) -> Any:
        return (carry[2] > tolerance) & (carry[3] < most)

    return jax.lax.while_loop(goes_on, move, (v, b, jnp.float32(jnp.inf), jnp.int32(0)))[1]
