"""Penalties on the slope of a discriminator: how fast its logit may change from one sample to the next.

Each takes `logit`: samples (batch, ...) to (batch, 1), an example's logit depending on that example alone.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

__all__ = ["between", "gradient_penalty", "r1_penalty"]


def gradient_penalty(logit: Callable, real: jax.Array, made: jax.Array, key: jax.Array) -> jax.Array:
    """The mean of `(|slope| - 1)^2` at points between real and made samples (Gulrajani et al. 2017).

    >>> steep = lambda x: 3 * x[:, :1]
    >>> float(gradient_penalty(steep, jnp.ones((4, 2)), jnp.zeros((4, 2)), jax.random.key(0)))
    4.0
    """
    return jnp.mean((jnp.sqrt(_squared_slopes(logit, between(real, made, key)) + 1e-12) - 1) ** 2)


def r1_penalty(logit: Callable, real: jax.Array) -> jax.Array:
    """Half the mean of `|slope|^2` at the real samples (Mescheder et al. 2018); its weight is their gamma.

    >>> float(r1_penalty(lambda x: 3 * x[:, :1], jnp.ones((4, 2))))
    4.5
    """
    return jnp.mean(_squared_slopes(logit, real)) / 2


def between(real: jax.Array, made: jax.Array, key: jax.Array) -> jax.Array:
    """A point on the line between each real sample and a made one, drawn evenly for each pair."""
    share = jax.random.uniform(key, (len(real),) + (1,) * (real.ndim - 1), real.dtype)
    return made + share * (real - made)


def _squared_slopes(logit: Callable, x: jax.Array) -> jax.Array:
    """`|d logit / d x|^2` of each example (batch,). The root of it has no slope at 0, hence the bit added above."""
    slope = jax.grad(lambda x: jnp.sum(logit(x)))(x)
    return jnp.sum(slope.reshape(len(x), -1) ** 2, axis=-1)
