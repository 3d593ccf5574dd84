"""Machines of a deep belief network, of which the top one has label units as further visible units."""

import jax
import jax.numpy as jnp

from zoo._restricted import Machine, free_energy

__all__ = ["joined", "joint", "learn", "reconstructed"]

_MOMENTUM, _DECAY = 0.9, 2e-4  # Hinton & Salakhutdinov 2006, Reducing the dimensionality of data with neural networks


def joint(own: dict) -> Machine:
    """Returns a machine, whose label units, if it has any, are visible units behind the others."""
    if "labels" not in own:
        return Machine(own["w"], own["a"], own["b"])
    w, a = (jnp.concatenate([own[one], own["labels"][other]]) for one, other in (("w", "w"), ("a", "b")))
    return Machine(w, a, own["b"])


def joined(own: dict, v: jax.Array, y: jax.Array) -> jax.Array:
    """Returns visible states with the labels behind them, where the machine has any."""
    if "labels" not in own:
        return v
    return jnp.concatenate([v, jax.nn.one_hot(y, len(own["labels"]["b"]))], axis=1)


def reconstructed(own: dict, v: jax.Array, size: int, key: jax.Array) -> jax.Array:
    """Returns the means of the visible units, those of the labels by softmax, given sampled hidden units.

    Args:
        own: parameters of the machine.
        v: visible states with labels (batch, visible).
        size: number of visible units without labels.
        key: PRNG key.
    """
    machine = joint(own)
    h = jax.random.bernoulli(key, jax.nn.sigmoid(v @ machine.w + machine.b)).astype(v.dtype)
    inputs = machine.a + h @ machine.w.T
    return jnp.concatenate([jax.nn.sigmoid(inputs[:, :size]), jax.nn.softmax(inputs[:, size:], axis=1)], axis=1)


def learn(
    own: dict, velocity: dict, v: jax.Array, y: jax.Array, key: jax.Array, rate: jax.Array
) -> tuple[dict, dict, jax.Array]:
    """Moves a machine by contrastive divergence with momentum and weight decay.

    Args:
        own: its parameters.
        velocity: their velocities.
        v: visible states (batch, visible), means or samples.
        y: classes (batch,).
        key: PRNG key.
        rate: learning rate.

    Returns:
        Parameters, velocities, and the mean squared error of the reconstructed visible units.
    """
    data = joined(own, v, y)
    made = reconstructed(own, data, v.shape[1], key)

    def difference(own):
        free = free_energy(joint(own), jnp.concatenate([data, made]))
        return jnp.mean(free[: len(v)]) - jnp.mean(free[len(v) :])

    def move(velocity, gradient, value):
        return _MOMENTUM * velocity - rate * (gradient + _DECAY * value * (value.ndim > 1))

    moved = jax.tree.map(move, velocity, jax.grad(difference)(own), own)
    error = jnp.mean(jnp.square(v - made[:, : v.shape[1]]))
    return jax.tree.map(jnp.add, own, moved), moved, error
