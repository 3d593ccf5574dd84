"""The up-down algorithm of a deep belief network: contrastive wake-sleep (Hinton, Osindero & Teh 2006, section 5)."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from zoo._restricted import free_energy

from ._stack import joined, joint, reconstructed

__all__ = ["up_down_cost"]

_SWEEPS = 3  # of the top machine between the two passes


def up_down_cost(params: dict, names: tuple[str, ...], x: jax.Array, y: jax.Array, key: jax.Array) -> Any:
    """Returns the cost whose gradient is the update of the up-down algorithm, as a function of generator and body.

    Going up, sampled states teach the generator to give the states below them; the top machine takes some sweeps of
    Gibbs sampling from there; going down, sampled states teach the body to give the states above them.

    Args:
        params: parameters of a `dbn`.
        names: names of the layers in `body`.
        x: inputs (batch, visible) from 0 to 1.
        y: classes (batch,).
        key: PRNG key.
    """
    machines, top = params["generator"], str(len(names) - 1)
    up, between, down = jax.random.split(key, 3)
    awake = [x]
    for i, name in enumerate(names[:-1]):
        awake.append(
            _sampled(jax.random.fold_in(up, i), awake[-1] @ params["body"][name]["w"] + params["body"][name]["b"])
        )
    size, data = awake[-1].shape[1], joined(machines[top], awake[-1], y)
    made = jax.lax.fori_loop(
        0, _SWEEPS, lambda i, v: reconstructed(machines[top], v, size, jax.random.fold_in(between, i)), data
    )
    asleep = [made[:, :size]]
    for i in reversed(range(len(names) - 1)):
        below = asleep[0] @ machines[str(i)]["w"].T + machines[str(i)]["a"]
        asleep.insert(0, _sampled(jax.random.fold_in(down, i), below) if i else jax.nn.sigmoid(below))

    def cost(part):
        free = free_energy(joint(part["generator"][top]), jnp.concatenate([data, made]))
        total = jnp.mean(free[: len(x)]) - jnp.mean(free[len(x) :])
        for i, name in enumerate(names[:-1]):
            machine, layer = part["generator"][str(i)], part["body"][name]
            total += _missed(awake[i + 1] @ machine["w"].T + machine["a"], awake[i])
            total += _missed(asleep[i] @ layer["w"] + layer["b"], asleep[i + 1])
        return total

    return cost


def _sampled(key: jax.Array, logits: jax.Array) -> jax.Array:
    return jax.random.bernoulli(key, jax.nn.sigmoid(logits)).astype(logits.dtype)


def _missed(logits: jax.Array, target: jax.Array) -> jax.Array:
    """Computes the cross-entropy of states, the sum over units and the mean over the batch."""
    return jnp.mean(jnp.sum(optax.sigmoid_binary_cross_entropy(logits, target), axis=1))
