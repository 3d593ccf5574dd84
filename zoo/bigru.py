"""Bidirectional GRU: one GRU reads the sequence forward, another one backward.

Paper: Schuster & Paliwal 1997, Bidirectional recurrent neural networks; GRU: Cho et al. 2014.
Command: python -m zoo.train --model bigru
Chart: kin of BiRNN; input (features) -> gated memory (width) | gated memory (width) x depth -> output
Expect: at least 99 % accuracy at tagging each coin of a sequence with the coin three steps later, which a one-way
network cannot predict; 10 s.
About: Both states of a step are joined, so that every output depends on the whole sequence. Gates let both directions
reach far.
Equations: h_t = GRU(x_t, h_{t-1}); g_t = GRU'(x_t, g_{t+1}); y_t = [h_t, g_t] V + c
Limits: It needs the whole sequence before the first output, so that it cannot forecast or write text.
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
    """Builds a bidirectional GRU for sequences, images or tokens.

    Maps (batch, time, features), (batch, height, width, channels) or tokens (batch, time) to (batch, outputs).

    Args:
        outputs: number of classes or values to predict.
        each: outputs at every step (tagging) instead of after the last; a `Sequence` then gives `Scanned(carry, y)`.
        vocabulary: number of distinct tokens of integer inputs (batch, time); 0: the inputs are not tokens.
        width: hidden units of each layer in each direction; also the size of token embeddings.
        depth: number of stacked recurrent layers.
        dropout: share of units dropped between layers and before the head in training (0 to 1).
        recurrent_dropout: share of the previous hidden state dropped in training (0 to 1).
        variational: one dropout mask for all time steps (Gal and Ghahramani 2016).
        layer_norm: layer normalisation of the matrix products in the cell (Ba et al. 2016).
        remat: recomputation of activations in the backward pass, for long sequences: less memory, more time; also
            supports forward-mode differentiation.
        read: order of reading an image as a sequence (permuted: pixels in a fixed random order).
        reset: position of the reset gate: before the recurrent product, as published, or after it, which is faster.

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
