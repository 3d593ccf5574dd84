"""Combinators of recurrent layers: bidirectional, stacked, and with a (tied) token embedding."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .base import Layer
from .checks import check_rate
from .combine import compose
from .embed import embed
from .noise import dropout as dropped
from .precision import add_bias
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
    """Builds a bidirectional recurrent layer: one cell runs forward in time, another one backward.

    With `output="last"` each direction returns its final output: the forward cell at the last valid step, the backward
    cell at the first step. The carry is the tuple `(forward carry, backward carry)`.

    Args:
        forward: cell of the forward direction.
        backward: cell of the backward direction; None: like `forward`, with separate parameters.
        join: `(list of two outputs) -> y`; by default they are concatenated, `sum` adds them.
        return_carry: return `Scanned(carry, y)` instead of y.
        **options: other options of `scan`, for both directions.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import gru_cell
    >>> both = bidirectional(gru_cell(8))
    >>> params, state = both.init(jax.random.key(0), jnp.ones((2, 5, 3)))
    >>> list(params), both.apply(params, state, jnp.ones((2, 5, 3)))[0].shape
    (['fwd', 'bwd'], (2, 5, 16))
    """
    if "reverse" in options:
        raise TypeError("bidirectional always runs both directions; omit reverse")
    directions = (
        scan(forward, return_carry=True, **options),
        scan(backward or forward, return_carry=True, reverse=True, **options),
    )

    def wiring(call, x):
        sequence = as_sequence(x)
        carries = _split_carry("bidirectional", sequence.carry, 2)
        results = [call(name, sequence._replace(carry=c)) for name, c in zip(("fwd", "bwd"), carries, strict=True)]
        y = join([result.y for result in results])
        return Scanned(tuple(result.carry for result in results), y) if return_carry else y

    return compose(wiring, fwd=directions[0], bwd=directions[1])


def stacked(*layers: Layer, dropout: float = 0.0, variational: bool = False) -> Layer:
    """Builds a stack of recurrent layers; unlike `serial` it passes the sequence lengths to every layer.

    If the layers return their carries, the stack returns `Scanned((carry of 0, carry of 1, ...), y)` and accepts such a
    tuple as initial carry.

    Args:
        *layers: `scan(...)`, `bidirectional(...)` and the like, all but the last with `output="all"`.
        dropout: share of units dropped between layers in training (Zaremba et al. 2014).
        variational: one dropout mask for all time steps (Gal and Ghahramani 2016).

    Raises:
        ValueError: if there are no layers; at init and apply if a layer below the top does not return all steps, or
            only some layers return their carry.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import lstm_cell, scan
    >>> deep = stacked(scan(lstm_cell(8)), scan(lstm_cell(4), output="last"), dropout=0.2)
    >>> params, state = deep.init(jax.random.key(0), jnp.ones((2, 5, 3)))
    >>> list(params), deep.apply(params, state, jnp.ones((2, 5, 3)))[0].shape
    (['0', '1'], (2, 4))
    """
    check_rate("stacked", "dropout", dropout)
    if not layers:
        raise ValueError("stacked expects at least one layer, got none")
    between = {"dropout": dropped(dropout, variational=variational)} if dropout and len(layers) > 1 else {}

    def wiring(call, x):
        sequence = as_sequence(x)
        carries, y, new = _split_carry("stacked", sequence.carry, len(layers)), sequence.x, []
        for i, carry in enumerate(carries):
            if i and jax.tree.leaves(y)[0].ndim < 3:
                raise ValueError(
                    f"stacked: the output of layer {i - 1} has no time axis (shape {y.shape}); use output='all' for it"
                )
            y = call("dropout", y) if i and between else y
            y = call(str(i), Sequence(y, sequence.lengths, carry))
            if isinstance(y, Scanned):
                new.append(y.carry)
                y = y.y
        if new and len(new) < len(layers):
            raise ValueError(
                "stacked: only some layers return their carry; set return_carry for all layers or for none"
            )
        return Scanned(tuple(new), y) if new else y

    # Dropout is the first part, so that adding a layer at the end leaves the keys of the others unchanged.
    return compose(wiring, **between, **{str(i): layer for i, layer in enumerate(layers)})


def embedded(vocabulary: int, width: int, body: Layer, *, tied: bool = False) -> Layer:
    """Builds a recurrent layer on embedded tokens: input integers (batch, time).

    If the vocabulary is smaller than the number of tokens in the batch, the product `embedding @ w_x` is computed once
    per vocabulary entry instead of once per token, with equal results and gradients.

    Args:
        vocabulary: number of distinct tokens.
        width: size of the embedding vectors.
        body: `scan(...)`, `stacked(...)` or `bidirectional(...)` of cells of this package.
        tied: logits (batch, time, vocabulary) computed from the body's outputs with the embedding table and a bias
            (weight tying, Press and Wolf 2017). The output size of the body must be `width`, see
            `lstm_cell(projection=)`.

    Raises:
        TypeError: at init and apply, if x is not an integer array (batch, time).
        ValueError: at init and apply, if `tied` and the body's output size is not `width`.

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
        rows = Rows(call("embed", jnp.arange(vocabulary)), _checked_ids(vocabulary, sequence.x))
        y = call("body", sequence._replace(x=rows))
        if not tied:
            return y
        return y._replace(y=call("embed", y.y)) if isinstance(y, Scanned) else call("embed", y)

    return compose(wiring, embed=table, body=body)


def _tied_table(vocabulary: int, width: int) -> Layer:
    """Builds a layer that embeds integers and maps floating-point inputs to logits with the same table."""
    rows = embed(vocabulary, width)

    def init(key, x):
        params, state = rows.init(key, x)
        return params | {"b": jnp.zeros(vocabulary)}, state

    def apply(params, state, x, key=None):
        if jnp.issubdtype(x.dtype, jnp.integer):
            return rows.apply(params, state, x)
        if x.shape[-1] != width:
            raise ValueError(
                f"embedded: a tied table of width {width} expects body outputs of this size, got {x.shape[-1]}"
            )
        return add_bias(x @ params["w"].T, params["b"]), state

    return Layer(init, apply)


def _checked_ids(vocabulary: int, ids: Any) -> Any:
    if getattr(ids, "ndim", 0) != 2 or not jnp.issubdtype(ids.dtype, jnp.integer):
        raise TypeError(
            f"embedded({vocabulary}, ...) expects integers (batch, time), got {getattr(ids, 'dtype', ids)}"
            f" {jnp.shape(ids)}"
        )
    return ids


def _split_carry(name: str, carry: Any, parts: int) -> tuple:
    """Splits a tuple of carries among the parts; None for each part if there is none."""
    if carry is None:
        return (None,) * parts
    if not isinstance(carry, tuple) or len(carry) != parts:
        raise ValueError(
            f"{name} expects a tuple of carries, one for each of {parts} parts, got {type(carry).__name__}"
        )
    return carry
