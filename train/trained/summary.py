"""Summary of a model: paths, shapes and sizes of its parameters, computed without making any of them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from zoo.layers import Layer

__all__ = ["Row", "in_a_line", "output_shape", "parameters", "summary"]


class Row(NamedTuple):
    """Array of a model's parameters."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    parameters: int
    bytes: int


def summary(model: Layer, shape: tuple[int, ...], dtype: Any = np.float32, batch: int = 1) -> list[Row]:
    """Lists the arrays of a model's parameters, in the order in which data flow through its parts.

    Args:
        model: the model.
        shape: shape of one example, without the batch axis.
        dtype: type of the example.
        batch: number of examples in a batch, which a memory of all of them depends on.

    >>> from zoo.layers import dense
    >>> [(row.path, row.shape) for row in summary(dense(2), (3,))]
    [('w', (3, 2)), ('b', (2,))]
    """
    rows = []

    def init(x):  # recorded while tracing, since transformations sort the names of their outputs
        params, _ = model.init(jax.random.key(0), x)
        rows.extend(Row(path, leaf.shape, str(leaf.dtype), leaf.size, leaf.nbytes) for path, leaf in _leaves(params))
        return params

    jax.eval_shape(init, jax.ShapeDtypeStruct((batch, *shape), dtype))
    return rows


def output_shape(model: Layer, shape: tuple[int, ...], dtype: Any = np.float32) -> tuple[int, ...]:
    """Returns the shape of the outputs of one example; arguments as of `summary`.

    >>> from zoo.layers import dense
    >>> output_shape(dense(2), (3,))
    (2,)
    """

    def outputs(x):
        return model.apply(*model.init(jax.random.key(0), x), x)[0]

    return jax.eval_shape(outputs, jax.ShapeDtypeStruct((1, *shape), dtype)).shape[1:]


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(tree, Mapping):
        yield path, tree
        return
    for name, part in tree.items():
        yield from _leaves(part, f"{path}/{name}" if path else name)


def in_a_line(about: Mapping[str, Any], gives: str) -> str:
    """Describes a trained model: its data, inputs, outputs and scores.

    Args:
        about: description of the model.
        gives: name of its outputs; "" for classes or numbers.
    """
    known = {name: about["metrics"].get(name) for name in (about["headline"], "loss")}
    scores = ", ".join(f"{name} {value:.4g}" for name, value in known.items() if value is not None)
    shape = "x".join(map(str, about["input_shape"]))
    classes = f"{len(about['classes'])} classes" if about["classes"] else about["target"] or "a number"
    split = "test" if about.get("held_out", True) else "training"
    return f"<{about['model']} trained on {about['dataset']}: {shape} -> {gives or classes}, {split} {scores}>"


def parameters(rows: list[Row]) -> int:
    """Returns the number of parameters."""
    return sum(row.parameters for row in rows)
