"""One step of the training of support vector machines: the dual of each is solved further, then its parameters follow.

All machines have `parts + 1` problems: the first with all their examples, each of the others without one part, whose
decision values are used for Platt's scaling.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ._coordinate_ascent import solve_linear
from ._machines import Members
from ._platt import platt
from ._smo import Box, Solution, gram, solve_in_blocks, solve_whole

__all__ = ["Options", "dual_step"]

WHOLE = 4096  # variables of a machine whose kernel values are all held in memory: 64 MiB
BLOCK = 1024
# Of logits without Platt's scaling, which finds 4 to 6 on MNIST. With 1, several pairs that are won by little outvote a
# pair that is lost by much: of 10,000 digits of MNIST 96.1 % are then right, with 5 or more 97.0 %, with votes 97.0 %.
_SLOPE = 5.0


class Options(NamedTuple):
    """Options of the trainer `dual`, by its names; `values` where the targets are values instead of classes."""

    cost: float
    squared: bool
    epsilon: float
    tolerance: float
    folds: int
    block: int | None
    iterations: int
    values: bool = False

    def rows(self, variables: int) -> int:
        """Returns the rows of kernel values in memory, of a machine of so many variables."""
        return min(self.block or (variables if variables <= WHOLE else BLOCK), variables)


def dual_step(fit: dict, x: jax.Array, each: Members, kernel: Callable | None, options: Options) -> tuple[dict, dict]:
    """Solves the machines one after another; those that are solved already are left as they are.

    Args:
        fit: `params`, `state`, `held`, the part of each example, and `solver`, `b`, `f` and `gap` of all problems.
        x: examples (n, features).
        each: examples of the machines.
        kernel: kernel of the model.
        options: options of the trainer.
    """
    machines, old = fit["params"]["machines"], fit["solver"]
    held = fit["held"].at[each.rows].get(mode="fill", fill_value=-1)
    here = None if kernel is None else partial(kernel, machines)

    def move(machine):
        rows, target, held, solver = machine
        own = x.at[rows].get(mode="fill", fill_value=0)
        boxes = _boxes(target, held, len(solver["b"]), kernel is None, options)
        found = _solved(here, own, boxes, solver["b"], options)
        return {"b": found.b, "f": found.f, "gap": found.gap}

    def move_if_open(machine):
        solver = machine[-1]
        return jax.lax.cond(jnp.max(solver["gap"]) <= options.tolerance, lambda _: solver, move, machine)

    new = jax.lax.map(move_if_open, (each.rows, each.target, held, old))
    decision, made = _parameters(machines, x, each, held, new, kernel is None, options)
    scaled, loss = _scaled(decision, each.target, each.rows < len(x), held, options)
    gap = jnp.max(new["gap"], axis=1)
    moved = {"params": {"machines": made, "platt": scaled}, "state": {"kkt_gap": gap}, "solver": new}
    used = jnp.sum(jnp.any(_coefficients(new["b"], each, len(x)) != 0, axis=1))
    return fit | moved, {"loss": loss, "kkt_gap": jnp.max(gap), "support_vectors": used}


def _solved(kernel: Callable | None, x: jax.Array, boxes: Box, b: jax.Array, options: Options) -> Solution:
    """Solves the problems of a machine; kernel values that fit in memory serve all of them."""
    variables, tolerance, most = b.shape[1], options.tolerance, options.iterations
    size = options.rows(variables)
    if kernel is None:
        x = jnp.concatenate([x, jnp.ones((len(x), 1))], axis=1)
        ridge = 1 / (2 * options.cost) if options.squared else 0.0
        return _each(lambda box, b: solve_linear(x, box, b, ridge, tolerance, most, size), boxes, b)
    if size < variables:
        return jax.lax.map(lambda one: solve_in_blocks(kernel, x, one[0], one[1], tolerance, most, size), (boxes, b))
    k = gram(kernel, x, BLOCK)
    return _each(lambda box, b: solve_whole(k, box, b, tolerance, most), boxes, b)


def _each(solve: Callable, boxes: Box, b: jax.Array) -> Solution:
    """Solves several problems, on the CPU one after another: a loop over all at once took it 2.8 times as long."""

    def in_turn(boxes, b):
        return jax.lax.map(lambda one: solve(*one), (boxes, b))

    return jax.lax.platform_dependent(boxes, b, cpu=in_turn, default=jax.vmap(solve))


def _parameters(
    machines: dict, x: jax.Array, each: Members, held: jax.Array, solver: dict, linear: bool, options: Options
) -> tuple[jax.Array, dict]:
    """Returns the decision values of all problems (machines, parts + 1, examples), and the machines' parameters."""
    coefficients = _coefficients(solver["b"], each, len(x))
    if linear:
        w = jnp.concatenate([x, jnp.ones((len(x), 1))], axis=1).T @ coefficients
        return solver["f"], {"w": w[:-1], "bias": w[-1]}
    count = solver["b"].shape[1]
    boxes = jax.vmap(lambda target, held: _boxes(target, held, count, linear, options))(each.target, held)
    bias = jax.vmap(jax.vmap(_bias))(boxes, solver["b"], solver["f"])
    made = machines | {"vectors": x, "coefficients": coefficients, "bias": bias[:, 0]}
    return solver["f"] + bias[..., None], made


