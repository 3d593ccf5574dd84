"""Attention of queries to keys: the weighted mean of values, over all steps, causal, or block by block."""

import jax
import jax.numpy as jnp
import numpy as np

from .precision import promote_float32

__all__ = ["attend"]

_LEAST = float(np.finfo(np.float32).min)
_TINY = 1e-30  # below the sum of any weights, the largest of which is 1


def attend(q: jax.Array, k: jax.Array, v: jax.Array, allowed: jax.Array | np.ndarray | None = None) -> jax.Array:
    """Computes the mean of the values by `softmax(q k' / sqrt(features))`; sums and weights in float32.

    Args:
        q: queries (..., time, features).
        k: keys (..., steps, features).
        v: values (..., steps, values).
        allowed: which query may attend to which key, bool, broadcasts to (..., time, steps); None: all. A query that
            may attend to none gets zeros.

    >>> q, k, v = jnp.array([[0.0]]), jnp.array([[1.0], [2.0], [3.0]]), jnp.array([[1.0], [2.0], [9.0]])
    >>> attend(q, k, v, jnp.array([True, True, False])).tolist()
    [[1.5]]
    """
    weights, total = _exponentials(q, k, allowed)
    # Divided after the product, whose rows are shorter than those of the weights.
    y = promote_float32(weights.astype(v.dtype) @ v)
    return (y / jnp.maximum(total, _TINY)).astype(v.dtype)


def _exponentials(q, k, allowed):
    """Computes softmax weights before they are divided by their sums, and the sums."""
    logits = promote_float32(q * q.shape[-1] ** -0.5 @ jnp.swapaxes(k, -1, -2))
    if allowed is None:
        weights = jnp.exp(logits - jax.lax.stop_gradient(jnp.max(logits, axis=-1, keepdims=True)))
        return weights, jnp.sum(weights, axis=-1, keepdims=True)
    logits = jnp.where(allowed, logits, _LEAST)
    weights = jnp.exp(logits - jax.lax.stop_gradient(jnp.max(logits, axis=-1, keepdims=True)))
    if not isinstance(allowed, np.ndarray) or not allowed.any(-1).all():  # else each has a key, others underflow to 0
        weights = jnp.where(allowed, weights, 0)
    return weights, jnp.sum(weights, axis=-1, keepdims=True)


def attended(
    q: jax.Array, k: jax.Array, v: jax.Array, valid: jax.Array | None, context: int | None, weigh: bool = False
) -> tuple[jax.Array, jax.Array | None]:
    """Attends over all steps or, in a long sequence, block by block: a block to itself and to the one before.

    Args:
        q: queries (batch, heads, time, features), of the last `time` of the steps.
        k: keys (batch, heads, steps, features).
        v: values, of the same shape.
        valid: which steps exist, bool (batch, steps) or (1, steps); None: all.
        context: number of steps that a query attends to, its own and those before it; None: all steps.
        weigh: whether to return the weights (batch, heads, time, steps) beside the means; else they are None.
    """
    time, steps = q.shape[2], k.shape[2]
    if context is not None and time > context and not weigh:
        return _by_blocks(q, k, v, valid, context), None
    allowed = None if valid is None else valid[:, None, None, :]
    if context is not None:
        near = _near(time, steps, context)
        allowed = near if allowed is None else near & allowed
    if not weigh:
        return attend(q, k, v, allowed), None
    weights, total = _exponentials(q, k, allowed)
    return attend(q, k, v, allowed), weights / jnp.maximum(total, _TINY)


def _by_blocks(q, k, v, valid, context: int) -> jax.Array:
    batch, heads, time, features = q.shape
    count, before = -(-time // context), k.shape[2] - time
    end = count * context - time
    valid = jnp.ones((1, before + time), bool) if valid is None else valid
    q = jnp.pad(q, ((0, 0), (0, 0), (0, end), (0, 0)))
    k, v = (jnp.pad(each, ((0, 0), (0, 0), (context - before, end), (0, 0))) for each in (k, v))
    valid = jnp.pad(valid, ((0, 0), (context - before, end)))[:, None, :, None]

    def blocks(each):
        cut = each.reshape(each.shape[0], each.shape[1], count + 1, context, each.shape[-1])
        return jnp.concatenate([cut[:, :, :-1], cut[:, :, 1:]], axis=3)

    allowed = _near(context, 2 * context, context) & jnp.swapaxes(blocks(valid), -1, -2)
    q = q.reshape(batch, heads, count, context, features)
    return attend(q, blocks(k), blocks(v), allowed).reshape(batch, heads, count * context, features)[:, :, :time]


def _near(time: int, steps: int, context: int) -> np.ndarray:
    """Returns which of the last `time` of some steps may attend to which: itself and the `context - 1` before it."""
    distance = np.arange(steps - time, steps)[:, None] - np.arange(steps)
    return (distance >= 0) & (distance < context)
