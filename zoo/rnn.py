"""Recurrent network (Elman): a hidden layer that also sees what it was a step before.

Paper: Elman 1990, Finding structure in time.
Command: python -m zoo.train --model rnn
Expect: at least 95 % on the held-out fifth of digits, read row by row, in half a minute.
"""

from functools import partial
from typing import Literal

from ._recurrent import recurrent
from .layers import Activation, Layer, rnn_cell


def rnn(
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
    activation: Activation = "tanh",
) -> Layer:
    """Makes a plain recurrent network: a sequence (batch, time, features), an image or tokens to `outputs` numbers.

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
        activation: what each step's sum passes through, by name.

    >>> import jax, jax.numpy as jnp
    >>> model, images = rnn(10, width=32), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), images)
    >>> model.apply(params, state, images)[0].shape
    (2, 10)
    """
    return recurrent(
        "rnn",
        partial(rnn_cell, activation=activation),
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
