"""Layers that change only the shape; the batch axis stays first."""

from math import prod

from .base import Layer, as_layer
from .checks import check_least_rank, is_integer

__all__ = ["flatten", "identity", "reshape"]


def identity(x):
    """Returns x unchanged."""
    return x


def flatten(x):
    """Flattens all axes but the first: (batch, ...) to (batch, features).

    >>> import jax.numpy as jnp
    >>> from zoo.layers import flatten
    >>> flatten(jnp.ones((4, 28, 28, 1))).shape
    (4, 784)
    """
    check_least_rank("flatten", 1, x, "(batch, ...)")
    return x.reshape(x.shape[0], prod(x.shape[1:]))


def reshape(*shape: int) -> Layer:
    """Builds a layer that reshapes all axes but the first: (batch, ...) to (batch, *shape).

    Args:
        *shape: new shape of an example; one size may be -1 and is inferred.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import reshape
    >>> reshape(7, 7, -1).apply({}, {}, jnp.ones((4, 6272)))[0].shape
    (4, 7, 7, 128)
    """
    name = f"reshape{shape}"
    if not all(is_integer(n, -1) for n in shape) or shape.count(-1) > 1:
        raise ValueError(f"{name}: expected integers, at most one of them -1")
    known = prod(n for n in shape if n != -1)

    def forward(x):
        check_least_rank(name, 1, x, "(batch, ...)")
        size = prod(x.shape[1:])
        fits = size % known == 0 if -1 in shape and known else size == known
        if not fits:
            raise ValueError(f"{name} does not match {size} values per example (shape {tuple(x.shape)})")
        return x.reshape(x.shape[0], *(size // known if n == -1 else n for n in shape))

    return as_layer(forward)
