"""Priors of the latents of a variational autoencoder: the standard normal distribution, or a learned mixture."""

from collections.abc import Callable
from math import log, pi
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .layers.precision import promote_float32

__all__ = ["Prior", "mixture", "standard"]

_LOG_2PI = log(2 * pi)


class Prior(NamedTuple):
    """Distribution of the latents before an example is seen.

    Attributes:
        init: `key -> params`, learned with the networks; {}: nothing is learned.
        log_prob: `(params, z) -> (each, choice)`, whose sum is the log-density: parts of the latents (batch, latents),
            and one of the choice of a component (batch,).
        sample: `(params, key, n) -> z` (n, latents).
        moments: `params -> (means, standard deviations)`, both (latents,).
        learned: whether the divergence from it is estimated from draws, as it has no closed form.
    """

    init: Callable[[jax.Array], dict]
    log_prob: Callable[[dict, jax.Array], tuple[jax.Array, jax.Array]]
    sample: Callable[[dict, jax.Array, int], jax.Array]
    moments: Callable[[dict], tuple[jax.Array, jax.Array]]
    learned: bool


def standard(latents: int) -> Prior:
    """Builds the standard normal distribution.

    >>> each, choice = standard(2).log_prob({}, jnp.zeros((1, 2)))
    >>> each.round(3).tolist(), choice.tolist()
    ([[-0.9190000295639038, -0.9190000295639038]], [0.0])
    """

    def log_prob(params, z):
        return -0.5 * (jnp.square(z) + _LOG_2PI), jnp.zeros(z.shape[:-1])

    def sample(params, key, n):
        return jax.random.normal(key, (n, latents))

    return Prior(lambda key: {}, log_prob, sample, lambda params: (jnp.zeros(latents), jnp.ones(latents)), False)


def mixture(latents: int, components: int) -> Prior:
    """Builds a mixture of normal distributions with independent latents, whose parameters are learned.

    Source: Jiang et al. 2016, Variational deep embedding.

    The log-density is divided by the probabilities r of the components given z: the part of a latent is the mean over r
    of its log-densities in the components, that of the choice minus the divergence of r from the weights.

    >>> prior = mixture(2, 3)
    >>> params = prior.init(jax.random.key(0))
    >>> prior.sample(params, jax.random.key(1), 5).shape, prior.log_prob(params, jnp.ones((5, 2)))[0].shape
    ((5, 2), (5, 2))
    """

    def init(key):
        size = components * latents  # flat: weight decay, which is for matrices, leaves them as they are
        return {
            "mean": jax.random.normal(key, (size,)),
            "log_variance": jnp.zeros(size),
            "logit": jnp.zeros(components),
        }

    def log_prob(params, z):
        mean, log_variance, log_weight = _parts(params, components)
        apart = jnp.square(z[:, None] - mean) * jnp.exp(-log_variance)
        each = -0.5 * (apart + log_variance + _LOG_2PI)  # (batch, components, latents)
        log_r = jax.nn.log_softmax(log_weight + jnp.sum(each, axis=-1))
        r = jnp.exp(log_r)
        return jnp.einsum("bk,bkl->bl", r, each), jnp.sum(r * (log_weight - log_r), axis=-1)

    def sample(params, key, n):
        mean, log_variance, log_weight = _parts(params, components)
        which, noise = jax.random.split(key)
        component = jax.random.categorical(which, log_weight, shape=(n,))
        return mean[component] + jnp.exp(0.5 * log_variance[component]) * jax.random.normal(noise, (n, latents))

    def moments(params):
        mean, log_variance, log_weight = _parts(params, components)
        weight = jnp.exp(log_weight)[:, None]
        centre = jnp.sum(weight * mean, axis=0)
        variance = jnp.sum(weight * (jnp.square(mean - centre) + jnp.exp(log_variance)), axis=0)
        return centre, jnp.sqrt(variance)

    return Prior(init, log_prob, sample, moments, True)


def _parts(params: dict, components: int) -> tuple[Any, Any, Any]:
    """Returns means, logarithms of variances (components, latents) and of weights (components,) in float32."""
    mean, log_variance, logit = (promote_float32(params[name]) for name in ("mean", "log_variance", "logit"))
    return mean.reshape(components, -1), log_variance.reshape(components, -1), jax.nn.log_softmax(logit)
