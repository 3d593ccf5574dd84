"""What a model is made of: the paths, shapes and sizes of its parameters and state, without making any of them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
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
    """The arrays of a model's parameters, in the order of its parts, as data flows through them.

    Args:
        model: the pair.
        shape: of one example, without the batch axis.
        dtype: of the example.

    >>> from zoo.layers import dense
    >>> [(row.path, row.shape) for row in summary(dense(2), (3,))]
    [('w', (3, 2)), ('b', (2,))]
    """
    rows = []

    def init(x):  # looked at while it is traced: what comes out of a transformation has its names sorted
        params, _ = model.init(jax.random.key(0), x)
        rows.extend(Row(path, leaf.shape, str(leaf.dtype), leaf.size, leaf.nbytes) for path, leaf in _leaves(params))
        return params

    jax.eval_shape(init, jax.ShapeDtypeStruct((1, *shape), dtype))
    return rows


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(tree, Mapping):
        yield path, tree
        return
    for name, part in tree.items():
        yield from _leaves(part, f"{path}/{name}" if path else name)


def parameters(rows: list[Row]) -> int:
    """How many numbers are learned."""
    return sum(row.parameters for row in rows)
