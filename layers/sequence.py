"""What recurrent layers take and give besides plain arrays: lengths, a carry, rows of a table."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .base import describe

__all__ = ["Rows", "Scanned", "Sequence"]


class Sequence(NamedTuple):
    """What a recurrent layer takes where the array alone does not say enough.

    Attributes:
        x: (batch, time, ...), a tree of such arrays, or `Rows`.
        lengths: how many steps of each row are valid, whole numbers (batch,); None: all of them.
        carry: what to start from, as `return_carry` gave it; None: the cell's first carry.
    """

    x: Any
    lengths: Any = None
    carry: Any = None


class Rows(NamedTuple):
    """An input looked up in a table: step t is `table[ids[:, t]]`, which a cell need not compute row by row.

    Attributes:
        table: (vocabulary, features).
        ids: whole numbers, (batch, time).
    """

    table: Any
    ids: Any


class Scanned(NamedTuple):
    """What a recurrent layer gives with `return_carry=True`: the carry after the last valid step, and the outputs."""

    carry: Any
    y: Any


def as_sequence(x: Any) -> Sequence:
    """Gives back a Sequence as it is and makes one of anything else."""
    return x if isinstance(x, Sequence) else Sequence(x)


def extent(sequence: Sequence) -> tuple[int, int]:
    """Gives batch and time."""
    x = sequence.x.ids if isinstance(sequence.x, Rows) else sequence.x
    shapes = {leaf.shape[:2] for leaf in jax.tree.leaves(x)}
    shape = shapes.pop() if len(shapes) == 1 else ()
    if len(shape) != 2 or shape[1] == 0:
        raise ValueError(f"scan wants (batch, time, features) with one step or more, got {describe(x)}")
    return shape


def valid_steps(sequence: Sequence) -> jax.Array | None:
    """Gives (time, batch): which steps are valid; None where all are."""
    batch, time = extent(sequence)
    lengths = sequence.lengths
    if lengths is None:
        return None
    if jnp.shape(lengths) != (batch,) or not jnp.issubdtype(jnp.result_type(lengths), jnp.integer):
        raise ValueError(
            f"scan: lengths must be whole numbers of shape ({batch},), got {describe(jnp.asarray(lengths))}"
        )
    if not isinstance(lengths, Tracer):
        # numpy's own: inside jit jnp would trace even what is known.
        low, high = (int(bound(np.asarray(lengths), initial=0)) for bound in (np.min, np.max))
        if low < 0 or high > time:
            wrong = high if high > time else low
            raise ValueError(f"scan: lengths must lie in 0 .. {time}, the steps of the time axis, got {wrong}")
    return jnp.arange(time)[:, None] < jnp.asarray(lengths)[None, :]


def time_major(x: Any, mask: jax.Array | None) -> Any:
    """Puts time first and zeros where there is padding: 0 * nan is nan, also in a gradient."""
    x = jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), x)
    return x if mask is None else choose(mask, x, jax.tree.map(jnp.zeros_like, x))


def choose(live: jax.Array, new: Any, old: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(live.reshape(live.shape + (1,) * (a.ndim - live.ndim)), a, b), new, old)


def first_step(x: Any) -> Any:
    """Gives the example of one step: shapes and types, and zeros for values."""
    if isinstance(x, Rows):
        return jnp.zeros((x.ids.shape[0], x.table.shape[-1]), x.table.dtype)
    return jax.tree.map(lambda leaf: jnp.zeros((leaf.shape[0], *leaf.shape[2:]), leaf.dtype), x)


def look_up(table: Any, ids: Any) -> jax.Array:
    """Gives the rows of those numbers: NaN where there is no such row."""
    table = jnp.asarray(table)  # of half precision the gradient is summed in float32: a row may be met very often
    wide = table.astype(jnp.promote_types(table.dtype, jnp.float32))
    rows = wide.at[ids].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)
    return rows.astype(table.dtype)
