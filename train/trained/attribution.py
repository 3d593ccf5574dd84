"""Attribution by back-propagation: the error of each neuron for each example.

The error is the derivative of the cost with respect to the pre-activation `z = x @ w + b`. It equals the derivative
with respect to the bias, computed for each example alone, so that no layer has to be opened.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax

from zoo.layers import Layer

__all__ = ["blame", "neuron_errors"]


def neuron_errors(
    model: Layer, params: Mapping[str, Any], state: Mapping[str, Any], x: jax.Array, y: jax.Array, loss: Callable
) -> dict[str, jax.Array]:
    """Computes the error of every neuron of every layer that has weights and a bias, at inference.

    For a convolution, a dense layer over time, or a layer that is used twice, it is the sum over positions, steps
    and uses, which share the bias. Errors of the mean cost of the batch are these divided by the batch size.

    Args:
        model: any model.
        params: parameters.
        state: state.
        x: inputs (batch, ...).
        y: targets (batch, ...) of the loss.
        loss: `(outputs, y) -> (batch,)`.

    Returns:
        Arrays (batch, units) by the path of the layer (`body/0`, `head`).

    Raises:
        ValueError: if no layer has a bias.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import dense, serial
    >>> from zoo.train.losses.regression import half_mse
    >>> model, params = serial(dense(1)), {"0": {"w": jnp.full((1, 1), 5.0), "b": jnp.zeros(1)}}
    >>> neuron_errors(model, params, {}, jnp.array([[2.0]]), jnp.array([[6.0]]), half_mse)["0"].tolist()
    [[4.0]]
    """
    biases = dict(_biases(params))
    if not biases:
        raise ValueError("neuron_errors: the model has no layer with weights `w` and a bias `b`; add biases")

    def cost(biases, x, y):
        outputs, _ = model.apply(_with(params, biases), state, x[None])
        return loss(outputs, y[None])[0]

    return jax.vmap(jax.grad(cost), in_axes=(None, 0, 0))(biases, x, y)


blame = neuron_errors
"""Another name of `neuron_errors`."""


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
