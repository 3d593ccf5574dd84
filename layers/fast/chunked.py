"""Recurrence with a backward pass of its own: the weights' gradient in few large products, not in one a step.

Differentiating `lax.scan` adds `x_t.T @ d_t` to the weights' gradient at every step: a thin product, and a pass over
an array as large as the weights. Here the backward scan runs over chunks of steps. Within a chunk only the gradient
of the gates is carried from step to step and stacked; then one product forms the chunk's share of the gradient,
while the stack is still in cache. Input and recurrent product stay inside the forward scan: an array of all input
products costs more than the larger product saves (measured on CPU).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["Gates", "chunk_length", "chunked"]

# Beyond this a one-hot product over the vocabulary costs more than to add row by row.
_ONE_HOT = 1024


class Gates(NamedTuple):
    """What a cell does besides its two matrix products, and the derivative of that; the carry's first part is h.

    Attributes:
        step: `(params, u, r, carry) -> (carry, saved)`, from the input product u and the recurrent product r.
        back: `(params, saved, carry, d_carry) -> (d_carry, d_u, d_r)`, with the carry before the step. The
            d_carry given back leaves out the way through r. d_r may be the very d_u.
        biases: `(d_u, d_r) -> gradients` of all params but `w_x`, `rows`, `w_h`; d_u and d_r are (steps, gates).
    """

    step: Callable
    back: Callable
    biases: Callable


def chunked(gates: Gates) -> Callable:
    """Makes `(params, carry, xs, mask, reverse, output) -> (carry, y)`, the `fast` of a Cell.

    Time comes first: xs (time, batch, features), or row numbers (time, batch) with the table `rows` in params; mask
    (time, batch) or None; y (time, batch, width), or (batch, width) for the last. The carry is a tuple, or h alone.
    """

    def run(params, carry, xs, mask, reverse, output):
        alone = not isinstance(carry, tuple)
        start = (carry,) if alone else carry
        carry, y = _differentiable(gates, reverse, output)(params, start, xs, mask)
        return (carry[0] if alone else carry), y

    return run


def _differentiable(gates: Gates, reverse: bool, output: str) -> Callable:
    @jax.custom_vjp
    def run(params, start, xs, mask):
        return forward(params, start, xs, mask, save=False)[0]

    def forward(params, start, xs, mask, save=True):
        def step(carry, inputs):
            x_t, live = inputs
            new, saved = gates.step(params, _input(params, x_t), carry[0] @ params["w_h"], carry)
            y = new[0] if live is None else jnp.where(live[:, None], new[0], 0)
            new = new if live is None else _choose(live, new, carry)
            return new, (y if output == "all" else None, (carry, saved) if save else None)

        carry, (ys, saved) = lax.scan(step, start, (xs, mask), reverse=reverse)
        y = ys if output == "all" else _last(carry[0], mask)
        return (carry, y), (params, xs, mask, saved)

    def backward(kept, given):
        # The CPU wants the chunk in its cache; elsewhere one product over all steps keeps the device busiest.
        time = kept[1].shape[0]
        here, there = (partial(_gradient, gates, reverse, output, length) for length in (chunk_length(time), time))
        return *lax.platform_dependent(kept, given, cpu=here, default=there), None

    run.defvjp(forward, backward)
    return run


def chunk_length(time: int) -> int:
    """Chooses 7 to 16 steps a chunk so that the fewest are left over, the longest chunk among equals.

    >>> from zoo.layers.fast.chunked import chunk_length
    >>> chunk_length(28), chunk_length(128), chunk_length(5), chunk_length(23)
    (14, 16, 5, 11)
    """
    return time if time <= 16 else min(range(16, 6, -1), key=lambda length: time % length)


def _gradient(gates, reverse, output, length, kept, given):
    """Runs from the last step that was run to the first, chunk by chunk; what is left over makes the first chunk."""
    params, xs, mask, saved = kept
    d_carry, d_y = given
    if output == "last":
        d_h = d_y if mask is None else jnp.where(mask.any(0)[:, None], d_y, 0)
        d_carry, d_y = (d_carry[0] + d_h, *d_carry[1:]), None
    time = xs.shape[0]
    count, rest = divmod(time, length)
    cut = partial(_cut, (xs, mask, saved, d_y))
    chunk = partial(_chunk, gates, reverse, params, params["w_h"].T)
    zeros = jax.tree.map(jnp.zeros_like, params)
    # Chunks lie at 0, length, ...; what is left over lies at the end of time, which backward comes first or last.
    loop, d_tail = (d_carry, zeros), None
    if rest and not reverse:
        loop, d_tail = chunk(loop, cut(count * length, rest))
    loop, d_xs = lax.scan(
        lambda loop, i: chunk(loop, cut(i * length, length)), loop, jnp.arange(count), reverse=not reverse
    )
    if rest and reverse:
        loop, d_tail = chunk(loop, cut(count * length, rest))
    d_carry, d_params = loop
    return d_params, d_carry, _join(d_xs, d_tail, xs.shape)


def _join(d_xs, d_tail, shape):
    if d_xs is None:
        return None
    d_xs = d_xs.reshape(-1, *shape[1:])
    return d_xs if d_tail is None else jnp.concatenate([d_xs, d_tail])


def _cut(tree: Any, start: Any, length: int) -> Any:
    return jax.tree.map(lambda leaf: lax.dynamic_slice_in_dim(leaf, start, length), tree)


def _chunk(gates, reverse, params, transposed, loop, steps):
    """Goes back through one chunk and adds its share of the parameters' gradient."""
    xs, mask, (before, saved), d_y = steps

    def step(d_carry, inputs):
        live, carry, kept, d_y = inputs
        if d_y is not None:
            d_h = d_y if live is None else jnp.where(live[:, None], d_y, 0)
            d_carry = (d_carry[0] + d_h, *d_carry[1:])
        own = d_carry if live is None else _choose(live, d_carry, jax.tree.map(jnp.zeros_like, d_carry))
        new, d_u, d_r = gates.back(params, kept, carry, own)
        new = (new[0] + d_r @ transposed, *new[1:])
        new = new if live is None else _choose(live, new, d_carry)
        return new, (d_u, None if d_r is d_u else d_r)

    d_carry, (d_u, d_r) = lax.scan(step, loop[0], (mask, before, saved, d_y), reverse=not reverse)
    d_params, d_xs = _products(gates, params, xs, before[0], d_u, d_u if d_r is None else d_r)
    return (d_carry, jax.tree.map(jnp.add, loop[1], d_params)), d_xs


