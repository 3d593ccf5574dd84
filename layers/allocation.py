"""Use of the slots of a memory and the order in which they were written: usage, allocation, temporal links.

Graves, Wayne et al. 2016, Hybrid computing using a neural network with dynamic external memory, methods ("Memory
addressing"). There is one write head.
"""

import jax
import jax.numpy as jnp

__all__ = ["allocation_weights", "linked", "preceding", "used"]

_LEAST = 1e-30  # usage whose logarithm is finite


def used(usage: jax.Array, write: jax.Array, read: jax.Array, free: jax.Array) -> jax.Array:
    """Computes the usage of slots: more by the last write, less where a head frees what it has read.

    Args:
        usage: usage before (batch, slots), from 0 to 1.
        write: last write weights (batch, slots).
        read: last read weights (batch, heads, slots).
        free: share that each head frees of what it has read (batch, heads), from 0 to 1.

    >>> usage, write = jnp.array([[0.5, 0.0, 1.0]]), jnp.array([[0.5, 0.0, 0.0]])
    >>> used(usage, write, jnp.array([[[0.0, 0.0, 1.0]]]), jnp.array([[0.75]])).tolist()
    [[0.75, 0.0, 0.25]]
    """
    kept = jnp.prod(1 - free[..., None] * read, axis=1)
    return (usage + write - usage * write) * kept


def allocation_weights(usage: jax.Array) -> jax.Array:
    """Computes weights that prefer the slots used least: `(1 - u_j)` times the usages of all slots freer than j.

    Of slots with equal usage the first counts as freer. The order of the slots has no gradient, the usages have one.

    Args:
        usage: (batch, slots), from 0 to 1.

    Returns:
        Weights (batch, slots) whose sum is at most 1: 0 where all slots are in use.

    >>> [round(float(weight), 4) for weight in allocation_weights(jnp.array([[0.5, 0.25, 1.0]]))[0]]
    [0.125, 0.75, 0.0]
    """
    # Comparisons of all pairs in place of a sort: as many as the temporal links have, and XLA sorts rows one by one.
    one, other, number = usage[:, None, :], usage[:, :, None], jnp.arange(usage.shape[1])
    freer = (one < other) | ((one == other) & (number[None, :] < number[:, None]))
    logs = jnp.log(jnp.maximum(usage, _LEAST))[:, None, :]
    return (1 - usage) * jnp.exp(jnp.sum(jnp.where(freer, logs, 0), axis=-1))


def preceding(precedence: jax.Array, write: jax.Array) -> jax.Array:
    """Computes the share of each slot in being the one written last.

    Args:
        precedence: shares before this write (batch, slots).
        write: write weights (batch, slots), whose sum is at most 1.

    >>> preceding(jnp.array([[1.0, 0.0]]), jnp.array([[0.0, 0.75]])).tolist()
    [[0.25, 0.75]]
    """
    return (1 - jnp.sum(write, axis=-1, keepdims=True)) * precedence + write


def linked(links: jax.Array, precedence: jax.Array, write: jax.Array) -> jax.Array:
    """Computes the temporal links: `links[i, j]` is the share to which slot i was written directly after slot j.

    Args:
        links: links before this write (batch, slots, slots).
        precedence: shares in being the slot written last, before this write (batch, slots).
        write: write weights (batch, slots), whose sum is at most 1.

    >>> linked(jnp.zeros((1, 2, 2)), jnp.array([[1.0, 0.0]]), jnp.array([[0.25, 0.75]])).tolist()
    [[[0.0, 0.0], [0.75, 0.0]]]
    """
    after, before = write[:, :, None], write[:, None, :]
    new = (1 - after - before) * links + after * precedence[:, None, :]
    return jnp.where(jnp.eye(write.shape[1], dtype=bool), 0, new)
