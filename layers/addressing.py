"""Addressing of an external memory (Graves, Wayne & Danihelka 2014, Neural Turing machines, section 3).

A memory is (batch, slots, features). The weights of a head are a distribution over the slots, (batch, heads, slots).
"""

import jax
import jax.numpy as jnp

from .activations import softmax
from .precision import promote_float32

__all__ = ["content_weights", "interpolate", "read_memory", "sharpen", "shift_weights", "write_memory"]

_SQUARE = 1e-7  # added to squared norms: an empty slot has the similarity 0 and a finite gradient
_WEIGHT = 1e-12  # added to weights before they are raised to a power, whose gradient at 0 is not finite


def content_weights(memory: jax.Array, key: jax.Array, strength: jax.Array) -> jax.Array:
    """Computes weights by content: the softmax over slots of the cosine of key and slot, times the strength.

    Args:
        memory: (batch, slots, features).
        key: (batch, heads, features).
        strength: at least 0, (batch, heads).

    >>> memory = jnp.array([[[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]]])
    >>> content_weights(memory, jnp.array([[[1.0, 0.0]]]), jnp.array([[jnp.log(2.0)]])).round(3).tolist()
    [[[0.5, 0.25, 0.25]]]
    """
    memory, key = promote_float32(memory), promote_float32(key)
    products = jnp.einsum("bnf,bhf->bhn", memory, key)
    norms = _norm(key)[..., None] * _norm(memory)[:, None]
    return softmax(promote_float32(strength)[..., None] * products / norms)


def interpolate(before: jax.Array, found: jax.Array, gate: jax.Array) -> jax.Array:
    """Computes the mean of the weights of the step before and of those found by content.

    Args:
        before: weights (batch, heads, slots).
        found: weights of the same shape.
        gate: share of those found, 0 to 1, (batch, heads).

    >>> interpolate(jnp.array([[[1.0, 0.0]]]), jnp.array([[[0.0, 1.0]]]), jnp.array([[0.25]])).tolist()
    [[[0.75, 0.25]]]
    """
    return before + gate[..., None] * (found - before)


def shift_weights(weights: jax.Array, shares: jax.Array) -> jax.Array:
    """Rotates weights over the slots, the last of which is beside the first (circular convolution).

    Args:
        weights: (batch, heads, slots).
        shares: share of each shift, -n to n slots, (batch, heads, 2 n + 1).

    >>> shift_weights(jnp.array([[[1.0, 0.0, 0.0, 0.0]]]), jnp.array([[[0.25, 0.0, 0.75]]])).tolist()
    [[[0.0, 0.75, 0.0, 0.25]]]
    """
    most = shares.shape[-1] // 2
    moved = [jnp.roll(weights, by, axis=-1) for by in range(-most, most + 1)]
    return sum(share * each for share, each in zip(jnp.split(shares, len(moved), axis=-1), moved, strict=True))


def sharpen(weights: jax.Array, power: jax.Array) -> jax.Array:
    """Raises weights to a power and divides them by their sum.

    Args:
        weights: (batch, heads, slots).
        power: at least 1, (batch, heads).

    >>> sharpen(jnp.array([[[0.75, 0.25]]]), jnp.array([[2.0]])).round(3).tolist()
    [[[0.9, 0.1]]]
    """
    logits = promote_float32(power)[..., None] * jnp.log(promote_float32(weights) + _WEIGHT)
    return softmax(logits)


def read_memory(memory: jax.Array, weights: jax.Array) -> jax.Array:
    """Computes the weighted sum of the slots for each head, (batch, heads, features).

    >>> read_memory(jnp.array([[[1.0, 2.0], [3.0, 4.0]]]), jnp.array([[[0.5, 0.5]]])).tolist()
    [[[2.0, 3.0]]]
    """
    return jnp.einsum("bhn,bnf->bhf", weights, memory)


def write_memory(memory: jax.Array, weights: jax.Array, erase: jax.Array, add: jax.Array) -> jax.Array:
    """Erases from the slots, then adds to them, in the shares of the weights: all heads erase before any adds.

    Args:
        memory: (batch, slots, features).
        weights: (batch, heads, slots).
        erase: share of each feature to be erased, 0 to 1, (batch, heads, features).
        add: what is added, (batch, heads, features).

    >>> one = jnp.ones((1, 1, 1))
    >>> write_memory(jnp.array([[[4.0], [4.0]]]), jnp.array([[[0.5, 0.0]]]), one, 6 * one).tolist()
    [[[5.0], [4.0]]]
    """
    kept = jnp.prod(1 - weights[..., None] * erase[..., None, :], axis=1)
    return memory * kept + jnp.einsum("bhn,bhf->bnf", weights, add)


def _norm(x: jax.Array) -> jax.Array:
    return jnp.sqrt(jnp.sum(jnp.square(x), axis=-1) + _SQUARE)
