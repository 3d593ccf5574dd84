"""Noise layers, active only in training: with a key they add noise, without one they return x."""

import jax
import jax.numpy as jnp

from .base import Layer
from .checks import check_number, check_rate
from .precision import floating

__all__ = ["dropout", "gaussian_noise"]


def dropout(rate: float, *, variational: bool = False) -> Layer:
    """Builds a dropout layer: sets values to 0 with probability `rate`, divides the others by `1 - rate`.

    The expected value is unchanged, so inference needs no scaling (Srivastava et al. 2014).

    Args:
        rate: share of values dropped, in [0, 1).
        variational: one mask for all time steps of (batch, time, ...) (Gal and Ghahramani 2016).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import dropout
    >>> dropout(0.5).apply({}, {}, jnp.ones((1, 3)))[0].tolist()
    [[1.0, 1.0, 1.0]]
    """
    check_rate("dropout", "rate", rate)

    def apply(params, state, x, key=None):
        x = floating(x)
        if key is None or rate == 0:
            return x, state
        shape = (x.shape[0], 1, *x.shape[2:]) if variational and x.ndim > 2 else x.shape
        kept = jax.random.bernoulli(key, 1 - rate, shape)
        return jnp.where(kept, x / (1 - rate), 0).astype(x.dtype), state

    return Layer(_no_params, apply)


def gaussian_noise(stddev: float) -> Layer:
    """Builds a layer that adds Gaussian noise of mean 0.

    Args:
        stddev: standard deviation of the noise, at least 0, in the units of x.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import gaussian_noise
    >>> gaussian_noise(0.1).apply({}, {}, jnp.ones((1, 3)))[0].tolist()
    [[1.0, 1.0, 1.0]]
    """
    check_number("gaussian_noise", "stddev", stddev)

    def apply(params, state, x, key=None):
        if key is None or stddev == 0:
            return x, state
        if not jnp.issubdtype(x.dtype, jnp.floating):
            raise TypeError(f"gaussian_noise expects floating-point inputs, got {x.dtype} (shape {tuple(x.shape)})")
        return x + stddev * jax.random.normal(key, x.shape, x.dtype), state

    return Layer(_no_params, apply)


def _no_params(key, x):
    return {}, {}
