"""Builder of the recurrent models: input to sequence, stacked recurrent layers, output layer."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from .layers import Layer, Scanned, Sequence, bidirectional, compose, dense, embedded, scan, stacked
from .layers import dropout as dropped
from .layers.checks import check_choice, check_positive, check_rate, is_integer

__all__ = ["as_steps", "check_tokens", "recurrent"]

_MOST_PERMUTED = 1 << 22  # pixels of an image, whose permutation takes half a second


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
    """Builds a recurrent model from a cell factory.

    Args:
        name: name of the model, for error messages.
        cell: `(width, layer_norm=, recurrent_dropout=) -> cell`.
        outputs: number of outputs.
        each: outputs at every step instead of after the last.
        vocabulary: number of distinct tokens; 0: the inputs are not tokens.
        width: hidden units of each layer.
        depth: number of layers.
        dropout: share of units dropped between layers and before the head (0 to 1).
        recurrent_dropout: share of the previous hidden state dropped (0 to 1).
        variational: one dropout mask for all time steps.
        layer_norm: layer normalisation of the matrix products in the cell.
        remat: recomputation of everything but the carries in the backward pass.
        read: order of reading an image as a sequence.
        tied: output layer that shares the embedding's weights.
        features: size of each layer's output and of token embeddings; None: the width.
        both: layers in both directions.
    """
    check_positive(name, "outputs", outputs)
    check_positive(name, "width", width)
    check_positive(name, "depth", depth)
    check_rate(name, "dropout", dropout)
    check_rate(name, "recurrent_dropout", recurrent_dropout)
    check_choice(name, "read", read, ("rows", "pixels", "permuted"))
    check_tokens(name, vocabulary, outputs, tied)
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
        ran = call("body", as_steps(x, name, bool(vocabulary), read))
        y = ran.y if tied else call("head", call("dropout", ran.y))
        return Scanned(ran.carry, y) if each and isinstance(x, Sequence) else y

    return compose(wiring, body=body, **parts)


def _then_dropout(call, x):
    ran = call("body", x)
    return Scanned(ran.carry, call("dropout", ran.y))


def check_tokens(name: str, vocabulary: int, outputs: int, tied: bool) -> None:
    if not is_integer(vocabulary, 0):
        raise ValueError(f"{name}: vocabulary must be an integer of at least 0, got {vocabulary!r}")
    if tied and vocabulary != outputs:
        got = f"{outputs} outputs for a vocabulary of {vocabulary}" if vocabulary else "no token inputs"
        raise ValueError(
            f"{name}: tied output weights need a language model with one output per token, got {got}; omit tied"
        )


def as_steps(x: Any, name: str, tokens: bool, read: str) -> Sequence:
    """Converts an input to a `Sequence`: images by rows or pixels, anything else unchanged."""
    sequence = x if isinstance(x, Sequence) else Sequence(x)
    steps = sequence.x
    if tokens:
        return sequence
    if steps.ndim == 4:
        return sequence._replace(x=_read(steps, read))
    if steps.ndim != 3:
        raise ValueError(
            f"{name} expects (batch, time, features), images (batch, height, width, channels) or, with "
            f"vocabulary= set, tokens (batch, time); got shape {tuple(steps.shape)}"
        )
    return sequence


def _read(images: jax.Array, read: str) -> jax.Array:
    batch, height, width, channels = images.shape
    if read == "rows":
        return images.reshape(batch, height, width * channels)
    pixels = images.reshape(batch, height * width, channels)
    if read == "pixels":
        return pixels
    if height * width > _MOST_PERMUTED:
        raise ValueError(f"read permuted: images of at most {_MOST_PERMUTED:,} pixels, got {height} x {width}")
    # The same permutation for every model and run, so that results are comparable; raw bits are stable across numpy.
    return pixels[:, np.argsort(np.random.PCG64(0).random_raw(height * width), kind="stable")]
