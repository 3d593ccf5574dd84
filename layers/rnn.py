"""Plain recurrent cell. `scan` runs it over time."""

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
from .precision import match_half

__all__ = ["rnn_cell"]


def rnn_cell(
    width: int, activation: Activation = tanh, *, layer_norm: bool = False, recurrent_dropout: float = 0.0
) -> Cell:
    """Builds a plain recurrent cell `h = activation(x_t @ w_x + h @ w_h + b)` (Elman 1990). Carry and output are h.

    Args:
        width: number of hidden units, the size of h.
        activation: activation function, or its name.
        layer_norm: layer normalisation of each of the two products, with its own gain (Ba et al. 2016).
        recurrent_dropout: share of h dropped before the recurrent product in training (0 to 1).

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
        return h, match_half(h, params["w_h"])

    return stateless_cell(init, step, lambda params, x: zero_carry(params, x, width), absorb=absorb_table(name))
