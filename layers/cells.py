"""What a cell is: a Layer for one step of time, whose x is `(carry, x_t)` and whose y is `(carry, y_t)`.

A carry of None stands for the first step. Hence a cell is a Layer like any other, by itself and inside `compose`,
and `scan` runs it over time. The cells are in `rnn.py`, `lstm.py` and `gru.py`.

In half precision the two products are half; gates and carry are float32. A gate is often near 1, and what it keeps is
multiplied by it at every step: bfloat16 knows no number between 0.996 and 1.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .base import Layer, describe
from .checks import check_features, check_positive, check_share
from .initializers import glorot_uniform, orthogonal
from .precision import lowered, raised
from .sequence import look_up

__all__ = ["Cell", "stateless_cell"]

_EPSILON = 1e-5


class Cell(Layer):
    """A Layer for one step that also knows its first carry.

    Attributes:
        init: `(key, (carry, x_t)) -> (params, state)`; the carry may be None.
        apply: `(params, state, (carry, x_t), key=None) -> ((carry, y_t), state)`; a carry of None is the first.
        carry: `(params, x_t) -> carry`, the carry before the first step; every leaf is (batch, ...).
        fast: None, or a lowering of the whole scan with a backward pass of its own, see `fast/chunked.py`.
        absorb: None, or `(params, table) -> params` of the cell whose x_t are row numbers of the table (exact).
    """

    carry: Callable[[Any, Any], Any] | None = None
    fast: Callable | None = None
    absorb: Callable | None = None

    def __new__(cls, init: Callable, apply: Callable, carry: Callable, fast=None, absorb=None):
        """Makes the pair; see the class for the arguments."""
        cell = super().__new__(cls, init, apply)
        cell.carry, cell.fast, cell.absorb = carry, fast, absorb
        return cell


def stateless_cell(init: Callable, step: Callable, carry: Callable, fast=None, absorb=None) -> Cell:
    """Lifts three plain functions to a Cell without state.

    Args:
        init: `(key, x_t) -> params`.
        step: `(params, carry, x_t, key) -> (carry, y_t)`; the key is None at inference.
        carry: `(params, x_t) -> carry`, the carry before the first step.
        fast: see `Cell`.
        absorb: see `Cell`.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import scan, stateless_cell
    >>> total = stateless_cell(
    ...     lambda key, x: {}, lambda p, c, x, key: (c + x, c + x), lambda p, x: jnp.zeros_like(x)
    ... )
    >>> scan(total).apply({}, {}, jnp.ones((1, 3, 1)))[0].ravel().tolist()
    [1.0, 2.0, 3.0]
    """

    def apply(params, state, x, key=None):
        before, x_t = x
        before = carry(params, x_t) if before is None else before
        return step(params, before, x_t, key), state

    return Cell(lambda key, x: (init(key, x[1]), {}), apply, carry, fast, absorb)


def absorb_table(name: str) -> Callable:
    """Gives the `absorb` of a cell whose input enters only as `x_t @ w_x`."""

    def absorb(params, table):
        check_features(name, params["w_x"].shape[0], table)
        kept = {key: value for key, value in params.items() if key != "w_x"}
        return kept | {"rows": table @ params["w_x"]}

    return absorb


def input_product(name: str, params: dict, x: Any) -> jax.Array:
    """Gives `x_t @ w_x`, or the row of the absorbed table that x_t numbers; in float32 at least."""
    if "rows" in params:
        return raised(look_up(params["rows"], x))
    check_step(name, x)
    check_features(name, params["w_x"].shape[0], x)
    return raised(x @ params["w_x"])


def recurrent_product(x: jax.Array, w: jax.Array) -> jax.Array:
    """Gives `x @ w` in float32 at least, x coming from the carry; the product is half where the kernel is."""
    return raised(lowered(x, w) @ w)


def zero_carry(params: dict, x: Any, width: int) -> jax.Array:
    """Gives (batch, width) zeros in the type that the gates are computed in."""
    parts = [params["w_h"]] if "rows" in params else [params["w_h"], x]
    return raised(jnp.zeros((x.shape[0], width), jnp.result_type(*parts)))


def init_kernels(
    name: str, key: Any, x: Any, width: int, gates: int, out: int | None = None, layer_norm: bool = False
) -> dict:
    """Draws what every gated cell has: `w_x`, `w_h`, `b` and, for layer norm, the gains of the two products."""
    check_step(name, x)
    size, keys = gates * width, [jax.random.fold_in(key, i) for i in range(2)]
    params = {
        "w_x": _side_by_side(glorot_uniform(), keys[0], (x.shape[-1], width), gates),
        "w_h": _side_by_side(orthogonal(), keys[1], (out or width, width), gates),
        "b": jnp.zeros(size),
    }
    return params | ({"scale_x": jnp.ones(size), "scale_h": jnp.ones(size)} if layer_norm else {})


def check_cell(name: str, width: Any, recurrent_dropout: Any) -> None:
    """Checks what every cell's factory is given."""
    check_positive(name, "width", width)
    check_share(name, "recurrent_dropout", recurrent_dropout)


def check_step(name: str, x: Any) -> None:
    """Raises a ValueError that names the cell unless x_t is a float (batch, features)."""
    if getattr(x, "ndim", None) != 2 or not jnp.issubdtype(x.dtype, jnp.floating):
        raise ValueError(
            f"{name} wants each step as float (batch, features), got {describe(x)}; embed whole numbers first"
        )


def checked(name: str, chunked: Callable) -> Callable:
    """Makes a lowering check what comes as the plain cell does."""

    def run(params, carry, xs, mask, reverse, output):
        if "rows" not in params:
            check_step(name, xs[0])
            check_features(name, params["w_x"].shape[0], xs)
        return chunked(params, carry, xs, mask, reverse, output)

    return run


def drop(key: Any, rate: float, x: jax.Array) -> jax.Array:
    """Drops a share of x and scales what stays; without a key or rate x passes as it is."""
    if key is None or not rate:
        return x
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(keep, x / (1 - rate), 0).astype(x.dtype)


def normalise(x: jax.Array, gain: jax.Array) -> jax.Array:
    """Normalises the last axis to mean 0 and variance 1 and multiplies by the gain (Ba et al. 2016)."""
    x = x - x.mean(-1, keepdims=True)
    return gain * x * lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + _EPSILON)


def scaled(params: dict, scale: str, product: jax.Array, part: slice = slice(None)) -> jax.Array:
    """Normalises a product, or the part of it that is given, if the cell has layer norm."""
    return normalise(product, params[scale][part]) if scale in params else product


def _side_by_side(initializer: Callable, key: Any, shape: tuple, gates: int) -> jax.Array:
    """Draws one matrix a gate, so that each gate has its own scale."""
    # One after another: to factor several at once, each device of a CPU waits for a thread that another one holds, and
    # eight devices on fewer cores wait for ever (jaxlib 0.10).
    drawn = jax.lax.map(lambda own: initializer(own, shape), jax.random.split(key, gates))
    return jnp.concatenate(list(drawn), axis=-1)
