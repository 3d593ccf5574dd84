"""Recurrent network (Elman): the hidden state at each step depends on the input and the previous hidden state.

Paper: Elman 1990, Finding structure in time.
Command: python -m zoo.train --model rnn
Chart: RNN; input (features) -> recurrent (width) x depth -> output
Expect: at least 95 % on the held-out fifth of digits, read row by row, in half a minute.
About: The same weights are used at every step, so that sequences of any length can be read. What it has read is
summed up in the hidden state.
Equations: h_t = tanh(x_t W + h_{t-1} U + b); y = h_T V + c
Limits: The gradient is multiplied by U at every step and vanishes within about twenty steps, or explodes: on the
adding problem it stays at the score of a constant, where LSTM and GRU solve it.
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
    """Builds a plain recurrent network for sequences, images or tokens.

    Maps (batch, time, features), (batch, height, width, channels) or tokens (batch, time) to (batch, outputs).

    Args:
        outputs: number of classes, tokens or values to predict.
        each: outputs at every step (tagging, language modelling) instead of after the last; a `Sequence` then gives
            `Scanned(carry, y)`.
        vocabulary: number of distinct tokens of integer inputs (batch, time); 0: the inputs are not tokens.
        width: hidden units of each layer; also the size of token embeddings.
        depth: number of stacked recurrent layers.
        dropout: share of units dropped between layers and before the head in training (0 to 1).
        recurrent_dropout: share of the previous hidden state dropped in training (0 to 1).
        variational: one dropout mask for all time steps (Gal and Ghahramani 2016).
        layer_norm: layer normalisation of the matrix products in the cell (Ba et al. 2016).
        tied: output layer that shares the token embedding's weights (Press and Wolf 2017), for language models.
        remat: recomputation of activations in the backward pass, for long sequences: less memory, more time; also
            supports forward-mode differentiation.
        read: order of reading an image as a sequence (permuted: pixels in a fixed random order).
        activation: activation function of the hidden state, by name.

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
