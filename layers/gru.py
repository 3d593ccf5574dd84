"""The GRU's cell, plain and readable. `scan` runs it over time; `fast/gru.py` has its chunked backward pass."""

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
from .precision import lowered

__all__ = ["gru_cell"]


def gru_cell(width: int, *, reset: str = "after", layer_norm: bool = False, recurrent_dropout: float = 0.0) -> Cell:
    """The gated recurrent unit (Cho et al. 2014): `h = z * h + (1 - z) * n`. Its carry and output are h.

    The reset gate r, the update gate z and the candidate n are the thirds of the products, in that order. Without
    layer norm and recurrent dropout, `reset="after"` takes the chunked backward pass of `fast/gru.py` in `scan`.

    Args:
        width: numbers in h.
        reset: where r acts. "before": `n = tanh(x @ w_xn + (r * h) @ w_hn + b_n)`, the paper's published form.
            "after": `n = tanh(x @ w_xn + b_n + r * (h @ w_hn + b_h))`, the form of cuDNN and PyTorch, and of
            Keras with `reset_after=True`; one product a step, hence faster.
        layer_norm: normalises the products of the gates r, z together and that of n alone (Ba et al. 2016).
        recurrent_dropout: share of h dropped on its way into the products, in training.

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
        return h, lowered(h, params["w_h"])

    plain = reset == "before" or layer_norm or recurrent_dropout
    fast = None if plain else checked(name, chunked_gru)
    return stateless_cell(init, step, lambda params, x: zero_carry(params, x, width), fast, absorb_table(name))
