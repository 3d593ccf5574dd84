"""GRU cell. `scan` runs it over time; `fast/gru.py` has its chunked backward pass."""

import jax
import jax.numpy as jnp

from .cells import (
    Cell,
    absorb_table,
    check_cell,
    checked,
    drop,
    init_kernels,
    input_product,
    recurrent_product,
    scaled,
    stateless_cell,
    zero_carry,
)
from .checks import check_choice
from .fast.gru import chunked_gru
from .precision import match_half

__all__ = ["gru_cell"]


def gru_cell(width: int, *, reset: str = "after", layer_norm: bool = False, recurrent_dropout: float = 0.0) -> Cell:
    """Builds a gated recurrent unit (Cho et al. 2014): `h = z * h + (1 - z) * n`. Carry and output are h.

    The kernels hold the columns of the reset gate r, the update gate z and the candidate n, in this order. With
    `reset="after"` and without layer norm and recurrent dropout, `scan` uses the backward pass of `fast/gru.py`.

    Args:
        width: number of hidden units, the size of h.
        reset: position of the reset gate. "before": `n = tanh(x @ w_xn + (r * h) @ w_hn + b_n)`, as published.
            "after": `n = tanh(x @ w_xn + b_n + r * (h @ w_hn + b_h))`, as in cuDNN, PyTorch and Keras with
            `reset_after=True`; faster, with a single recurrent product per step.
        layer_norm: layer normalisation of the products, of r and z together and of n (Ba et al. 2016).
        recurrent_dropout: share of h dropped before the recurrent product in training (0 to 1).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import gru_cell
    >>> cell = gru_cell(4)
    >>> params, _ = cell.init(jax.random.key(0), (None, jnp.ones((2, 3))))
    >>> jax.tree.map(jnp.shape, params)
    {'b': (12,), 'b_h': (4,), 'w_h': (4, 12), 'w_x': (3, 12)}
    """
    name = f"gru_cell({width})"
    check_cell(name, width, recurrent_dropout)
    check_choice(name, "reset", reset, ("before", "after"))
    gates, new = slice(2 * width), slice(2 * width, None)

    def init(key, x):
        params = init_kernels(name, key, x, width, gates=3, layer_norm=layer_norm)
        return params | ({"b_h": jnp.zeros(width)} if reset == "after" else {})

    def recurrent(params, h, part):
        return scaled(params, "scale_h", recurrent_product(h, params["w_h"][:, part]), part)

    def step(params, h, x, key):
        u = input_product(name, params, x)
        u_gates, u_new = (scaled(params, "scale_x", u[:, part], part) + params["b"][part] for part in (gates, new))
        seen = drop(key, recurrent_dropout, h)
        r, z = jnp.split(jax.nn.sigmoid(u_gates + recurrent(params, seen, gates)), 2, axis=-1)
        if reset == "after":
            n = jnp.tanh(u_new + r * (recurrent(params, seen, new) + params["b_h"]))
        else:
            n = jnp.tanh(u_new + recurrent(params, r * seen, new))
        h = z * h + (1 - z) * n
        return h, match_half(h, params["w_h"])

    plain = reset == "before" or layer_norm or recurrent_dropout
    fast = None if plain else checked(name, chunked_gru)
    return stateless_cell(init, step, lambda params, x: zero_carry(params, x, width), fast, absorb_table(name))
