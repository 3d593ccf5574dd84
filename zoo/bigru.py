"""Bidirectional GRU: every step knows what came before it and what comes after.

Paper: Schuster & Paliwal 1997, Bidirectional recurrent neural networks; GRU: Cho et al. 2014.
Command: python -m zoo.train --model bigru
Expect: at least 99 % where every coin of a row is tagged with the third after it, which no one-way net can tell; 10 s.
"""

from functools import partial
from typing import Literal

from ._recurrent import recurrent
from .layers import Layer, gru_cell


def bigru(
    outputs: int,
    *,
    each: bool = False,
    vocabulary: int = 0,
    width: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    variational: bool = False,
    layer_norm: bool = False,
    remat: bool = False,
    read: Literal["rows", "pixels", "permuted"] = "rows",
    reset: Literal["after", "before"] = "after",
) -> Layer:
    """Makes a bidirectional GRU: a sequence (batch, time, features), an image or tokens to `outputs` numbers.

    Args:
        outputs: classes, or numbers to predict.
        each: gives them at every step (tagging) instead of once. Given a `Sequence`, it then gives
            `Scanned(carry, y)`.
        vocabulary: above 0 the input is tokens (batch, time), of which there are so many.
        width: numbers in the memory of each layer in each direction, and in the embedding of a token.
        depth: how many layers, one upon another.
        dropout: share dropped between the layers and before the head, in training.
        recurrent_dropout: share of its own last output that a cell does not see, in training.
        variational: drops the same numbers at every step (Gal and Ghahramani 2016).
        layer_norm: normalises the products in the cell (Ba et al. 2016).
        remat: keeps less for the backward pass and computes it again: long sequences fit, slower. It is the plain
            form, which has forward-mode derivatives too.
        read: how an image becomes a sequence; permuted is by pixels in a fixed random order.
        reset: where the reset gate acts: before the product, as published, or after it, which is faster.

    >>> import jax, jax.numpy as jnp
    >>> model, images = bigru(10, width=32), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), images)
    >>> model.apply(params, state, images)[0].shape
    (2, 10)
    """
    return recurrent(
        "bigru",
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
        remat=remat,
        read=read,
        both=True,
    )
