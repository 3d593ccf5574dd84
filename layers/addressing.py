"""Addressing of a memory by weights over its slots: by content, from the previous weights, and reading and writing.

Graves, Wayne and Danihelka 2014, Neural Turing machines, section 3. Weights are not negative, and those of a head sum
to 1 (to at most 1 where a head writes nothing). The slots of a memory are its last axis, the longest one, along which
XLA computes without transposes.
"""

import jax
import jax.numpy as jnp

__all__ = ["content_weights", "interpolated", "read_memory", "sharpened", "shifted", "written"]

_SQUARE = 1e-8  # added to squared norms, so that the gradient of an empty slot stays finite
_LEAST = 1e-12  # weight below which sharpening sees no differences


def content_weights(memory: jax.Array, keys: jax.Array, strengths: jax.Array) -> jax.Array:
    """Computes weights by the similarity of slots and keys, `softmax(strength * cosine)` (equations 5 and 6).

    A slot or a key of zeros has the cosine 0 with everything: 1e-8 is added to squared norms.

    Args:
        memory: (batch, size, slots).
        keys: (batch, heads, size).
        strengths: (batch, heads), above 0.

    Returns:
        Weights (batch, heads, slots).

    >>> memory = jnp.array([[[3.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])
    >>> weights = content_weights(memory, jnp.array([[[0.0, 5.0]]]), jnp.log(jnp.array([[4.0]])))
    >>> [round(float(weight), 4) for weight in weights[0, 0]]
    [0.1667, 0.6667, 0.1667]
    """
    cosine = (keys @ memory) * _inverse_norm(memory, 1)[:, None, :]
    return jax.nn.softmax((strengths * _inverse_norm(keys, -1))[..., None] * cosine, axis=-1)


def interpolated(weights: jax.Array, before: jax.Array, gate: jax.Array) -> jax.Array:
    """Mixes weights with those of the step before, `gate * weights + (1 - gate) * before` (equation 7).

    Args:
        weights: (batch, heads, slots).
        before: (batch, heads, slots).
        gate: (batch, heads), from 0 to 1.

    >>> interpolated(jnp.array([[[1.0, 0.0]]]), jnp.array([[[0.0, 1.0]]]), jnp.array([[0.25]])).tolist()
    [[[0.25, 0.75]]]
    """
    return before + gate[..., None] * (weights - before)


def shifted(weights: jax.Array, shares: jax.Array) -> jax.Array:
    """Shifts weights around the ring of slots by a circular convolution (equation 8).

    Args:
        weights: (batch, heads, slots).
        shares: share of each shift (batch, heads, 2 n + 1), from n slots backward to n slots forward.

    >>> shifted(jnp.array([[[1.0, 0.0, 0.0, 0.0]]]), jnp.array([[[0.5, 0.0, 0.5]]])).tolist()
    [[[0.0, 0.5, 0.0, 0.5]]]
    """
    most = shares.shape[-1] // 2
    parts = [shares[..., i, None] * jnp.roll(weights, i - most, axis=-1) for i in range(shares.shape[-1])]
    return sum(parts[1:], parts[0])


def sharpened(weights: jax.Array, powers: jax.Array) -> jax.Array:
    """Sharpens weights by a power, `weight^power / sum(weight^power)` (equation 9).

    Args:
        weights: (batch, heads, slots).
        powers: (batch, heads), at least 1.

    >>> [round(float(weight), 4) for weight in sharpened(jnp.array([[[0.75, 0.25]]]), jnp.array([[2.0]]))[0, 0]]
    [0.9, 0.1]
    """
    # By logarithms, as powers of small weights would all be 0 in float32, and the gradient of 0^power is no number.
    return jax.nn.softmax(powers[..., None] * jnp.log(jnp.maximum(weights, _LEAST)), axis=-1)


def read_memory(memory: jax.Array, weights: jax.Array) -> jax.Array:
    """Reads the weighted sum of the slots (equation 2).

    Args:
        memory: (batch, size, slots).
        weights: (batch, heads, slots).

    Returns:
        Read vectors (batch, heads, size).

    >>> read_memory(jnp.array([[[1.0, 3.0], [2.0, 6.0]]]), jnp.array([[[0.5, 0.5]]])).tolist()
    [[[2.0, 4.0]]]
    """
    return jnp.einsum("bhs,bws->bhw", weights, memory)


def written(memory: jax.Array, weights: jax.Array, erase: jax.Array, add: jax.Array) -> jax.Array:
    """Erases, then adds, by the weights of all heads; their order does not matter (equations 3 and 4).

    Args:
        memory: (batch, size, slots).
        weights: (batch, heads, slots).
        erase: share of each element to erase (batch, heads, size), from 0 to 1.
        add: vectors to add (batch, heads, size).

    >>> half = jnp.array([[[0.5, 0.0]]])
    >>> written(jnp.ones((1, 2, 2)), half, jnp.array([[[1.0, 0.0]]]), jnp.array([[[4.0, 4.0]]])).tolist()
    [[[2.5, 1.0], [3.0, 1.0]]]
    """
    for head in range(weights.shape[1]):
        memory = memory * (1 - erase[:, head, :, None] * weights[:, head, None, :])
    return memory + jnp.einsum("bhw,bhs->bws", add, weights)


def _inverse_norm(vectors: jax.Array, axis: int) -> jax.Array:
    return jax.lax.rsqrt(jnp.sum(jnp.square(vectors), axis=axis) + _SQUARE)
