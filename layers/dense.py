"""Fully connected layer."""

from math import prod

import jax.numpy as jnp

from .base import Layer, stateless
from .checks import check_features, check_function, check_least_rank, check_positive
from .initializers import Initializer, glorot_uniform
from .precision import add_bias

__all__ = ["dense"]


def dense(width: int, *, bias: bool = True, init: Initializer = glorot_uniform()) -> Layer:  # noqa: B008
    """Builds a fully connected layer `x @ w + b`: shape (..., features) to (..., width).

    Args:
        width: number of units, the size of the output's last axis.
        bias: learned bias per unit, initialised to 0.
        init: initializer of the weights `w`, shape (features, width).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import dense
    >>> params, _ = dense(3).init(jax.random.key(0), jnp.ones((8, 2)))
    >>> params["w"].shape, params["b"].shape
    ((2, 3), (3,))
    """
    check_positive("dense", "width", width)
    check_function(f"dense({width})", "init", init)

    def make(key, x):
        check_least_rank(f"dense({width})", 1, x, "(..., features)")
        w = init(key, (x.shape[-1], width))
        return {"w": w, "b": jnp.zeros(width)} if bias else {"w": w}

    def apply(params, x):
        check_features(f"dense({width})", params["w"].shape[0], x)
        # As the rows of one matrix: XLA on CPU takes longer for the gradients of a product with more axes (python -m
        # benchmarks.lowerings --only dense).
        y = x.reshape(prod(x.shape[:-1]), x.shape[-1]) @ params["w"]
        y = y.reshape(*x.shape[:-1], y.shape[-1])
        return add_bias(y, params["b"]) if bias else y

    return stateless(make, apply)
