"""Noise that only training has: with a key it acts, without one it gives x back."""

import jax
import jax.numpy as jnp

from .base import Layer
from .checks import check_number, check_share

__all__ = ["dropout", "gaussian_noise"]


def dropout(rate: float, *, variational: bool = False) -> Layer:
    """Sets each number to 0 with probability `rate` and divides the others by `1 - rate` (Srivastava et al. 2014).

    The mean stays what it was, so that inference needs no factor.

    Args:
        rate: share that is dropped, in [0, 1).
        variational: of (batch, time, ...) drops the same numbers at every step (Gal and Ghahramani 2016).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import dropout
    >>> dropout(0.5).apply({}, {}, jnp.ones((1, 3)))[0].tolist()
    [[1.0, 1.0, 1.0]]
    """
    check_share("dropout", "rate", rate)

    def apply(params, state, x, key=None):
        if key is None or rate == 0:
            return x, state
        shape = (x.shape[0], 1, *x.shape[2:]) if variational and x.ndim > 2 else x.shape
        kept = jax.random.bernoulli(key, 1 - rate, shape)
        return jnp.where(kept, x / (1 - rate), 0).astype(x.dtype), state

    return Layer(_nothing, apply)


def gaussian_noise(stddev: float) -> Layer:
    """Adds normal noise of mean 0 to each number.

    Args:
        stddev: standard deviation of the noise, from 0 on, in the units of x.

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
            raise TypeError(f"gaussian_noise wants floating numbers, got {x.dtype} (shape {tuple(x.shape)})")
        return x + stddev * jax.random.normal(key, x.shape, x.dtype), state

    return Layer(_nothing, apply)


def _nothing(key, x):
    return {}, {}
