"""Dynamic allocation and temporal links of a memory.

Graves et al. 2016, Hybrid computing using a neural network with dynamic external memory, Methods.

Weights of the one head that writes are (batch, slots), those of the heads that read (batch, heads, slots).
"""

import jax
import jax.numpy as jnp

from .precision import promote_float32

__all__ = ["allocate", "follow_links", "update_links", "update_precedence", "update_usage"]


def update_usage(usage: jax.Array, write: jax.Array, read: jax.Array, free: jax.Array) -> jax.Array:
    """Computes how much each slot is in use, 0 to 1: it rises where was written, and falls where a read slot is freed.

    Args:
        usage: that of the step before (batch, slots).
        write: write weights of the step before (batch, slots).
        read: read weights of the step before (batch, heads, slots).
        free: share that each head frees of what it read, 0 to 1, (batch, heads).

    >>> some, none = jnp.array([[0.5, 0.0]]), jnp.zeros((1, 1, 2))
    >>> update_usage(some, jnp.array([[0.5, 1.0]]), none, jnp.ones((1, 1))).tolist()
    [[0.75, 1.0]]
    """
    kept = jnp.prod(1 - free[..., None] * read, axis=1)
    return (usage + write - usage * write) * kept


def allocate(usage: jax.Array) -> jax.Array:
    """Computes the weights of new slots: all of it to a free one, else shares of those that are used least.

    No gradient passes through the order of the slots.

    Args:
        usage: 0 to 1, (batch, slots).

    >>> allocate(jnp.array([[1.0, 0.5, 0.0]])).tolist(), allocate(jnp.array([[0.75, 0.5]])).tolist()
    ([[0.0, 0.0, 1.0]], [[0.125, 0.5]])
    """
    usage = promote_float32(usage)
    order = jnp.argsort(jax.lax.stop_gradient(usage), axis=-1)
    sorted_usage = jnp.take_along_axis(usage, order, axis=-1)
    taken = jnp.cumprod(sorted_usage[:, :-1], axis=-1)  # by the slots before each but the first
    found = (1 - sorted_usage) * jnp.concatenate([jnp.ones_like(usage[:, :1]), taken], axis=-1)
    return jnp.take_along_axis(found, jnp.argsort(order, axis=-1), axis=-1)


def update_precedence(precedence: jax.Array, write: jax.Array) -> jax.Array:
    """Computes the degree (batch, slots) to which each slot was the last one written to.

    >>> update_precedence(jnp.array([[1.0, 0.0]]), jnp.array([[0.0, 0.25]])).tolist()
    [[0.75, 0.25]]
    """
    return (1 - jnp.sum(write, axis=-1, keepdims=True)) * precedence + write


def update_links(links: jax.Array, precedence: jax.Array, write: jax.Array) -> jax.Array:
    """Computes the degree to which slot i was written to after slot j, (batch, slots i, slots j), 0 where they are one.

    Args:
        links: those of the step before.
        precedence: that of the step before (batch, slots).
        write: write weights of this step (batch, slots).

    >>> update_links(jnp.zeros((1, 2, 2)), jnp.array([[1.0, 0.0]]), jnp.array([[0.0, 1.0]])).tolist()
    [[[0.0, 0.0], [1.0, 0.0]]]
    """
    after, before = write[:, :, None], write[:, None, :]
    moved = (1 - after - before) * links + after * precedence[:, None, :]
    return jnp.where(jnp.eye(links.shape[-1], dtype=bool), 0, moved)


def follow_links(links: jax.Array, read: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Computes weights of the slots written to after those that were read, and of those before them.

    Args:
        links: (batch, slots, slots).
        read: read weights of the step before (batch, heads, slots).

    >>> links = jnp.array([[[0.0, 0.0], [1.0, 0.0]]])
    >>> [each.tolist() for each in follow_links(links, jnp.array([[[1.0, 0.0]]]))]
    [[[[0.0, 1.0]]], [[[0.0, 0.0]]]]
    """
    return jnp.einsum("bij,bhj->bhi", links, read), jnp.einsum("bij,bhi->bhj", links, read)
