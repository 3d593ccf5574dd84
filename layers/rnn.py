"""The plain recurrent cell. `scan` runs it over time."""

from .activations import Activation, tanh
from .activations import activation as find
from .cells import (
    Cell,
    absorb_table,
    check_cell,
    drop,
    init_kernels,
    input_product,
    recurrent_product,
    scaled,
    stateless_cell,
    zero_carry,
)
from .precision import lowered

__all__ = ["rnn_cell"]


def rnn_cell(
    width: int, activation: Activation = tanh, *, layer_norm: bool = False, recurrent_dropout: float = 0.0
) -> Cell:
    """The plain recurrent cell `h = activation(x_t @ w_x + h @ w_h + b)` (Elman 1990). Its carry and output are h.

    Args:
        width: numbers in h.
        activation: what the sum passes through, a name or a function.
        layer_norm: normalises each of the two products with a gain of its own (Ba et al. 2016).
        recurrent_dropout: share of h dropped on its way into the product, in training.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import rnn_cell
    >>> cell = rnn_cell(4, "relu")
    >>> params, _ = cell.init(jax.random.key(0), (None, jnp.ones((2, 3))))
    >>> jax.tree.map(jnp.shape, params)
    {'b': (4,), 'w_h': (4, 4), 'w_x': (3, 4)}
    """
    name, squash = f"rnn_cell({width})", find(activation)
    check_cell(name, width, recurrent_dropout)

    def init(key, x):
        return init_kernels(name, key, x, width, gates=1, layer_norm=layer_norm)

    def step(params, h, x, key):
        u = scaled(params, "scale_x", input_product(name, params, x))
        r = scaled(params, "scale_h", recurrent_product(drop(key, recurrent_dropout, h), params["w_h"]))
        h = squash(u + r + params["b"])
        return h, lowered(h, params["w_h"])

    return stateless_cell(init, step, lambda params, x: zero_carry(params, x, width), absorb=absorb_table(name))
