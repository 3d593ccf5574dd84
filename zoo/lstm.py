"""Long short-term memory: a recurrent network whose gated cell state preserves information over many steps.

Paper: Hochreiter & Schmidhuber 1997, Long short-term memory; forget gate: Gers, Schmidhuber & Cummins 2000.
Command: python -m zoo.train --model lstm
Chart: LSTM; input (features) -> memory (width) x depth -> output
Expect: at least 97 % on the held-out fifth of digits, read row by row, in half a minute.
About: Gates decide what is written into the cell, kept and shown. As the cell is added to instead of multiplied, its
gradient passes hundreds of steps.
Equations: f, i, o = sigmoid(x_t W + h_{t-1} U + b); c_t = f c_{t-1} + i tanh(x_t W_c + h_{t-1} U_c + b_c); h_t = o
tanh(c_t)
Limits: It reads step by step, so that long sequences take time, and a cell of fixed size loses what exceeds its
number of units. It cannot use what comes later (see bilstm).
"""

from functools import partial
from typing import Literal

from ._recurrent import recurrent
from .layers import Layer, lstm_cell


def lstm(
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
    forget_bias: float = 1.0,
    peepholes: bool = False,
    projection: int | None = None,
) -> Layer:
    """Builds an LSTM for sequences, images or tokens.

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
        forget_bias: initial bias of the forget gate (Jozefowicz et al. 2015).
        peepholes: connections from the cell state to the gates (Gers and Schmidhuber 2000).
        projection: size of each layer's output and of token embeddings, instead of `width` (Sak et al. 2014).

    >>> import jax, jax.numpy as jnp
    >>> model, images = lstm(10, width=32), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), images)
    >>> model.apply(params, state, images)[0].shape
    (2, 10)
    """
    return recurrent(
        "lstm",
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
        tied=tied,
        remat=remat,
        read=read,
        features=projection,
    )
