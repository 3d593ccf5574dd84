"""Examples and targets of each support vector machine of a model, and the parts that are held back from training."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["Members", "held_parts", "largest", "members"]


class Members(NamedTuple):
    """Examples of each machine.

    Attributes:
        rows: int (machines, size), places among all examples; the number of examples where there is none.
        target: (machines, size), 1 and -1, or values; 0 where there is no example.
    """

    rows: jax.Array
    target: jax.Array


def largest(targets: Any, pairs: np.ndarray | None, examples: int) -> int:
    """Returns the number of examples of the largest machine.

    Args:
        targets: targets of the examples on the host; None: unknown, so that a machine may have all of them.
        pairs: classes of each machine (machines, 2); None: every machine has all examples.
        examples: number of examples.

    >>> largest(np.array([0, 0, 1, 2, 2, 2]), np.array([[0, 1], [0, 2], [1, 2]]), 6)
    5
    """
    if pairs is None or targets is None:
        return examples
    counts = np.bincount(np.asarray(targets), minlength=pairs.max() + 1)
    return int(counts[pairs].sum(axis=1).max())


def members(y: jax.Array, pairs: np.ndarray | None, count: int, size: int) -> Members:
    """Returns the examples of each machine.

    Args:
        y: classes (examples,), labels 0 or 1 (examples, machines), or values of either shape.
        pairs: classes of each machine (machines, 2), the positive one first; None: machines have all examples.
        count: number of machines; with one, class 1 is the positive one.
        size: number of examples of the largest.
    """
    if pairs is not None:
        return _of_pairs(y, pairs, size)
    rows = jnp.tile(jnp.arange(len(y)), (count, 1))
    if jnp.issubdtype(y.dtype, jnp.floating):
        return Members(rows, y.reshape(len(y), -1).T)
    labels = y[:, None] == jnp.arange(count) if y.ndim == 1 and count > 1 else y.reshape(len(y), -1) == 1
    return Members(rows, jnp.where(labels, 1.0, -1.0).T)


def _of_pairs(y: jax.Array, pairs: np.ndarray, size: int) -> Members:
    order = jnp.argsort(y, stable=True)
    ends = jnp.searchsorted(y[order], jnp.arange(pairs.max() + 1), side="right")
    starts = jnp.searchsorted(y[order], jnp.arange(pairs.max() + 1), side="left")
    (one, other), place = pairs.T, jnp.arange(size)
    first, both = (ends - starts)[one][:, None], (ends - starts)[one][:, None] + (ends - starts)[other][:, None]
    at = jnp.where(place < first, starts[one][:, None] + place, starts[other][:, None] + place - first)
    rows = jnp.where(place < both, order[jnp.clip(at, 0, len(y) - 1)], len(y))
    return Members(rows, jnp.where(place < first, 1.0, jnp.where(place < both, -1.0, 0.0)))


def held_parts(key: jax.Array, y: jax.Array, parts: int) -> jax.Array:
    """Divides examples at random into parts (examples,) of equal sizes, and of equal shares of each class."""
    groups = y if y.ndim == 1 else jnp.zeros(len(y), jnp.int32)
    mixed = jax.random.permutation(key, len(y))
    order = mixed[jnp.argsort(groups[mixed], stable=True)]
    rank = jnp.arange(len(y)) - jnp.searchsorted(groups[order], groups[order], side="left")
    return jnp.zeros(len(y), jnp.int32).at[order].set((rank % max(parts, 1)).astype(jnp.int32))
