"""Gated recurrent unit: two gates in place of the LSTM's three, and no memory beside the output.

Paper: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.
Command: python -m zoo.train --model gru
Expect: at least 97 % on the held-out fifth of digits, read row by row, in half a minute.
"""

from functools import partial
from typing import Literal

from ._recurrent import recurrent
from .layers import Layer, gru_cell


def gru(
    outputs: int,
    *,
    each: bool = False,
    vocabulary: int = 0,
    width: int = 128,
    depth: int = 1,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    variational: bool = False,
    layer_norm: bool = False,
    tied: bool = False,
    remat: bool = False,
    read: Literal["rows", "pixels", "permuted"] = "rows",
    reset: Literal["after", "before"] = "after",
) -> Layer:
    """Makes a GRU: a sequence (batch, time, features), an image or tokens to `outputs` numbers.

    Args:
        outputs: classes, tokens, or numbers to predict.
        each: gives them at every step (tagging, language) instead of once. Given a `Sequence`, it then gives
            `Scanned(carry, y)`.
        vocabulary: above 0 the input is tokens (batch, time), of which there are so many.
        width: numbers in the memory of each layer, and in the embedding of a token.
        depth: how many layers, one upon another.
        dropout: share dropped between the layers and before the head, in training.
        recurrent_dropout: share of its own last output that a cell does not see, in training.
        variational: drops the same numbers at every step (Gal and Ghahramani 2016).
        layer_norm: normalises the products in the cell (Ba et al. 2016).
        tied: makes the logits by the embedding, transposed, and a bias (Press and Wolf 2017); for language.
        remat: keeps less for the backward pass and computes it again: long sequences fit, slower. It is the plain
            form, which has forward-mode derivatives too.
        read: how an image becomes a sequence; permuted is by pixels in a fixed random order.
        reset: where the reset gate acts: before the product, as published, or after it, which is faster.

    >>> import jax, jax.numpy as jnp
    >>> model, images = gru(10, width=32), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), images)
    >>> model.apply(params, state, images)[0].shape
    (2, 10)
    """
    return recurrent(
        "gru",
        partial(gru_cell, reset=reset),
        outputs,
        each=each,
        vocabulary=vocabulary,
        width=width,
        depth=depth,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        variational=variational,
        layer_norm=layer_norm,
        tied=tied,
        remat=remat,
        read=read,
    )
