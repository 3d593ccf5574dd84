"""Distances between rows of two arrays."""

import jax
import jax.numpy as jnp

__all__ = ["squared_distances", "two_smallest"]


def squared_distances(x: jax.Array, centres: jax.Array) -> jax.Array:
    """Computes squared Euclidean distances (examples, centres) by one matrix product.

    Values far from 0 beside their differences lose digits by it: normalise them.

    Args:
        x: (examples, features).
        centres: (centres, features).

    >>> squared_distances(jnp.array([[0.0, 3.0]]), jnp.array([[0.0, 0.0], [4.0, 3.0]])).tolist()
    [[9.0, 16.0]]
    """
    square = jnp.sum(jnp.square(x), axis=1, keepdims=True) + jnp.sum(jnp.square(centres), axis=1)
    return jnp.maximum(square - 2 * x @ centres.T, 0)  # rounding may give less than 0


def two_smallest(values: jax.Array) -> jax.Array:
    """Returns the places (rows, 2) of the two smallest values of each row; of equal ones the first.

    Two passes of argmin: XLA's CPU compiler makes `top_k` twenty times slower.

    Args:
        values: (rows, n), n at least 2.

    >>> two_smallest(jnp.array([[3.0, 1.0, 2.0, 1.0]])).tolist()
    [[1, 3]]
    """
    first = jnp.argmin(values, axis=1)
    others = jnp.where(jnp.arange(values.shape[1]) == first[:, None], jnp.inf, values)
    return jnp.stack([first, jnp.argmin(others, axis=1)], axis=1)
