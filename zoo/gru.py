"""Gated recurrent unit: a recurrent network with a reset and an update gate, and no separate cell state.

Paper: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.
Command: python -m zoo.train --model gru
Chart: GRU; input (features) -> gated memory (width) x depth -> output
Expect: at least 97 % on the held-out fifth of digits, read row by row, in half a minute.
About: An update gate mixes the old state with a new one, which a reset gate lets forget. It has three quarters of the
weights of an LSTM of the same width.
Equations: z, r = sigmoid(x_t W + h_{t-1} U + b); n = tanh(x_t W_n + r (h_{t-1} U_n)); h_t = (1 - z) n + z h_{t-1}
Limits: As the LSTM, it reads step by step and keeps only what fits into its state; tasks that count steps are easier
for an LSTM.
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
    """Builds a GRU for sequences, images or tokens.

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
        reset: position of the reset gate: before the recurrent product, as published, or after it, which is faster.

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