def _products(gates, params, xs, h, d_u, d_r):
    """Forms the gradients that need all steps of a chunk: each one product."""
    flat_u, flat_r, flat_h = (leaf.reshape(-1, leaf.shape[-1]) for leaf in (d_u, d_r, h))
    d_params = {"w_h": flat_h.T @ flat_r} | gates.biases(flat_u, flat_r)
    d_xs = None
    if "rows" in params:
        d_params["rows"] = _row_gradient(params["rows"], xs.ravel(), flat_u)
    else:
        d_params["w_x"] = xs.reshape(-1, xs.shape[-1]).T @ flat_u
        d_xs = (flat_u @ params["w_x"].T).reshape(xs.shape).astype(xs.dtype)
    return {name: d_params[name].astype(leaf.dtype) for name, leaf in params.items()}, d_xs


def _row_gradient(rows, ids, d_u):
    if rows.shape[0] <= _ONE_HOT:
        return jax.nn.one_hot(ids, rows.shape[0], dtype=d_u.dtype).T @ d_u
    return jax.ops.segment_sum(d_u, ids, rows.shape[0])


def _input(params, x_t):
    if "rows" in params:
        rows = params["rows"]
        return rows.at[x_t].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
    return x_t @ params["w_x"]


def _last(h, mask):
    return h if mask is None else jnp.where(mask.any(0)[:, None], h, 0)


def _choose(live, new, old):
    return jax.tree.map(lambda a, b: jnp.where(live[:, None], a, b), new, old)
