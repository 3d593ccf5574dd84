"""Recurrence with a custom backward pass: weight gradients in a few large matrix products instead of one per step.

The derivative of `lax.scan` adds `x_t.T @ d_t` to the weight gradient at every step: a thin product, and a pass over
an array as large as the weights. Here the backward scan runs over chunks of steps. Within a chunk only the gradient
of the gates is propagated from step to step and stacked; a single product then computes the chunk's contribution to the
weight gradient while the stack is in cache. Saved arrays are read in place, as a copy costs as much as recomputation.
Input and recurrent products stay inside the forward scan, as an array of all input products costs more than the larger
product saves (measured on CPU). In half precision the products are in half precision and the rest in float32, as in the
plain cells.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ..precision import match_half, promote_float32

__all__ = ["Gates", "chunk_length", "chunked"]

# Vocabulary size above which a one-hot product costs more than a segment sum.
_ONE_HOT = 1024


class Gates(NamedTuple):
    """Elementwise part of a cell, without its two matrix products, and its derivative; h is the carry's first part.

    Attributes:
        step: `(params, u, r, carry) -> (carry, saved)`, from the input product u and the recurrent product r.
        back: `(params, saved, before, after, d_carry) -> (d_carry, d_u, d_r)`, with the carry before and after the
            step. The returned d_carry excludes the path through r. d_r is None if it equals d_u.
        biases: `(d_u, d_r) -> gradients` of all params but `w_x`, `rows`, `w_h`; d_u and d_r are (time, batch, gates).
        summed: the cell depends only on u + r, so both products are computed as one; r is then 0.
    """

    step: Callable
    back: Callable
    biases: Callable
    summed: bool = False


def chunked(gates: Gates) -> Callable:
    """Builds the `fast` function of a `Cell`: `(params, carry, xs, mask, reverse, output) -> (carry, y)`.

    Arrays are time major: xs (time, batch, features), or row indices (time, batch) with the table `rows` in params;
    mask (time, batch) or None; y (time, batch, width), or (batch, width) for the last step. The carry is a tuple, or
    the array h.

    Args:
        gates: elementwise part of the cell.
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
        params = _joined(gates, params)

        def step(carry, inputs):
            x_t, live = inputs
            new, _ = _moved(gates, params, carry, x_t, live)
            y = new[0] if live is None else jnp.where(live[:, None], new[0], 0)
            return new, match_half(y, params["w_h"]) if output == "all" else None

        carry, ys = lax.scan(step, start, (xs, mask), reverse=reverse)
        return carry, ys if output == "all" else _last(params, carry[0], mask)

    def forward(params, start, xs, mask):
        carries, saved = _record(gates, reverse, _joined(gates, params), start, xs, mask)
        end = jax.tree.map(lambda each: each[0 if reverse else -1], carries)
        if output == "last":
            return (end, _last(params, end[0], mask)), (params, xs, mask, carries, saved)
        after = carries[0][:-1] if reverse else carries[0][1:]
        y = after if mask is None else jnp.where(mask[..., None], after, 0)
        return (end, match_half(y, params["w_h"])), (params, xs, mask, carries, saved)

    def backward(kept, given):
        # On CPU a chunk should fit in cache; accelerators are fastest with one product over all steps.
        time = kept[1].shape[0]
        on_cpu, elsewhere = (
            partial(_gradient, gates, reverse, output, length) for length in (chunk_length(time), time)
        )
        return *lax.platform_dependent(kept, given, cpu=on_cpu, default=elsewhere), None

    run.defvjp(forward, backward)
    return run


def chunk_length(time: int) -> int:
    """Chooses a chunk of 7 to 16 steps with the smallest remainder, the longest among equals.

    >>> from zoo.layers.fast.chunked import chunk_length
    >>> chunk_length(28), chunk_length(128), chunk_length(5), chunk_length(23)
    (14, 16, 5, 11)
    """
    return time if time <= 16 else min(range(16, 6, -1), key=lambda length: time % length)


