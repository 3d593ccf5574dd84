"""Platt's scaling: the sigmoid of decision values that makes probabilities of them."""

import jax
import jax.numpy as jnp

__all__ = ["platt"]

_ITERATIONS = 40
_DAMPING = 1e-6
_LENGTHS = 0.5 ** jnp.arange(12)  # parts of Newton's step that are tried


def platt(decision: jax.Array, positive: jax.Array, counts: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Fits `p = sigmoid(slope * decision + offset)` by the likelihood of examples that training has not seen.

    The targets are not 0 and 1, but the means of Platt's prior, so that examples without error give finite values.

    Source: Platt 1999, Probabilistic outputs for support vector machines; Newton's method: Lin, Lin and Weng 2007.

    Args:
        decision: decision values (examples,).
        positive: bool (examples,).
        counts: bool (examples,), the examples that count.

    Returns:
        Slope, at least 0, and offset.

    >>> decision, positive = jnp.array([-2.0, -1.0, 1.0, 2.0]), jnp.array([False, False, True, True])
    >>> slope, offset = platt(decision, positive, jnp.ones(4, bool))
    >>> print(f"{slope:.2f} {abs(offset):.2f}")
    0.67 0.00
    """
    above, below = jnp.sum(counts & positive), jnp.sum(counts & ~positive)
    target = jnp.where(positive, (above + 1) / (above + 2), 1 / (below + 2))
    # In units of their size, decision values of any scale suit float32.
    unit = jnp.sqrt(jnp.sum(jnp.where(counts, jnp.square(decision), 0)) / jnp.maximum(above + below, 1)) + 1e-12
    x = jnp.where(counts, decision / unit, 0)

    def loss(sigmoid):
        logits = sigmoid[0] * x + sigmoid[1]
        return jnp.sum(jnp.where(counts, jax.nn.softplus(logits) - target * logits, 0))

    def move(sigmoid, _):
        share = jax.nn.sigmoid(sigmoid[0] * x + sigmoid[1])
        error, weight = (jnp.where(counts, each, 0) for each in (share - target, share * (1 - share)))
        slope = jnp.stack([error @ x, jnp.sum(error)])
        a, b, c = weight @ jnp.square(x) + _DAMPING, weight @ x, jnp.sum(weight) + _DAMPING
        step = jnp.stack([c * slope[0] - b * slope[1], a * slope[1] - b * slope[0]]) / (a * c - b * b)
        tried = sigmoid - jnp.append(_LENGTHS, 0)[:, None] * step
        return tried[jnp.argmin(jax.vmap(loss)(tried))], None

    first = jnp.array([0.0, jnp.log((above + 1) / (below + 1))])
    slope, offset = jax.lax.scan(move, first, length=_ITERATIONS)[0]
    return jnp.maximum(slope / unit, 0), offset