def _coefficients(b: jax.Array, each: Members, examples: int) -> jax.Array:
    """Returns the coefficients (examples, machines) of the problems with all examples."""
    count, size = each.rows.shape
    own = b[:, 0].reshape(count, -1, size).sum(axis=1)
    return jnp.zeros((examples, count)).at[each.rows, jnp.arange(count)[:, None]].set(own, mode="drop")


def _boxes(target: jax.Array, held: jax.Array, count: int, linear: bool, options: Options) -> Box:
    """Returns the problems of a machine, each array (count, variables); of values there are two for each example."""
    cost = jnp.inf if options.squared and linear else options.cost
    if options.values:
        most = jnp.full(target.shape, cost)
        targets = jnp.concatenate([target - options.epsilon, target + options.epsilon])
        one = Box(targets, jnp.concatenate([0 * target, -most]), jnp.concatenate([most, 0 * target]))
        return Box(*(jnp.tile(part, (count, 1)) for part in one))
    there = _takes_part(held, count)
    lower, upper = (jnp.where(there & (sign * target > 0), sign * cost, 0) for sign in (-1, 1))
    return Box(jnp.tile(target, (count, 1)), lower, upper)


def _takes_part(held: jax.Array, count: int) -> jax.Array:
    """Returns which examples the problems have (count, examples): the first all, the others all but a part."""
    return held != jnp.arange(count)[:, None] - 1


def _bias(box: Box, b: jax.Array, f: jax.Array) -> jax.Array:
    """Computes the bias: the mean of those that fit free coefficients, else the middle of those that are possible."""
    v = box.target - jnp.tile(f, len(b) // len(f))
    free = (b > box.lower) & (b < box.upper)
    up, low = jnp.where(b < box.upper, v, -jnp.inf), jnp.where(b > box.lower, v, jnp.inf)
    ends = jnp.stack([jnp.max(up), jnp.min(low)])
    finite = jnp.isfinite(ends)
    middle = jnp.sum(jnp.where(finite, ends, 0)) / jnp.maximum(jnp.sum(finite), 1)
    return jnp.where(jnp.any(free), jnp.sum(jnp.where(free, v, 0)) / jnp.maximum(jnp.sum(free), 1), middle)


def _scaled(
    decision: jax.Array, target: jax.Array, there: jax.Array, held: jax.Array, options: Options
) -> tuple[dict, jax.Array]:
    """Fits Platt's scaling of each machine, and computes the mean loss of its examples.

    Args:
        decision: decision values of each problem (machines, parts + 1, examples).
        target: (machines, examples).
        there: which examples each machine has (machines, examples).
        held: the part of each example (machines, examples).
        options: options of the trainer.
    """
    first = decision[:, 0]
    if options.values:
        losses = jnp.maximum(jnp.abs(target - first) - options.epsilon, 0)
    else:
        losses = jnp.maximum(1 - target * first, 0)
    loss = jnp.sum(jnp.where(there, losses, 0)) / jnp.sum(there)
    if decision.shape[1] == 1:
        slope = 1.0 if options.values else _SLOPE
        return {"slope": jnp.full(len(first), slope), "offset": jnp.zeros(len(first))}, loss
    unseen = jnp.take_along_axis(decision, jnp.maximum(held, 0)[:, None] + 1, axis=1)[:, 0]
    slope, offset = jax.vmap(platt)(unseen, target > 0, there)
    return {"slope": slope, "offset": offset}, loss
