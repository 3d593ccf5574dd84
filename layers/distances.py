"""Distances between rows of two arrays."""

import jax
import jax.numpy as jnp

__all__ = ["smallest", "squared_distances", "two_smallest"]


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


def smallest(values: jax.Array) -> jax.Array:
    """Returns the places (...,) of the smallest values along the last axis; of equal ones the first.

    Two minima: XLA's CPU compiler vectorises them, and not `argmin`, which takes it twice to three times as long.

    Args:
        values: (..., n), n at least 1; of a row with NaN the place is that of its last value.

    >>> smallest(jnp.array([3.0, 1.0, 2.0, 1.0])).item()
    1
    """
    n = values.shape[-1]
    return jnp.min(jnp.where(values == jnp.min(values, axis=-1, keepdims=True), jnp.arange(n), n - 1), axis=-1)


def two_smallest(values: jax.Array) -> jax.Array:
    """Returns the places (rows, 2) of the two smallest values of each row; of equal ones the first.

    Two passes: XLA's CPU compiler makes `top_k` twenty times slower.

    Args:
        values: (rows, n), n at least 2.

    >>> two_smallest(jnp.array([[3.0, 1.0, 2.0, 1.0]])).tolist()
    [[1, 3]]
    """
    first = smallest(values)
    others = jnp.where(jnp.arange(values.shape[1]) == first[:, None], jnp.inf, values)
    return jnp.stack([first, smallest(others)], axis=1)
