"""What a model is made of: the paths, shapes and sizes of its parameters and state, without making any of them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer

__all__ = ["Row", "parameters", "summary"]


class Row(NamedTuple):
    """One array of a model."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    parameters: int
    bytes: int


def summary(model: Layer, shape: tuple[int, ...], dtype: Any = np.float32) -> list[Row]:
    """The arrays of a model's parameters, in the order of their paths.

    Args:
        model: the pair.
        shape: of one example, without the batch axis.
        dtype: of the example.

    >>> from zoo.layers import dense
    >>> [(row.path, row.shape) for row in summary(dense(2), (3,))]
    [('b', (2,)), ('w', (3, 2))]
    """
    example = jax.ShapeDtypeStruct((1, *shape), dtype)
    params, _ = jax.eval_shape(model.init, jax.random.key(0), example)
    return [
        Row(
            jax.tree_util.keystr(path, simple=True, separator="/"),
            leaf.shape,
            str(leaf.dtype),
            leaf.size,
            leaf.size * jnp.dtype(leaf.dtype).itemsize,
        )
        for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]
    ]


def parameters(rows: list[Row]) -> int:
    """How many numbers are learned."""
    return sum(row.parameters for row in rows)
