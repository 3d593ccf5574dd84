"""Recurrent layer over time: `scan` of a cell, with sequence lengths, either direction and explicit carries."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .base import Layer, describe
from .checks import check_choice, check_positive
from .remat import Rematerialisable
from .sequence import (
    Rows,
    Scanned,
    as_sequence,
    batch_and_time,
    choose,
    first_step,
    look_up,
    row_indices,
    time_major,
    valid_steps,
)

__all__ = ["scan"]


def scan(
    cell: Layer,
    *,
    reverse: bool = False,
    output: str = "all",
    return_carry: bool = False,
    unroll: int = 1,
    remat: bool = False,
    variational: bool = False,
    fast: bool = True,
) -> Layer:
    """Builds a recurrent layer that runs a cell over time: (batch, time, ...), or a `Sequence` with lengths or carry.

    Steps beyond the length of a row leave its carry unchanged and return zeros, regardless of the padding values, so
    padded and unpadded rows give equal results. Parameters and state are those of the cell.

    Args:
        cell: a `Cell`; or another Layer of this form, whose initial carry must be part of the input.
        reverse: run from the last valid step to the first; outputs keep the order of the inputs.
        output: "all" returns (batch, time, ...); "last" the output of the valid step that was run last.
        return_carry: return `Scanned(carry, y)` instead of y.
        unroll: steps per loop iteration; more than one disables the custom backward pass.
        remat: store only the carries for the backward pass and recompute the rest; disables the custom backward pass.
        variational: one key, hence one dropout mask, for all steps (Gal & Ghahramani 2016) instead of
            `fold_in(key, t)` per step.
        fast: use the custom backward pass of the cell, if it has one (`lstm_cell`, `gru_cell`). It is exact and
            supports reverse-mode derivatives of any order; False supports `jax.jvp` and `jax.jacfwd`.

    Raises:
        ValueError: if the input has no time axis, or lengths or carry do not match it.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import Sequence, lstm_cell, scan
    >>> lstm = scan(lstm_cell(8), output="last")
    >>> params, state = lstm.init(jax.random.key(0), jnp.ones((2, 5, 3)))
    >>> lstm.apply(params, state, Sequence(jnp.ones((2, 5, 3)), lengths=jnp.array([5, 2])))[0].shape
    (2, 8)
    """
    check_choice("scan", "output", output, ("all", "last"))
    check_positive("scan", "unroll", unroll)
    _check_cell(cell)
    chunked = getattr(cell, "fast", None) if fast and not remat and unroll == 1 else None

    def init(key, x):
        sequence = as_sequence(x)
        batch_and_time(sequence)
        return cell.init(key, (sequence.carry, first_step(sequence.x)))

    def apply(params, state, x, key=None):
        sequence = as_sequence(x)
        mask = valid_steps(sequence)
        own, xs = _absorb(cell, params, sequence.x)
        xs = time_major(xs, mask)
        start = _start(cell, own, jax.tree.map(lambda leaf: leaf[0], xs), sequence.carry)
        if chunked is not None:
            carry, y = chunked(own, start, xs, mask, reverse, output)
        else:
            step = _step(cell, own, key, output, variational)
            step = jax.checkpoint(step, prevent_cse=False) if remat else step
            loop = start, state, _no_output(cell, own, state, start, xs) if output == "last" else None
            inputs = xs, mask, jnp.arange(batch_and_time(sequence)[1])
            (carry, state, last), y = lax.scan(step, loop, inputs, reverse=reverse, unroll=unroll)
            y = last if output == "last" else y
        y = y if output == "last" else jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), y)
        return (Scanned(carry, y) if return_carry else y), state

    if remat:
        return Layer(init, apply)
    options = {"reverse": reverse, "output": output, "return_carry": return_carry, "unroll": unroll}
    return Rematerialisable(Layer(init, apply), scan(cell, **options, remat=True, variational=variational))


def _step(cell: Layer, params: Any, key: Any, output: str, variational: bool) -> Callable:
    """Builds the body of `lax.scan` for one time step."""

    def step(loop, inputs):
        (carry, state, last), (x_t, live, t) = loop, inputs
        own = key if key is None or variational else jax.random.fold_in(key, t)
        (new, y), state = cell.apply(params, state, (carry, x_t), own)
        new = jax.tree.map(_keep_dtype, new, carry)
        if live is not None:
            new = choose(live, new, carry)
            y = choose(live, y, jax.tree.map(jnp.zeros_like, y) if output == "all" else last)
        return (new, state, None if output == "all" else y), y if output == "all" else None

    return step


def _keep_dtype(new: Any, old: Any) -> Any:
    """Casts the new carry to the floating-point dtype of the old one, e.g. of a float32 start in half precision."""
    floating = all(jnp.issubdtype(jnp.result_type(leaf), jnp.floating) for leaf in (new, old))
    return jnp.asarray(new, jnp.result_type(old)) if floating else new


def _absorb(cell: Layer, params: Any, x: Any) -> tuple[Any, Any]:
    """Absorbs the table of `Rows` into the cell where this is possible and cheaper; else looks up the rows."""
    if not isinstance(x, Rows):
        return params, x
    absorb = getattr(cell, "absorb", None)
    # An exported program has a symbolic batch size, which may be 1: a large table for one row would cost far more
    # than looking up the rows of a large batch.
    steps = math.prod(size if isinstance(size, int) else 1 for size in x.ids.shape)
    if absorb is None or x.table.shape[0] > steps:
        return params, look_up(x.table, x.ids)
    return absorb(params, x.table), row_indices(x.ids)


def _start(cell: Layer, params: Any, x_t: Any, given: Any) -> Any:
    """Returns the initial carry: the given one, checked against the cell's, or the cell's own."""
    first = getattr(cell, "carry", None)
    if first is None and given is None:
        raise ValueError("scan: this cell has no initial carry; use Cell(init, apply, carry) or pass Sequence(carry=)")
    if given is None or first is None:
        return first(params, x_t) if given is None else given  # pyright: ignore[reportOptionalCall]
    want = jax.eval_shape(first, params, x_t)
    shapes = [jax.tree.map(jnp.shape, tree) for tree in (given, want)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"scan: expected a carry {describe(want)}, got {describe(given)}")
    return jax.tree.map(lambda leaf, like: jnp.asarray(leaf, like.dtype), given, want)


def _no_output(cell: Layer, params: Any, state: Any, start: Any, xs: Any) -> Any:
    """Returns the zero output of rows of length 0."""
    x_t = jax.tree.map(lambda leaf: leaf[0], xs)
    (_, y), _ = jax.eval_shape(cell.apply, params, state, (start, x_t))
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), y)


def _check_cell(cell: Any) -> None:
    if not isinstance(cell, Layer):
        raise TypeError(f"scan expects a cell, a Layer from (carry, x_t) to (carry, y_t), got {cell!r}; is () missing?")
