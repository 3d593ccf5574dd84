"""How scanned cells join: both directions, one upon another, fed by an embedding (and tied to it)."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .base import Layer
from .checks import check_share
from .combine import compose
from .embed import embed
from .noise import dropout as dropped
from .precision import biased
from .scan import scan
from .sequence import Rows, Scanned, Sequence, as_sequence

__all__ = ["bidirectional", "embedded", "stacked"]


def bidirectional(
    forward: Layer,
    backward: Layer | None = None,
    *,
    join: Callable = lambda ys: jnp.concatenate(ys, axis=-1),
    return_carry: bool = False,
    **options: Any,
) -> Layer:
    """Runs a cell from the first step to the last valid one and another back, and joins what they give.

    With `output="last"` each direction gives what it ends with: the forward one its output at the last valid
    step, the backward one its output at the first. The carry is `(forward's, backward's)`.

    Args:
        forward: a cell.
        backward: a cell; None: one like `forward`, with parameters of its own.
        join: `(list of two outputs) -> y`; by default side by side, `sum` adds them.
        return_carry: gives `Scanned(carry, y)` in place of y.
        **options: the other options of `scan`, for both directions.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import gru_cell
    >>> both = bidirectional(gru_cell(8))
    >>> params, state = both.init(jax.random.key(0), jnp.ones((2, 5, 3)))
    >>> list(params), both.apply(params, state, jnp.ones((2, 5, 3)))[0].shape
    (['fwd', 'bwd'], (2, 5, 16))
    """
    if "reverse" in options:
        raise TypeError("bidirectional runs both directions already; leave reverse out")
    ways = (
        scan(forward, return_carry=True, **options),
        scan(backward or forward, return_carry=True, reverse=True, **options),
    )

    def wiring(call, x):
        sequence = as_sequence(x)
        carries = _shared_out("bidirectional", sequence.carry, 2)
        given = [call(name, sequence._replace(carry=c)) for name, c in zip(("fwd", "bwd"), carries, strict=True)]
        y = join([one.y for one in given])
        return Scanned(tuple(one.carry for one in given), y) if return_carry else y

    return compose(wiring, fwd=ways[0], bwd=ways[1])


def stacked(*layers: Layer, dropout: float = 0.0, variational: bool = False) -> Layer:
    """Runs recurrent layers one upon another and hands the lengths on to each, which `serial` would not.

    If the layers return their carry, so does this one: `Scanned((carry of 0, carry of 1, ...), y)`, and takes it.

    Args:
        *layers: `scan(...)`, `bidirectional(...)` and the like, all but the last with `output="all"`.
        dropout: share dropped between the layers, in training (Zaremba et al. 2014).
        variational: drops the same numbers at every step (Gal and Ghahramani 2016).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import lstm_cell, scan
    >>> deep = stacked(scan(lstm_cell(8)), scan(lstm_cell(4), output="last"), dropout=0.2)
    >>> params, state = deep.init(jax.random.key(0), jnp.ones((2, 5, 3)))
    >>> list(params), deep.apply(params, state, jnp.ones((2, 5, 3)))[0].shape
    (['0', '1'], (2, 4))
    """
    check_share("stacked", "dropout", dropout)
    if not layers:
        raise ValueError("stacked wants one layer or more")
    between = {"dropout": dropped(dropout, variational=variational)} if dropout and len(layers) > 1 else {}

    def wiring(call, x):
        sequence = as_sequence(x)
        carries, y, kept = _shared_out("stacked", sequence.carry, len(layers)), sequence.x, []
        for i, carry in enumerate(carries):
            if i and jax.tree.leaves(y)[0].ndim < 3:
                raise ValueError(
                    f"stacked: layer {i - 1} gives no time axis (shape {y.shape}); let it give output='all'"
                )
            y = call("dropout", y) if i and between else y
            y = call(str(i), Sequence(y, sequence.lengths, carry))
            if isinstance(y, Scanned):
                kept.append(y.carry)
                y = y.y
        if kept and len(kept) < len(layers):
            raise ValueError(
                "stacked: some layers return their carry and some do not; give return_carry to all or none"
            )
        return Scanned(tuple(kept), y) if kept else y

    # Dropout stands first, so that a layer added at the end changes no other layer's noise.
    return compose(wiring, **between, **{str(i): layer for i, layer in enumerate(layers)})


def embedded(vocabulary: int, width: int, body: Layer, *, tied: bool = False) -> Layer:
    """Feeds a recurrent layer with the rows of an embedding, and takes (batch, time) whole numbers for x.

    Where the vocabulary is smaller than the batch, the rows of the table `embedding @ w_x` are looked up in place
    of a product a step: the same numbers, and the same gradients, in less time.

    Args:
        vocabulary: how many rows, numbered from 0.
        width: numbers in a row.
        body: `scan(...)`, `stacked(...)` or `bidirectional(...)` of cells of this package.
        tied: makes logits (batch, time, vocabulary) of the body's outputs by the same table, and a bias (weight
            tying, Press and Wolf 2017). The body must then give `width` numbers, see `lstm_cell(projection=)`.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import lstm_cell, scan
    >>> model, ids = embedded(96, 8, scan(lstm_cell(8)), tied=True), jnp.zeros((2, 5), int)
    >>> params, state = model.init(jax.random.key(0), ids)
    >>> model.apply(params, state, ids)[0].shape
    (2, 5, 96)
    """
    table = _tied_table(vocabulary, width) if tied else embed(vocabulary, width)

    def wiring(call, x):
        sequence = as_sequence(x)
        rows = Rows(call("embed", jnp.arange(vocabulary)), _whole(vocabulary, sequence.x))
        y = call("body", sequence._replace(x=rows))
        if not tied:
            return y
        return y._replace(y=call("embed", y.y)) if isinstance(y, Scanned) else call("embed", y)

    return compose(wiring, embed=table, body=body)


def _tied_table(vocabulary: int, width: int) -> Layer:
    """Makes rows of whole numbers, and logits of anything else."""
    rows = embed(vocabulary, width)

    def init(key, x):
        params, state = rows.init(key, x)
        return params | {"b": jnp.zeros(vocabulary)}, state

    def apply(params, state, x, key=None):
        if jnp.issubdtype(x.dtype, jnp.integer):
            return rows.apply(params, state, x)
        if x.shape[-1] != width:
            raise ValueError(
                f"embedded: the body gives {x.shape[-1]} numbers, a tied table of width {width} wants {width}"
            )
        return biased(x @ params["w"].T, params["b"]), state

    return Layer(init, apply)


def _whole(vocabulary: int, ids: Any) -> Any:
    if getattr(ids, "ndim", 0) != 2 or not jnp.issubdtype(ids.dtype, jnp.integer):
        raise TypeError(
            f"embedded({vocabulary}, ...) wants whole numbers (batch, time), got {getattr(ids, 'dtype', ids)}"
            f" {jnp.shape(ids)}"
        )
    return ids


def _shared_out(name: str, carry: Any, parts: int) -> tuple:
    """Gives each part its carry."""
    if carry is None:
        return (None,) * parts
    if not isinstance(carry, tuple) or len(carry) != parts:
        raise ValueError(f"{name} wants a carry for each of its {parts} parts, a tuple, got {type(carry).__name__}")
    return carry