def _moved(gates, params, carry, x_t, live):
    h = match_half(carry[0], params["w_h"])
    if "w" in params:
        new, saved = gates.step(params, promote_float32(jnp.concatenate([x_t, h], axis=-1) @ params["w"]), 0, carry)
    else:
        new, saved = gates.step(params, promote_float32(_input(params, x_t)), promote_float32(h @ params["w_h"]), carry)
    return (new if live is None else _choose(live, new, carry)), saved


def _joined(gates, params):
    """Concatenates both kernels where a single product suffices, which is faster than two products and a sum."""
    if not gates.summed or "rows" in params:
        return params
    return params | {"w": jnp.concatenate([params["w_x"], params["w_h"]])}


def _record(gates, reverse, params, start, xs, mask):
    """Runs forward and saves all carries (time + 1, ...) and the residuals of the backward pass (time, ...).

    They are written in place into one array each; `lax.scan` would store h twice, as carry and as output.
    """
    time = xs.shape[0]

    def move(carry, t):
        return _moved(gates, params, carry, _at(xs, t), _at(mask, t))

    shapes = jax.eval_shape(move, start, 0)
    carries, saved = (
        jax.tree.map(lambda leaf, n=n: jnp.zeros((n, *leaf.shape), leaf.dtype), tree)
        for tree, n in zip(shapes, (time + 1, time), strict=True)
    )
    carries = _put(carries, start, time if reverse else 0)

    def step(i, loop):
        carry, carries, saved = loop
        t = time - 1 - i if reverse else i
        carry, kept = move(carry, t)
        return carry, _put(carries, carry, t if reverse else t + 1), _put(saved, kept, t)

    return lax.fori_loop(0, time, step, (start, carries, saved))[1:]


def _gradient(gates, reverse, output, length, kept, given):
    """Runs the backward pass chunk by chunk; the remaining steps form a shorter chunk at the end of time."""
    params, xs, mask, carries, saved = kept
    d_carry, d_y = given
    if output == "last":
        d_h = d_y if mask is None else jnp.where(mask.any(0)[:, None], d_y, 0)
        d_carry, d_y = (d_carry[0] + d_h, *d_carry[1:]), None
    time = xs.shape[0]
    count, rest = divmod(time, length)
    chunk = partial(_chunk, gates, reverse, params, params["w_h"].T, (xs, mask, carries, saved, d_y))
    zeros = jax.tree.map(lambda leaf: promote_float32(jnp.zeros_like(leaf)), params)
    # Chunks start at 0, length, ...; the shorter chunk at the end of time is processed first, or last if reversed.
    loop, d_tail = (d_carry, zeros), None
    if rest and not reverse:
        loop, d_tail, _ = chunk(loop, count * length, _buffers(gates, rest, kept))
    stacks = _buffers(gates, length, kept)

    def one_chunk(both, i):
        loop, d_xs, stacks = chunk(both[0], i * length, both[1])
        return (loop, stacks), d_xs  # reused buffers: new ones would be zeroed for every chunk

    (loop, _), d_xs = lax.scan(one_chunk, (loop, stacks), jnp.arange(count), reverse=not reverse)
    if rest and reverse:
        loop, d_tail, _ = chunk(loop, count * length, _buffers(gates, rest, kept))
    d_carry, d_params = loop
    d_params = {name: d_params[name].astype(leaf.dtype) for name, leaf in params.items()}
    return d_params, d_carry, _join(d_xs, d_tail, xs.shape)


def _join(d_xs, d_tail, shape):
    if d_xs is None:
        return None
    d_xs = d_xs.reshape(-1, *shape[1:])
    return d_xs if d_tail is None else jnp.concatenate([d_xs, d_tail])


def _buffers(gates, length, kept):
    """Allocates buffers for d_u and d_r of a chunk."""
    params, _, _, carries, saved = kept
    carry, at = (jax.eval_shape(partial(_at, t=0), tree) for tree in (carries, saved))
    _, *wanted = jax.eval_shape(partial(_back, gates), params, at, carry, carry, carry)
    return jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), wanted)


