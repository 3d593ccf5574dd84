"""LSTM cell. `scan` runs it over time; `fast/lstm.py` has its chunked backward pass."""

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
    normalise,
    recurrent_product,
    scaled,
    stateless_cell,
    zero_carry,
)
from .checks import check_positive
from .fast.lstm import chunked_lstm
from .initializers import glorot_uniform
from .precision import match_half

__all__ = ["lstm_cell"]


def lstm_cell(
    width: int,
    *,
    forget_bias: float = 1.0,
    peepholes: bool = False,
    projection: int | None = None,
    layer_norm: bool = False,
    recurrent_dropout: float = 0.0,
) -> Cell:
    """Builds an LSTM cell (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    With `i, f, g, o` the quarters of `x_t @ w_x + h @ w_h + b`: `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and
    `h = sigmoid(o) * tanh(c)`. The carry is `(h, c)`, the output h. Without peepholes, projection, layer norm and
    recurrent dropout, `scan` uses the chunked backward pass of `fast/lstm.py`.

    Args:
        width: number of hidden units, the size of c and, without projection, of h.
        forget_bias: initial bias of the forget gate (Jozefowicz et al. 2015).
        peepholes: connections from the previous c to the gates i and f and from the new c to o, with a weight per
            unit, `p_i`, `p_f` and `p_o`, initialised to 0 (Gers and Schmidhuber 2000).
        projection: size of h, projected by `h @ w_p` (Sak et al. 2014); None: no projection.
        layer_norm: layer normalisation of the two products, each over all gates, and of c (Ba et al. 2016).
        recurrent_dropout: share of h dropped before the recurrent product in training (0 to 1).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import lstm_cell
    >>> cell = lstm_cell(4)
    >>> params, _ = cell.init(jax.random.key(0), (None, jnp.ones((2, 3))))
    >>> jax.tree.map(jnp.shape, params)
    {'b': (16,), 'w_h': (4, 16), 'w_x': (3, 16)}
    """
    name = f"lstm_cell({width})"
    check_cell(name, width, recurrent_dropout)
    out = width if projection is None else check_positive(name, "projection", projection)

    def init(key, x):
        params = init_kernels(name, key, x, width, gates=4, out=out, layer_norm=layer_norm)
        params["b"] = params["b"].at[width : 2 * width].set(forget_bias)
        if peepholes:
            params |= {gate: jnp.zeros(width) for gate in ("p_i", "p_f", "p_o")}
        if layer_norm:
            params |= {"scale_c": jnp.ones(width), "b_c": jnp.zeros(width)}
        if projection is not None:
            params["w_p"] = glorot_uniform()(jax.random.fold_in(key, 2), (width, out))
        return params

    def step(params, carry, x, key):
        h, c = carry
        u = scaled(params, "scale_x", input_product(name, params, x))
        r = scaled(params, "scale_h", recurrent_product(drop(key, recurrent_dropout, h), params["w_h"]))
        h, c = _memory(params, u + r + params["b"], c)
        h = h if projection is None else recurrent_product(h, params["w_p"])
        return (h, c), match_half(h, params["w_h"])

    def carry(params, x):
        return zero_carry(params, x, out), zero_carry(params, x, width)

    plain = peepholes or layer_norm or projection is not None or recurrent_dropout
    return stateless_cell(init, step, carry, None if plain else checked(name, chunked_lstm), absorb_table(name))


def _memory(params, gates, c):
    """Computes the new h and c, with peepholes and the norm of c if their parameters are present."""
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    if "p_i" in params:
        i, f = i + params["p_i"] * c, f + params["p_f"] * c
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    if "p_o" in params:
        o = o + params["p_o"] * c
    seen = normalise(c, params["scale_c"]) + params["b_c"] if "scale_c" in params else c
    return jax.nn.sigmoid(o) * jnp.tanh(seen), c
