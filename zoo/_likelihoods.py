"""Likelihoods of examples given the outputs of a decoder: Bernoulli, Gaussian and discretised logistic, in nats."""

from collections.abc import Callable
from math import log, pi
from typing import NamedTuple

import jax
import jax.numpy as jnp

from .layers import flatten
from .layers.precision import promote_float32

__all__ = ["Likelihood", "bernoulli", "gaussian", "logistic"]

_LEAST = -7.0  # logarithm of the smallest spread: constant data would have an infinite density


class Likelihood(NamedTuple):
    """Probability of examples given the outputs of a decoder.

    Attributes:
        log_prob: `(outputs, x, spread) -> (batch,)` in nats, summed over the features; spread (features,) or a scalar.
        mean: `outputs -> examples`, what is shown as a reconstruction or a sample.
        spread: whether there are learned logarithms of widths, one for each feature.
        bounded: whether the examples are values from 0 to 1.
        independent: `(train, x) -> (batch,)`, log-likelihood of examples if all features were independent, each
            distributed as in training examples; both flat, (examples, features).
    """

    log_prob: Callable[..., jax.Array]
    mean: Callable[[jax.Array], jax.Array]
    spread: bool
    bounded: bool
    independent: Callable[[jax.Array, jax.Array], jax.Array]


def bernoulli() -> Likelihood:
    """Builds the likelihood of values from 0 to 1 by logits; of grey values it is the negative binary cross-entropy.

    >>> round(bernoulli().log_prob(jnp.array([[0.0, 0.0]]), jnp.array([[1.0, 0.5]]), None).item(), 3)
    -1.386
    """

    def log_prob(logits, x, spread):
        logits, x = _flat(logits, x)
        return jnp.sum(x * logits - jax.nn.softplus(logits), axis=-1)

    def independent(train, x):
        share = (jnp.sum(train, axis=0, keepdims=True) + 1) / (len(train) + 2)  # never 0 or 1
        return log_prob(jnp.log(share) - jnp.log1p(-share), x, None)

    return Likelihood(log_prob, jax.nn.sigmoid, spread=False, bounded=True, independent=independent)


def gaussian() -> Likelihood:
    """Builds the density of any values: normal around the outputs, with learned standard deviations.

    >>> round(gaussian().log_prob(jnp.array([[0.0]]), jnp.array([[1.0]]), jnp.array(0.0)).item(), 3)
    -1.419
    """

    def log_prob(mean, x, spread):
        mean, x = _flat(mean, x)
        width = jnp.maximum(spread, _LEAST)
        return jnp.sum(-0.5 * jnp.square((x - mean) * jnp.exp(-width)) - width - 0.5 * log(2 * pi), axis=-1)

    def independent(train, x):
        width = jnp.maximum(jnp.log(jnp.std(train, axis=0)), _LEAST)
        return log_prob(jnp.mean(train, axis=0, keepdims=True), x, width)

    return Likelihood(log_prob, lambda mean: mean, spread=True, bounded=False, independent=independent)


def logistic(levels: int) -> Likelihood:
    """Builds the probability of values on evenly spaced levels from 0 to 1, such as the bytes of a pixel.

    The probability of a level is the mass of a logistic distribution around the output between the middles to both
    neighbours; the outer levels take the tails (Kingma et al. 2016, Improved variational inference with inverse
    autoregressive flow; Salimans et al. 2017).

    Args:
        levels: number of levels.

    >>> prob = logistic(3).log_prob
    >>> round(sum(float(jnp.exp(prob(jnp.array([[0.3]]), jnp.array([[x]]), -1.0))[0]) for x in (0.0, 0.5, 1.0)), 5)
    1.0
    """
    half = 0.5 / (levels - 1)

    def log_prob(mean, x, spread):
        mean, x = _flat(mean, x)
        steep = jnp.exp(-jnp.maximum(spread, _LEAST))
        above, below = steep * (x - mean + half), steep * (x - mean - half)
        low, high = jax.nn.log_sigmoid(above), jax.nn.log_sigmoid(-below)
        # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)), which does not cancel in float32.
        middle = low + high + jnp.log(-jnp.expm1(-2 * half * steep))
        return jnp.sum(jnp.where(x < half, low, jnp.where(x > 1 - half, high, middle)), axis=-1)

    def independent(train, x):
        train, x = (jnp.rint((levels - 1) * each).astype(jnp.int32) for each in (train, x))
        counts = jax.vmap(lambda column: jnp.bincount(column, length=levels), 1)(train) + 1 / levels  # never 0
        shares = jnp.log(counts / jnp.sum(counts, axis=1, keepdims=True))
        return jnp.sum(jax.vmap(lambda share, column: share[column], (0, 1))(shares, x), axis=0)

    return Likelihood(log_prob, lambda mean: jnp.clip(mean, 0, 1), spread=True, bounded=True, independent=independent)


def _flat(outputs: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns both as (batch, features), in float32 or wider.

    Sums over hundreds of pixels have no digits left in half precision. XLA on the CPU is slower where log-probabilities
    have the axes of an image.
    """
    return flatten(promote_float32(outputs)), flatten(promote_float32(x))
