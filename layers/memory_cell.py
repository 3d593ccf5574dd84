"""Cells with a memory beside their controller: the controller reads it, and sets how it is read and written next."""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .cells import Cell, check_step, input_product, stateless_cell
from .checks import check_choice, check_features, check_positive
from .combine import compose
from .dense import dense
from .initializers import glorot_uniform
from .lstm import lstm_cell
from .precision import match_half, promote_float32

__all__ = ["Access", "MemoryCarry", "memory_cell"]

_LIMIT = 20.0  # of the controller's outputs (Graves et al. 2016, supplementary table 2)


class Access(NamedTuple):
    """Defines how a memory is read and written.

    Attributes:
        sizes: shapes of the arrays that the controller sets at each step, by name.
        heads: number of read vectors.
        word: numbers in each read vector.
        start: `batch -> memory before the first step`, a pytree of float32 arrays (batch, ...).
        step: `(those arrays by name, memory) -> (memory, read vectors (batch, heads, word))`, in float32.
    """

    sizes: dict[str, tuple[int, ...]]
    heads: int
    word: int
    start: Callable[[Any], Any]
    step: Callable[[dict[str, jax.Array], Any], tuple[Any, jax.Array]]


class MemoryCarry(NamedTuple):
    """Carry of a cell with a memory.

    Attributes:
        controller: carry of the controller.
        read: vectors read last (batch, heads * word).
        memory: memory and what the access keeps of its weights.
    """

    controller: Any
    read: jax.Array
    memory: Any


def memory_cell(name: str, width: int, controller: str, access: Access) -> Cell:
    """Builds a cell whose controller reads x_t and the vectors that were read from a memory a step before.

    The output is that of the controller, beside the vectors that it has just read (batch, width + heads * word).

    Args:
        name: name of the cell, for errors.
        width: units of the controller.
        controller: "lstm", or "dense": a dense layer with tanh, without a memory of its own.
        access: how the memory is read and written.

    Raises:
        ValueError: if an argument is out of bounds; at init and apply, if x_t is no float array (batch, features).
    """
    check_positive(name, "width", width)
    own = {"lstm": lstm_cell, "dense": _dense_cell}[check_choice(name, "controller", controller, ("lstm", "dense"))]
    inner, found = own(width), access.heads * access.word
    # Recomputed in the backward pass: to store what a step does to the memory would take 2.5 times as long.
    step = jax.checkpoint(access.step, prevent_cse=False)

    def forward(call, x):
        before, x_t = x
        check_step(name, x_t)
        memory, read = (access.start(x_t.shape[0]), None) if before is None else (before.memory, before.read)
        seen = _beside(x_t, read, found)
        state, y = call("controller", (None if before is None else before.controller, seen))
        y = jnp.clip(y, -_LIMIT, _LIMIT)
        memory, vectors = step(_pieces(promote_float32(call("interface", y)), access.sizes), memory)
        read = vectors.reshape(vectors.shape[0], found)
        return MemoryCarry(state, read, memory), jnp.concatenate([y, read.astype(y.dtype)], axis=-1)

    both = compose(forward, controller=inner, interface=dense(sum(map(prod, access.sizes.values()))))

    def apply(params, state, x, key=None):
        check_step(name, x[1])
        check_features(name, params["controller"]["w_x"].shape[0] - found, x[1])
        return both.apply(params, state, x, key)

    def carry(params, x):
        first = inner.carry(params["controller"], _beside(x, None, found))  # pyright: ignore[reportOptionalCall]
        return MemoryCarry(first, promote_float32(jnp.zeros((x.shape[0], found), x.dtype)), access.start(x.shape[0]))

    return Cell(both.init, apply, carry)


def _pieces(z: jax.Array, sizes: dict[str, tuple[int, ...]]) -> dict[str, jax.Array]:
    """Cuts the numbers that a controller sets into arrays of given shapes behind the batch."""
    found, at = {}, 0
    for name, shape in sizes.items():
        end = at + prod(shape)
        found[name] = z[:, at:end].reshape(z.shape[0], *shape)
        at = end
    return found


def _beside(x: jax.Array, read: jax.Array | None, found: int) -> jax.Array:
    """Returns an input beside the vectors that were read, which are zeros before the first step."""
    read = jnp.zeros((x.shape[0], found), x.dtype) if read is None else read.astype(x.dtype)
    return jnp.concatenate([x, read], axis=-1)


def _dense_cell(width: int) -> Cell:
    """Builds a cell without a carry, `tanh(x_t @ w_x + b)`."""

    def init(key, x):
        return {"w_x": glorot_uniform()(key, (x.shape[-1], width)), "b": jnp.zeros(width)}

    def step(params, carry, x, key):
        y = jnp.tanh(input_product(f"dense controller of {width} units", params, x) + params["b"])
        return carry, match_half(y, params["w_x"])

    return stateless_cell(init, step, lambda params, x: ())
