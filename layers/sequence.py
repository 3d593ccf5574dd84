"""Inputs and outputs of recurrent layers besides plain arrays: lengths, carries and embedded tokens."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .base import describe

__all__ = ["Rows", "Scanned", "Sequence"]


class Sequence(NamedTuple):
    """Input of a recurrent layer with sequence lengths or an initial carry.

    Attributes:
        x: array (batch, time, ...), a pytree of such arrays, or `Rows`.
        lengths: number of valid steps per row, integers (batch,); None: all steps are valid.
        carry: initial carry, as returned with `return_carry`; None: the cell's initial carry.
    """

    x: Any
    lengths: Any = None
    carry: Any = None


class Rows(NamedTuple):
    """Embedded input: step t is `table[ids[:, t]]`, kept unevaluated so that cells can use the table directly.

    Attributes:
        table: rows, (vocabulary, features).
        ids: integer row indices, (batch, time).
    """

    table: Any
    ids: Any


class Scanned(NamedTuple):
    """Output of a recurrent layer with `return_carry=True`.

    Attributes:
        carry: carry after the last valid step.
        y: outputs.
    """

    carry: Any
    y: Any


def as_sequence(x: Any) -> Sequence:
    """Converts an input to a `Sequence`; returns a `Sequence` unchanged."""
    return x if isinstance(x, Sequence) else Sequence(x)


def batch_and_time(sequence: Sequence, layer: str = "scan") -> tuple[int, int]:
    """Returns the sizes of the batch and time axes; raises a ValueError if there are none."""
    x = sequence.x.ids if isinstance(sequence.x, Rows) else sequence.x
    shapes = {leaf.shape[:2] for leaf in jax.tree.leaves(x)}
    shape = shapes.pop() if len(shapes) == 1 else ()
    if len(shape) != 2 or shape[1] == 0:
        raise ValueError(f"{layer} expects (batch, time, features) with at least one step, got {describe(x)}")
    return shape


def valid_steps(sequence: Sequence, layer: str = "scan") -> jax.Array | None:
    """Returns the mask (time, batch) of valid steps; None if all steps are valid."""
    batch, time = batch_and_time(sequence, layer)
    lengths = sequence.lengths
    if lengths is None:
        return None
    if jnp.shape(lengths) != (batch,) or not jnp.issubdtype(jnp.result_type(lengths), jnp.integer):
        raise ValueError(f"{layer}: lengths must be integers of shape ({batch},), got {describe(jnp.asarray(lengths))}")
    if not isinstance(lengths, Tracer):
        # numpy, as jnp would trace known lengths under jit.
        low, high = (int(bound(np.asarray(lengths), initial=0)) for bound in (np.min, np.max))
        if low < 0 or high > time:
            wrong = high if high > time else low
            raise ValueError(f"{layer}: lengths must be between 0 and {time}, the size of the time axis, got {wrong}")
    return jnp.arange(time)[:, None] < jnp.asarray(lengths)[None, :]


def time_major(x: Any, mask: jax.Array | None) -> Any:
    """Moves time to the front and sets padding to zero, as NaN there would reach gradients (0 * nan is nan)."""
    x = jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), x)
    return x if mask is None else choose(mask, x, jax.tree.map(jnp.zeros_like, x))


def choose(live: jax.Array, new: Any, old: Any) -> Any:
    """Selects the leaves of `new` in live rows (batch,) and those of `old` in the others."""
    return jax.tree.map(lambda a, b: jnp.where(live.reshape(live.shape + (1,) * (a.ndim - live.ndim)), a, b), new, old)


def first_step(x: Any) -> Any:
    """Returns zeros with the shape and dtype of one step."""
    if isinstance(x, Rows):
        return jnp.zeros((x.ids.shape[0], x.table.shape[-1]), x.table.dtype)
    return jax.tree.map(lambda leaf: jnp.zeros((leaf.shape[0], *leaf.shape[2:]), leaf.dtype), x)


def row_indices(ids: Any) -> jax.Array:
    """Widens indices of 8 or 16 bits to int32; in narrow types one-hot rows and scattered gradients wrap around.

    >>> row_indices(np.array([255], np.uint8)).dtype.name, row_indices(np.array([255], np.uint32)).dtype.name
    ('int32', 'uint32')
    """
    ids = jnp.asarray(ids)
    return ids.astype(jnp.int32) if ids.dtype.itemsize < 4 else ids


def look_up(table: Any, ids: Any) -> jax.Array:
    """Looks up rows by index; NaN for indices out of range."""
    table, ids = jnp.asarray(table), row_indices(ids)
    # Float32, as the gradient of a half-precision table sums over all occurrences of a row.
    wide = table.astype(jnp.promote_types(table.dtype, jnp.float32))
    rows = wide.at[ids].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
    return rows.astype(table.dtype)
