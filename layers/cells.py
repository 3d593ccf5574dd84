"""Recurrent cells: layers for a single time step, with input `(carry, x_t)` and output `(carry, y_t)`.

A carry of None requests the initial carry. A cell is a Layer, so it can be used alone and inside `compose`; `scan` runs
it over time. The cells are in `rnn.py`, `lstm.py` and `gru.py`.

In half precision the two matrix products are computed in half precision, gates and carry in float32. A gate is often
close to 1 and multiplies the memory at every step, but bfloat16 has no number between 0.996 and 1.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .base import Layer, describe
from .checks import check_features, check_positive, check_rate
from .initializers import glorot_uniform, orthogonal
from .precision import match_half, promote_float32
from .sequence import look_up

__all__ = ["Cell", "stateless_cell"]

_EPSILON = 1e-5


class Cell(Layer):
    """Layer for one time step, together with its initial carry.

    Attributes:
        init: `(key, (carry, x_t)) -> (params, state)`; the carry may be None.
        apply: `(params, state, (carry, x_t), key=None) -> ((carry, y_t), state)`; None is the initial carry.
        carry: `(params, x_t) -> carry`, the carry before the first step; every leaf is (batch, ...).
        fast: None, or an implementation of the whole scan with a custom backward pass, see `fast/chunked.py`.
        absorb: None, or `(params, table) -> params` of an equivalent cell whose inputs are row indices of the table.
    """

    carry: Callable[[Any, Any], Any] | None = None
    fast: Callable | None = None
    absorb: Callable | None = None

    def __new__(cls, init: Callable, apply: Callable, carry: Callable, fast=None, absorb=None):
        """Creates the cell; see the class for the arguments."""
        cell = super().__new__(cls, init, apply)
        cell.carry, cell.fast, cell.absorb = carry, fast, absorb
        return cell


def stateless_cell(init: Callable, step: Callable, carry: Callable, fast=None, absorb=None) -> Cell:
    """Builds a Cell without state from three plain functions.

    Args:
        init: `(key, x_t) -> params`.
        step: `(params, carry, x_t, key) -> (carry, y_t)`; the key is None at inference.
        carry: `(params, x_t) -> carry`, the carry before the first step.
        fast: custom implementation of the scan, see `Cell`.
        absorb: transformation for embedded inputs, see `Cell`.

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
    """Returns the `absorb` function of a cell that uses its input only in `x_t @ w_x`."""

    def absorb(params, table):
        check_features(name, params["w_x"].shape[0], table)
        kept = {key: value for key, value in params.items() if key != "w_x"}
        return kept | {"rows": table @ params["w_x"]}

    return absorb


def input_product(name: str, params: dict, x: Any) -> jax.Array:
    """Computes `x_t @ w_x`, or looks up row x_t of the absorbed table; at least float32."""
    if "rows" in params:
        return promote_float32(look_up(params["rows"], x))
    check_step(name, x)
    check_features(name, params["w_x"].shape[0], x)
    return promote_float32(x @ params["w_x"])


def recurrent_product(x: jax.Array, w: jax.Array) -> jax.Array:
    """Computes `x @ w` for x from the carry, in the kernel's precision; the result is at least float32."""
    return promote_float32(match_half(x, w) @ w)


def zero_carry(params: dict, x: Any, width: int) -> jax.Array:
    """Returns zeros (batch, width) in the dtype of the gates."""
    parts = [params["w_h"]] if "rows" in params else [params["w_h"], x]
    return promote_float32(jnp.zeros((x.shape[0], width), jnp.result_type(*parts)))


def init_kernels(
    name: str, key: Any, x: Any, width: int, gates: int, out: int | None = None, layer_norm: bool = False
) -> dict:
    """Initialises the parameters common to all cells: `w_x`, `w_h`, `b` and the gains of layer norm."""
    check_step(name, x)
    size, keys = gates * width, [jax.random.fold_in(key, i) for i in range(2)]
    params = {
        "w_x": _side_by_side(glorot_uniform(), keys[0], (x.shape[-1], width), gates),
        "w_h": _side_by_side(orthogonal(), keys[1], (out or width, width), gates),
        "b": jnp.zeros(size),
    }
    return params | ({"scale_x": jnp.ones(size), "scale_h": jnp.ones(size)} if layer_norm else {})


def check_cell(name: str, width: Any, recurrent_dropout: Any) -> None:
    """Checks the arguments common to all cell factories."""
    check_positive(name, "width", width)
    check_rate(name, "recurrent_dropout", recurrent_dropout)


def check_step(name: str, x: Any) -> None:
    """Raises a ValueError unless x_t is a float array (batch, features)."""
    if getattr(x, "ndim", None) != 2 or not jnp.issubdtype(x.dtype, jnp.floating):
        raise ValueError(
            f"{name} expects float inputs (batch, features) per step, got {describe(x)}; embed integer tokens first"
        )


def checked(name: str, chunked: Callable) -> Callable:
    """Adds the input checks of the plain cell to a fast implementation."""

    def run(params, carry, xs, mask, reverse, output):
        if "rows" not in params:
            check_step(name, xs[0])
            check_features(name, params["w_x"].shape[0], xs)
        return chunked(params, carry, xs, mask, reverse, output)

    return run


def drop(key: Any, rate: float, x: jax.Array) -> jax.Array:
    """Applies dropout to x; returns it unchanged without a key or a rate."""
    if key is None or not rate:
        return x
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(keep, x / (1 - rate), 0).astype(x.dtype)


def normalise(x: jax.Array, gain: jax.Array) -> jax.Array:
    """Normalises the last axis to mean 0 and variance 1, then multiplies by the gain (Ba et al. 2016)."""
    x = x - x.mean(-1, keepdims=True)
    return gain * x * lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + _EPSILON)


def scaled(params: dict, scale: str, product: jax.Array, part: slice = slice(None)) -> jax.Array:
    """Applies layer norm to a product, or to a slice of it, if the cell has a gain for it."""
    return normalise(product, params[scale][part]) if scale in params else product


def _side_by_side(initializer: Callable, key: Any, shape: tuple, gates: int) -> jax.Array:
    """Initialises one matrix per gate, each scaled by its own fan-in and fan-out, and concatenates them."""
    # One at a time: in a batched factorisation each CPU device waits for threads held by another; eight devices on
    # fewer cores deadlock (jaxlib 0.10).
    matrices = jax.lax.map(lambda own: initializer(own, shape), jax.random.split(key, gates))
    return jnp.concatenate(list(matrices), axis=-1)
