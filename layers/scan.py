"""`scan` runs a cell over time: lengths, both directions, a carry that comes in and goes out."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .base import Layer, describe
from .checks import check_choice, check_positive
from .remat import Thrifty
from .sequence import Rows, Scanned, as_sequence, choose, extent, first_step, look_up, time_major, valid_steps

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
    """Runs a cell over the time axis of (batch, time, ...), or of a `Sequence` with lengths or a carry.

    Steps beyond a row's length leave its carry alone and give zeros, whatever stands there, so that a padded
    batch gives what the unpadded rows give. Parameters and state are the cell's own.

    Args:
        cell: a `Cell`, or a Layer of that form; then the carry must come with the input.
        reverse: runs from the last valid step to the first. Outputs stay at their own steps.
        output: "all" gives (batch, time, ...); "last" the output of the last valid step that was run.
        return_carry: gives `Scanned(carry, y)` in place of y.
        unroll: steps in one turn of the loop; more than one takes the plain form.
        remat: keeps only the carries for the backward pass and computes the rest again; takes the plain form.
        variational: gives the cell one key for all steps (one dropout mask, Gal & Ghahramani 2016) and not
            `fold_in(key, t)`.
        fast: takes the cell's own backward pass where it has one (`lstm_cell`, `gru_cell`). It is exact and
            has every reverse-mode derivative; for `jax.jvp` and `jax.jacfwd` of the layer say False.

    Raises:
        ValueError: if the input has no time axis, or lengths or carry do not fit it.

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
        extent(sequence)
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
            inputs = xs, mask, jnp.arange(extent(sequence)[1])
            (carry, state, last), y = lax.scan(step, loop, inputs, reverse=reverse, unroll=unroll)
            y = last if output == "last" else y
        y = y if output == "last" else jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), y)
        return (Scanned(carry, y) if return_carry else y), state

    if remat:
        return Layer(init, apply)
    options = {"reverse": reverse, "output": output, "return_carry": return_carry, "unroll": unroll}
    return Thrifty(Layer(init, apply), scan(cell, **options, remat=True, variational=variational))


def _step(cell: Layer, params: Any, key: Any, output: str, variational: bool) -> Callable:
    """Makes the plain form: one step of `lax.scan`."""

    def step(loop, inputs):
        (carry, state, last), (x_t, live, t) = loop, inputs
        own = key if key is None or variational else jax.random.fold_in(key, t)
        (new, y), state = cell.apply(params, state, (carry, x_t), own)
        new = jax.tree.map(_as_before, new, carry)
        if live is not None:
            new = choose(live, new, carry)
            y = choose(live, y, jax.tree.map(jnp.zeros_like, y) if output == "all" else last)
        return (new, state, None if output == "all" else y), y if output == "all" else None

    return step


def _as_before(new: Any, old: Any) -> Any:
    """Gives the carry in the floating type that it had: a cell in half precision may begin from float32."""
    floating = all(jnp.issubdtype(jnp.result_type(leaf), jnp.floating) for leaf in (new, old))
    return jnp.asarray(new, jnp.result_type(old)) if floating else new


def _absorb(cell: Layer, params: Any, x: Any) -> tuple[Any, Any]:
    """Turns `Rows` into row numbers of a table made once, or, where that costs more or cannot be, into an array."""
    if not isinstance(x, Rows):
        return params, x
    absorb = getattr(cell, "absorb", None)
    if absorb is None or x.table.shape[0] > x.ids.size:
        return params, look_up(x.table, x.ids)
    return absorb(params, x.table), x.ids


def _start(cell: Layer, params: Any, x_t: Any, given: Any) -> Any:
    """Gives the first carry: the given one, held to the cell's own, or the cell's own."""
    first = getattr(cell, "carry", None)
    if first is None and given is None:
        raise ValueError(
            "scan: this cell has no first carry; make it a Cell(init, apply, carry) or give Sequence(carry=)"
        )
    if given is None or first is None:
        return first(params, x_t) if given is None else given  # pyright: ignore[reportOptionalCall]
    want = jax.eval_shape(first, params, x_t)
    shapes = [jax.tree.map(jnp.shape, tree) for tree in (given, want)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"scan: the carry given is {describe(given)}, the cell's carry is {describe(want)}")
    return jax.tree.map(lambda leaf, like: jnp.asarray(leaf, like.dtype), given, want)


def _no_output(cell: Layer, params: Any, state: Any, start: Any, xs: Any) -> Any:
    """Gives the zeros that a row of length 0 gives."""
    x_t = jax.tree.map(lambda leaf: leaf[0], xs)
    (_, y), _ = jax.eval_shape(cell.apply, params, state, (start, x_t))
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), y)


def _check_cell(cell: Any) -> None:
    if not isinstance(cell, Layer):
        raise TypeError(f"scan wants a cell, a Layer from (carry, x_t) to (carry, y_t), got {cell!r}; is a () missing?")
