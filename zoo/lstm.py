"""Long short-term memory: a recurrent network whose gated memory keeps what happened long ago.

Paper: Hochreiter & Schmidhuber 1997, Long short-term memory; forget gate: Gers, Schmidhuber & Cummins 2000.
Command: python -m zoo.train --model lstm
Expect: at least 97 % on the held-out fifth of digits, read row by row, in half a minute.
"""

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
    read: Literal["rows", "pixels", "permuted"] = "rows",
    peepholes: bool = False,
    layer_norm: bool = False,
) -> Layer:
    """Makes an LSTM: a sequence (batch, time, features), an image or tokens to `outputs` numbers.

    Args:
        outputs: classes, tokens, or numbers to predict.
        each: gives them at every step (tagging, language) instead of once. Given a `Sequence`, it then gives
            `Scanned(carry, y)`.
        vocabulary: above 0 the input is tokens (batch, time), of which there are so many.
        width: numbers in the memory of each layer, and in the embedding of a token.
        depth: how many layers, one upon another.
        dropout: share dropped between the layers and before the head, in training.
        read: how an image becomes a sequence; permuted is by pixels in a fixed random order.
        peepholes: lets the gates see the memory (Gers and Schmidhuber 2000).
        layer_norm: normalises the products in the cell (Ba et al. 2016).

    >>> import jax, jax.numpy as jnp
    >>> model, images = lstm(10, width=32), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), images)
    >>> model.apply(params, state, images)[0].shape
    (2, 10)
    """
    options = {"each": each, "vocabulary": vocabulary, "width": width, "depth": depth, "rate": dropout, "read": read}
    return recurrent("lstm", lambda n: lstm_cell(n, peepholes=peepholes, layer_norm=layer_norm), outputs, **options)
