"""Blame: back-propagation made visible. Each neuron's share in the cost of each example.

A neuron's error is the derivative of the cost by its pre-activation `z = x @ w + b`. A bias is added to exactly that,
so the derivative by the bias, taken for each example alone, is the error; no layer has to be opened.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax

from zoo.layers import Layer

__all__ = ["blame"]


def blame(
    model: Layer, params: Mapping[str, Any], state: Mapping[str, Any], x: jax.Array, y: jax.Array, loss: Callable
) -> dict[str, jax.Array]:
    """The error of every neuron of every layer that has weights and a bias, at inference.

    For a convolution, a dense layer over time, or a layer that is used twice, it is the sum over positions, steps
    and uses, for they share the bias. Of the mean cost of the batch the errors are these, divided by the batch.

    Args:
        model: any model.
        params: its parameters.
        state: its state.
        x: (batch, ...).
        y: (batch, ...), as the loss wants it.
        loss: `(outputs, y) -> (batch,)`.

    Returns:
        By the layer's path (`body/0`, `head`), arrays (batch, units).

    Raises:
        ValueError: if no layer has a bias.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import dense, serial
    >>> from zoo.train.losses.regression import half_mse
    >>> model, params = serial(dense(1)), {"0": {"w": jnp.full((1, 1), 5.0), "b": jnp.zeros(1)}}
    >>> blame(model, params, {}, jnp.array([[2.0]]), jnp.array([[6.0]]), half_mse)["0"].tolist()
    [[4.0]]
    """
    biases = dict(_biases(params))
    if not biases:
        raise ValueError("blame: the model has no layer with weights `w` and a bias `b`; give its layers biases")

    def cost(biases, x, y):
        outputs, _ = model.apply(_with(params, biases), state, x[None])
        return loss(outputs, y[None])[0]

    return jax.vmap(jax.grad(cost), in_axes=(None, 0, 0))(biases, x, y)


def _biases(params: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, jax.Array]]:
    if {"w", "b"} <= params.keys() and not isinstance(params["b"], Mapping):
        yield path, params["b"]
    for name, part in params.items():
        if isinstance(part, Mapping):
            yield from _biases(part, f"{path}/{name}".lstrip("/"))


def _with(params: Mapping[str, Any], biases: Mapping[str, jax.Array], path: str = "") -> dict[str, Any]:
    new = {
        name: _with(part, biases, f"{path}/{name}".lstrip("/")) if isinstance(part, Mapping) else part
        for name, part in params.items()
    }
    return new | {"b": biases[path]} if path in biases else new
