"""Reservoir of an echo state network: a cell of leaky units with sparse random connections that no training changes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .layers import Cell
from .layers.checks import check_features

__all__ = ["leaky_cell", "spectral_radius"]

_VECTORS = 16  # of the subspace in which the largest eigenvalues are found
_ROUNDS, _POWERS = 40, 10  # orthogonalisations, and products before each
_SQUARINGS = 24


def leaky_cell(units: int, *, degree: int, radius: float, leak: float, input_scale: float, bias: float) -> Cell:
    """Builds a cell `h = (1 - leak) h + leak tanh(W h + x_t W_in + b)` with fixed random weights; its output is h.

    The matrix W is stored by its connections: `w` (units, degree) are the weights of a unit, the state `sources` holds
    the units that they come from. Source: Lukosevicius 2012, A practical guide to applying echo state networks.

    Args:
        units: number of units.
        degree: connections into each unit.
        radius: spectral radius of W.
        leak: share of the new value in a step, above 0, at most 1.
        input_scale: bound of the uniform weights of the inputs.
        bias: bound of the uniform biases.
    """
    name = f"leaky_cell({units})"

    def init(key, x):
        inputs = x[1].shape[-1]
        # One draw for all: each draw is a program that takes longer to compile than to run.
        drawn = jax.random.uniform(key, (units, 2 * degree + inputs + 1 + _VECTORS), minval=-1)
        places, w, w_in, b, start = jnp.split(drawn, np.cumsum([degree, degree, inputs, 1]), axis=1)
        sources = jnp.minimum((places + 1) / 2 * units, units - 1).astype(jnp.int32)
        largest = spectral_radius(lambda columns: _product(w, sources, columns), start)
        params = {"w": w * (radius / largest), "w_in": input_scale * w_in.T, "b": bias * b[:, 0]}
        return params, {"sources": sources}

    def apply(params, state, x, key=None):
        h, x_t = x
        check_features(name, params["w_in"].shape[0], x_t)
        h = first(params, x_t) if h is None else h
        within = _product(params["w"], state["sources"], h.T).T + x_t @ params["w_in"] + params["b"]
        h = (1 - leak) * h + leak * jnp.tanh(within)
        return (h, h), state

    def first(params, x_t):
        return jnp.zeros((x_t.shape[0], units))

    return Cell(init, apply, first)


def _product(w: jax.Array, sources: jax.Array, columns: jax.Array) -> jax.Array:
    """Computes the product of the sparse matrix with columns (units, n).

    One connection of every unit at a time: XLA on the CPU gathers vectors 14 times as fast as a matrix of indices.
    """
    within = {"mode": "promise_in_bounds", "wrap_negative_indices": False}
    products = (w[:, k, None] * columns.at[sources[:, k]].get(**within) for k in range(w.shape[1]))
    return sum(products, start=jnp.zeros_like(columns))


def spectral_radius(product: Callable[[jax.Array], jax.Array], start: jax.Array) -> jax.Array:
    """Computes the largest absolute value of the eigenvalues, real or complex, of a linear map.

    Orthogonal iteration finds the subspace of the largest eigenvalues. The radius of the map within it is the limit of
    `norm(A^n)^(1/n)` by repeated squaring, which also holds for complex and for repeated eigenvalues.

    Args:
        product: the map, of columns (size, n).
        start: random columns (size, n), of which no more than the size are used.

    >>> turn = jnp.array([[0.0, -2.0], [2.0, 0.0]])  # eigenvalues 2i and -2i
    >>> round(float(spectral_radius(lambda x: turn @ x, jnp.eye(2))), 3)
    2.0
    """

    def turn(q, _):
        q, _ = jax.lax.scan(grow, q, length=_POWERS)
        return jnp.linalg.qr(q)[0], None

    def grow(q, _):
        q = product(q)
        return q / jnp.maximum(jnp.linalg.norm(q, axis=0), jnp.finfo(q.dtype).tiny), None

    def square(held, _):
        matrix, log = held
        norm = jnp.linalg.norm(matrix)
        matrix = matrix / norm
        return (matrix @ matrix, 2 * (log + jnp.log(norm))), None

    with jax.default_matmul_precision("highest"):
        q, _ = jax.lax.scan(turn, start[:, : len(start)], length=_ROUNDS)
        (matrix, log), _ = jax.lax.scan(square, (q.T @ product(q), jnp.zeros(())), length=_SQUARINGS)
    return jnp.exp((log + jnp.log(jnp.linalg.norm(matrix))) / 2**_SQUARINGS)
