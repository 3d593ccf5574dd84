"""Machines of a deep belief network, of which the top one has label units as further visible units."""

import jax
import jax.numpy as jnp

from zoo._restricted import Machine, free_energy

__all__ = ["begin", "joined", "joint", "learn", "learn_by_chains", "reconstructed"]

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
    moved = jax.tree.map(lambda step, last: step + _MOMENTUM * last, _step(own, data, made, rate), velocity)
    return jax.tree.map(jnp.add, own, moved), moved, _error(v, made)


def begin(own: dict, size: int, chains: int) -> jax.Array:
    """Makes the states in which chains of a machine begin: no unit is on, the labels take turns (chains, visible)."""
    return joined(own, jnp.zeros((chains, size)), jnp.arange(chains) % len(own["labels"]["b"]))


def learn_by_chains(
    own: dict, chains: jax.Array, v: jax.Array, y: jax.Array, key: jax.Array, rate: jax.Array
) -> tuple[dict, jax.Array, jax.Array]:
    """Moves a machine by persistent contrastive divergence (Tieleman 2008), without momentum.

    One step of contrastive divergence never meets likely states far from the data, in which the samples of a class then
    end; chains that go on from update to update find them.

    Args:
        own: its parameters.
        chains: states of the chains with labels (chains, visible).
        v: means of the visible states (batch, visible without labels).
        y: classes (batch,).
        key: PRNG key.
        rate: learning rate.

    Returns:
        Parameters, states of the chains, and the mean squared error of the reconstructed visible units.
    """
    keys, size = jax.random.split(key, 5), v.shape[1]
    data = joined(own, jax.random.bernoulli(keys[0], v).astype(v.dtype), y)
    means = reconstructed(own, chains, size, keys[1])
    on = jax.random.bernoulli(keys[2], means[:, :size]).astype(v.dtype)
    chains = joined(own, on, jax.random.categorical(keys[3], jnp.log(means[:, size:])))
    error = _error(v, reconstructed(own, data, size, keys[4]))
    return jax.tree.map(jnp.add, own, _step(own, data, chains, rate)), chains, error


def _step(own: dict, data: jax.Array, made: jax.Array, rate: jax.Array) -> dict:
    """Returns a step down the difference of the free energies of data and of what the machine made, and of weights."""

    def difference(own):
        free = free_energy(joint(own), jnp.concatenate([data, made]))
        return jnp.mean(free[: len(data)]) - jnp.mean(free[len(data) :])

    def step(gradient, value):
        return -rate * (gradient + _DECAY * value * (value.ndim > 1))

    return jax.tree.map(step, jax.grad(difference)(own), own)


def _error(v: jax.Array, made: jax.Array) -> jax.Array:
    return jnp.mean(jnp.square(v - made[:, : v.shape[1]]))
