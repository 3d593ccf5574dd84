"""Embedding layer: a table with one learned row per token."""

import jax.numpy as jnp

from .base import Layer, stateless
from .checks import check_function, check_positive
from .initializers import Initializer, variance_scaling
from .sequence import look_up

__all__ = ["embed"]


def embed(
    vocabulary: int,
    width: int,
    *,
    init: Initializer = variance_scaling(1.0, "fan_out", "normal"),  # noqa: B008
) -> Layer:
    """Builds an embedding of integer tokens: shape (...) to (..., width).

    Tokens below 0 or from `vocabulary` on give NaN: under jit no error can be raised, and NaN stops the training
    instead of using a wrong row.

    Args:
        vocabulary: number of distinct tokens.
        width: size of the embedding vectors.
        init: initializer of the table `w`, shape (vocabulary, width); by default rows have unit length on average.

    Raises:
        TypeError: if x is not of an integer dtype.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import embed
    >>> x, layer = jnp.array([[0, 2, 1]]), embed(5, 8)
    >>> layer.apply(*layer.init(jax.random.key(0), x), x)[0].shape
    (1, 3, 8)
    """
    name = f"embed({vocabulary}, {width})"
    check_positive("embed", "vocabulary", vocabulary)
    check_positive("embed", "width", width)
    check_function(name, "init", init)

    def check(x):
        if not jnp.issubdtype(x.dtype, jnp.integer):
            raise TypeError(f"{name} expects integers from 0 to {vocabulary - 1}, got {x.dtype} {tuple(x.shape)}")

    def make(key, x):
        check(x)
        return {"w": init(key, (vocabulary, width))}

    def apply(params, x):
        check(x)
        return look_up(params["w"], x)

    return stateless(make, apply)
