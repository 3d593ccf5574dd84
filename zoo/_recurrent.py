"""What the recurrent animals share: how data becomes a sequence, layers upon layers, and the head."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from .layers import Layer, Scanned, Sequence, bidirectional, compose, dense, embedded, scan, stacked
from .layers import dropout as dropped
from .layers.checks import check_choice, check_positive, check_share, is_whole

__all__ = ["recurrent"]


def recurrent(
    name: str,
    cell: Callable[..., Layer],
    outputs: int,
    *,
    each: bool,
    vocabulary: int,
    width: int,
    depth: int,
    dropout: float,
    recurrent_dropout: float,
    variational: bool,
    layer_norm: bool,
    remat: bool,
    read: str,
    tied: bool = False,
    features: int | None = None,
    both: bool = False,
) -> Layer:
    """Makes an animal of a cell: sequence, recurrent layers, head.

    Args:
        name: the animal's, for errors.
        cell: `(width, layer_norm=, recurrent_dropout=) -> cell`.
        outputs: numbers that the head gives.
        each: gives them at every step, and not once, after the last.
        vocabulary: how many tokens there are; 0: the input is numbers.
        width: of each layer.
        depth: how many layers.
        dropout: share dropped between the layers and before the head.
        recurrent_dropout: share of h dropped on its way into the product.
        variational: drops the same numbers at every step.
        layer_norm: normalises the products in the cell.
        remat: keeps only the carries for the backward pass.
        read: how an image becomes a sequence.
        tied: makes the outputs by the embedding's transpose.
        features: numbers that a layer hands on, and in the embedding; None: the width.
        both: runs each layer in both directions.
    """
    check_positive(name, "outputs", outputs)
    check_positive(name, "width", width)
    check_positive(name, "depth", depth)
    check_share(name, "dropout", dropout)
    check_share(name, "recurrent_dropout", recurrent_dropout)
    check_choice(name, "read", read, ("rows", "pixels", "permuted"))
    _check_tokens(name, vocabulary, outputs, tied)
    run = partial(bidirectional if both else scan, return_carry=True, remat=remat, variational=variational)
    one = cell(width, layer_norm=layer_norm, recurrent_dropout=recurrent_dropout)
    ends = ["all"] * (depth - 1) + ["all" if each else "last"]
    body = stacked(*(run(one, output=output) for output in ends), dropout=dropout, variational=variational)
    before_head = dropped(dropout, variational=variational)
    if tied:
        body = compose(_then_dropout, body=body, dropout=before_head)
    if vocabulary:
        body = embedded(vocabulary, features or width, body, tied=tied)
    parts = {} if tied else {"dropout": before_head, "head": dense(outputs)}

    def wiring(call, x):
        ran = call("body", _sequence(x, name, bool(vocabulary), read))
        y = ran.y if tied else call("head", call("dropout", ran.y))
        return Scanned(ran.carry, y) if each and isinstance(x, Sequence) else y

    return compose(wiring, body=body, **parts)


def _then_dropout(call, x):
    ran = call("body", x)
    return Scanned(ran.carry, call("dropout", ran.y))


def _check_tokens(name: str, vocabulary: int, outputs: int, tied: bool) -> None:
    if not is_whole(vocabulary, 0):
        raise ValueError(f"{name}: vocabulary must be a whole number from 0, got {vocabulary!r}")
    if tied and vocabulary != outputs:
        what = f"{outputs} outputs of a vocabulary of {vocabulary}" if vocabulary else "an input of numbers"
        raise ValueError(
            f"{name}: tied makes one output a token by the embedding, for a language model; got {what}: leave tied out"
        )


def _sequence(x: Any, name: str, tokens: bool, read: str) -> Sequence:
    """Makes a sequence of what comes: images by rows or pixels, all else as it is."""
    sequence = x if isinstance(x, Sequence) else Sequence(x)
    steps = sequence.x
    if tokens:
        return sequence
    if steps.ndim == 4:
        return sequence._replace(x=_read(steps, read))
    if steps.ndim != 3:
        raise ValueError(
            f"{name} reads (batch, time, features), images (batch, height, width, channels) or, made with "
            f"vocabulary=, tokens (batch, time); got shape {tuple(steps.shape)}"
        )
    return sequence


def _read(images: jax.Array, read: str) -> jax.Array:
    batch, height, width, channels = images.shape
    if read == "rows":
        return images.reshape(batch, height, width * channels)
    pixels = images.reshape(batch, height * width, channels)
    if read == "pixels":
        return pixels
    # The same order for every model and run, so that results compare; from raw bits, which numpy never changes.
    return pixels[:, np.argsort(np.random.PCG64(0).random_raw(height * width), kind="stable")]
