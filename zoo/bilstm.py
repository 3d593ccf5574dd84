"""Bidirectional LSTM: every step knows what came before it and what comes after.

Paper: Schuster & Paliwal 1997, Bidirectional recurrent neural networks;
    with LSTM: Graves & Schmidhuber 2005, Framewise phoneme classification.
Command: python -m zoo.train --model bilstm
Expect: at least 99 % where every coin of a row is tagged with the third after it, which no one-way net can tell; 10 s.
"""

from functools import partial
from typing import Literal

from ._recurrent import recurrent
from .layers import Layer, lstm_cell


def bilstm(
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
    forget_bias: float = 1.0,
    peepholes: bool = False,
    projection: int | None = None,
) -> Layer:
    """Makes a bidirectional LSTM: a sequence (batch, time, features), an image or tokens to `outputs` numbers.

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
        forget_bias: what the forget gates' bias starts from (Jozefowicz et al. 2015).
        peepholes: lets the gates see the memory (Gers and Schmidhuber 2000).
        projection: numbers that each layer hands on, and in the embedding, in place of `width` (Sak et al. 2014).

    >>> import jax, jax.numpy as jnp
    >>> model, images = bilstm(10, width=32), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), images)
    >>> model.apply(params, state, images)[0].shape
    (2, 10)
    """
    return recurrent(
        "bilstm",
        partial(lstm_cell, forget_bias=forget_bias, peepholes=peepholes, projection=projection),
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
        features=projection,
        both=True,
    )