def _back(gates, params, *others):
    d_carry, *d_products = gates.back(params, *others)
    return d_carry, *jax.tree.map(lambda leaf: match_half(leaf, params["w_h"]), d_products)


def _chunk(gates, reverse, params, transposed, steps, loop, start, stacks):
    """Runs the backward pass of one chunk and adds its contribution to the parameter gradients."""
    xs, mask, carries, saved, d_y = steps
    length = len(stacks[0])

    def step(i, loop):
        d_carry, stacks = loop
        i = i if reverse else length - 1 - i
        t = start + i
        live, before, after = _at(mask, t), _at(carries, t + reverse), _at(carries, t + (not reverse))
        if d_y is not None:
            d_h = _at(d_y, t) if live is None else jnp.where(live[:, None], _at(d_y, t), 0)
            d_carry = (d_carry[0] + d_h, *d_carry[1:])
        own = d_carry if live is None else _choose(live, d_carry, jax.tree.map(jnp.zeros_like, d_carry))
        new, d_u, d_r = _back(gates, params, _at(saved, t), before, after, own)
        new = (new[0] + promote_float32((d_u if d_r is None else d_r) @ transposed), *new[1:])
        new = new if live is None else _choose(live, new, d_carry)
        return new, _put(stacks, [d_u, d_r], i)

    # Two steps per iteration avoid every second copy of the carry.
    d_carry, stacks = lax.fori_loop(0, length, step, (loop[0], stacks), unroll=2)
    d_u, d_r = stacks
    h = lax.dynamic_slice_in_dim(carries[0], start + reverse, length)
    x = lax.dynamic_slice_in_dim(xs, start, length)
    d_params, d_xs = _products(gates, params, x, h, d_u, d_u if d_r is None else d_r)
    return (d_carry, jax.tree.map(jnp.add, loop[1], d_params)), d_xs, stacks


def _at(tree: Any, t: Any) -> Any:
    return jax.tree.map(lambda leaf: lax.dynamic_index_in_dim(leaf, t, keepdims=False), tree)


def _put(tree: Any, values: Any, t: Any) -> Any:
    return jax.tree.map(lambda leaf, value: lax.dynamic_update_index_in_dim(leaf, value, t, 0), tree, values)


def _products(gates, params, xs, h, d_u, d_r):
    """Computes the gradients that sum over all steps of a chunk, with one product each.

    The sum runs over time and batch as two axes: merged by a reshape, a sharded batch axis would be lost and XLA would
    gather the whole batch on every device.
    """
    d_params = {"w_h": _summed(match_half(h, params["w_h"]), d_r)} | gates.biases(d_u, d_r)
    d_xs = None
    if "rows" in params:
        d_params["rows"] = _row_gradient(params["rows"], xs, d_u)
    else:
        d_params["w_x"] = _summed(xs, d_u)
        d_xs = (d_u @ params["w_x"].T).astype(xs.dtype)
    return {name: promote_float32(d_params[name]) for name in params}, d_xs


def _summed(a, b):
    """Computes `a.T @ b` over all steps and examples."""
    return jnp.tensordot(a, b, ((0, 1), (0, 1)))


def _row_gradient(rows, ids, d_u):
    if rows.shape[0] <= _ONE_HOT:
        return _summed(jax.nn.one_hot(ids, rows.shape[0], dtype=d_u.dtype), d_u)
    return jax.ops.segment_sum(d_u.reshape(-1, d_u.shape[-1]), ids.ravel(), rows.shape[0])


def _input(params, x_t):
    if "rows" in params:
        rows = params["rows"]
        return rows.at[x_t].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
    return x_t @ params["w_x"]


def _last(params, h, mask):
    return match_half(h if mask is None else jnp.where(mask.any(0)[:, None], h, 0), params["w_h"])


def _choose(live, new, old):
    return jax.tree.map(lambda a, b: jnp.where(live[:, None], a, b), new, old)
