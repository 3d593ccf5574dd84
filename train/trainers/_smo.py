"""Dual of a support vector machine with a kernel, by decomposition into working sets that sequential steps solve.

Sources: Platt 1998, Fast training of support vector machines using sequential minimal optimization; working-set
selection of second order: Fan, Chen and Lin 2005; large working sets: Joachims 1998, Wen et al. 2018 (ThunderSVM).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Box", "Progress", "Solution", "by_example", "dual_objective", "gram", "solve_in_blocks", "solve_whole"]

_TAU = 1e-9  # least curvature of a step
_INNER = 0.1  # a working set is solved to this part of the gap of all variables
_STEPS = 20  # of the solver in a working set, for each of its variables; values of f are then computed anew
_PATIENCE = 5  # passes over all variables without progress, after which rounding is taken to keep the gap open
_LESS, _MORE = 0.9, 1e-6  # factor of the gap, and share of the dual objective, that are progress


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


class Progress(NamedTuple):
    """Holds what a solver had reached when it last made progress, and for how many working sets it has made none.

    Attributes:
        gap: gap of the KKT conditions.
        value: objective of the dual, which every step raises but for rounding.
        idle: number of working sets.
    """

    gap: jax.Array
    value: jax.Array
    idle: jax.Array

    @classmethod
    def none(cls) -> "Progress":
        """Returns that of a solver that has not begun."""
        return cls(jnp.float32(jnp.inf), jnp.float32(-jnp.inf), jnp.int32(0))

    def after(self, gap: jax.Array, value: jax.Array) -> "Progress":
        """Returns the progress after one more working set."""
        made = (gap < _LESS * self.gap) | (value - self.value > _MORE * jnp.abs(value))
        return jax.tree.map(
            partial(jnp.where, made), Progress(gap, value, jnp.int32(0)), self._replace(idle=self.idle + 1)
        )


class Solution(NamedTuple):
    """State of a solver.

    Attributes:
        b: (variables,).
        f: `K b` (examples,), decision values without the bias.
        gap: largest violation of the KKT conditions, `max v over b < upper - min v over b > lower`, v = target - f.
        count: number of working sets solved.
        progress: where it last made progress.
    """

    b: jax.Array
    f: jax.Array
    gap: jax.Array
    count: jax.Array
    progress: Progress

    def goes_on(self, tolerance: float, most: int, share: float = 1.0) -> jax.Array:
        """Returns whether there is more to solve: the gap is open, working sets are left, and they make progress.

        Args:
            tolerance: gap at which it ends.
            most: largest number of working sets.
            share: of all variables in a working set.
        """
        return (self.gap > tolerance) & (self.count < most) & (self.progress.idle < _PATIENCE / share)


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
        return _state(k @ by_example(b, len(k)), b, box, now.count + 1, now.progress)

    first = _state(k @ by_example(b, len(k)), b, box, jnp.int32(0), Progress.none())
    return jax.lax.while_loop(lambda now: now.goes_on(tolerance, most), move, first)


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
    times, share = len(b) // len(x), size / len(b)

    def move(now):
        v = box.target - jnp.tile(now.f, times)
        chosen = _working_set(v, now.b, box, size)
        rows = kernel(x[chosen % len(x)], x)
        own = Box(*(each[chosen] for each in box))
        inner = jnp.maximum(_INNER * now.gap, 0.5 * tolerance)
        moved = _steps(rows[:, chosen % len(x)], v[chosen], now.b[chosen], own, inner)
        f = now.f + (moved - now.b[chosen]) @ rows
        return _state(f, now.b.at[chosen].set(moved), box, now.count + 1, now.progress)

    def until_small(now):
        return jax.lax.while_loop(lambda now: now.goes_on(0.9 * tolerance, most, share), move, now)

    def anew(now):
        made = until_small(now)
        return _state(_values(kernel, x, made.b, size), made.b, box, made.count, made.progress)

    first = _state(_values(kernel, x, b, size), b, box, jnp.int32(0), Progress.none())
    return jax.lax.while_loop(lambda now: now.goes_on(tolerance, most, share), anew, first)


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


def _state(f: jax.Array, b: jax.Array, box: Box, count: jax.Array, before: Progress) -> Solution:
    v = box.target - jnp.tile(f, len(b) // len(f))
    up, low = _ends(v, b, box)
    gap = jnp.maximum(jnp.max(up) - jnp.min(low), 0)
    return Solution(b, f, gap, count, before.after(gap, dual_objective(v, b, box)))


def dual_objective(v: jax.Array, b: jax.Array, box: Box) -> jax.Array:
    """Computes `target'b - 1/2 b'Kb`, where v is its slope `target - Kb`."""
    return 0.5 * jnp.sum(b * (box.target + v))


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
        v, b, _, count, _ = carry
        up, low = _ends(v, b, box)
        i = jnp.argmax(up)
        row, difference = k[i], up[i] - low
        curvature = jnp.maximum(diagonal[i] + diagonal - 2 * row, _TAU)
        j = jnp.argmax(jnp.where(difference > 0, difference * difference / curvature, -1))
        rise, fall = box.upper[i] - b[i], b[j] - box.lower[j]
        step = jnp.minimum(difference[j] / curvature[j], jnp.minimum(rise, fall))
        step = jnp.where(difference[j] > 0, step, 0)
        # Bounds are met exactly: rounding would leave a rest that is moved again and again.
        one = jnp.where(step >= rise, box.upper[i], b[i] + step)
        other = jnp.where(step >= fall, box.lower[j], b[j] - step)
        moved = (one != b[i]) | (other != b[j])
        return v - step * (row - k[j]), b.at[i].set(one).at[j].set(other), jnp.max(difference), count + 1, moved

    def goes_on(carry: Any) -> Any:
        return (carry[2] > tolerance) & (carry[3] < most) & carry[4]  # rounding may leave no step

    return jax.lax.while_loop(goes_on, move, (v, b, jnp.float32(jnp.inf), jnp.int32(0), jnp.bool_(True)))[1]
