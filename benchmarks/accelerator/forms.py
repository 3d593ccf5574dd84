"""Other forms of layers of the zoo that may be faster on an accelerator, with the same parameters and results.

They are candidates: `candidates.py` measures them in a training step against the zoo's own.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp

from zoo.layers import Layer, Scanned, lstm_cell, scan
from zoo.layers.convolve import convolve
from zoo.layers.sequence import Rows, as_sequence, look_up

__all__ = ["attention_of_jax", "cudnn_lstm", "hoisted_lstm", "padded_channels", "replaced"]

_WIDE = 8  # channels that the matrix units of NVIDIA GPUs take at once


@contextmanager
def replaced(module: str, name: str, by: Any) -> Iterator[None]:
    """Replaces a function of a module while a program is traced."""
    # The package exports functions under the names of some of its modules.
    there = sys.modules[module]
    before = getattr(there, name)
    setattr(there, name, by)
    try:
        yield
    finally:
        setattr(there, name, before)


def hoisted_lstm(width: int) -> Layer:
    """Builds `scan(lstm_cell(width), return_carry=True)` with the input products of all steps computed before the loop.

    Inputs are (batch, time, features) or embedded tokens; all rows have the full length.
    """
    own = scan(lstm_cell(width), return_carry=True)

    def apply(params, state, x, key=None):
        sequence = as_sequence(x)
        u = jnp.swapaxes(_projected(sequence.x, params["w_x"]), 0, 1) + params["b"]
        start = _start(sequence, u.shape[1], width)

        def step(carry, u_t):
            i, f, g, o = jnp.split(u_t + carry[0] @ params["w_h"], 4, axis=-1)
            c = jax.nn.sigmoid(f) * carry[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        carry, y = jax.lax.scan(step, start, u)
        return Scanned(carry, jnp.swapaxes(y, 0, 1)), state

    return Layer(own.init, apply)


def cudnn_lstm(width: int, run: Callable | None = None) -> Layer:
    """Builds the same layer by cuDNN's LSTM, which computes in float32 on NVIDIA GPUs only.

    Args:
        width: number of hidden units.
        run: function with the signature of `jax.experimental.rnn.lstm` without its precision; None: that one.
    """
    own = scan(lstm_cell(width), return_carry=True)

    def apply(params, state, x, key=None):
        from jax.experimental import rnn

        sequence = as_sequence(x)
        xs = look_up(sequence.x.table, sequence.x.ids) if isinstance(sequence.x, Rows) else sequence.x
        batch, time, features = xs.shape
        h, c = (leaf[None] for leaf in _start(sequence, batch, width))
        # cuDNN has two biases, which are only ever added.
        parts = params["w_x"].T, params["w_h"].T, params["b"], jnp.zeros_like(params["b"])
        weights = jnp.concatenate([part.ravel() for part in parts])
        lengths = jnp.full(batch, time, jnp.int32)
        lstm: Any = run or rnn.lstm
        y, h, c = lstm(xs, h, c, weights, lengths, features, width, 1, 0.0, False)
        return Scanned((h[0], c[0]), y), state

    return Layer(own.init, apply)


def attention_of_jax(implementation: Literal["xla", "cudnn"]) -> Callable:
    """Returns `zoo.layers.attend.attended` by `jax.nn.dot_product_attention`, for windows without earlier ones.

    Args:
        implementation: "xla", or "cudnn" in half precision on NVIDIA GPUs only.
    """
    run = partial(jax.nn.dot_product_attention, is_causal=True, implementation=implementation)

    def attended(q, k, v, valid, context, weigh=False):
        parts = (jnp.swapaxes(each, 1, 2) for each in (q, k, v))
        return jnp.swapaxes(run(*parts), 1, 2), None

    return attended


def padded_channels(x: jax.Array, w: jax.Array, *, groups: int = 1, **options: Any) -> jax.Array:
    """Computes `zoo.layers.convolve.convolve` with input and output channels padded to multiples of 8."""
    if groups > 1:
        return convolve(x, w, groups=groups, **options)
    more, wider = (-size % _WIDE for size in w.shape[-2:])
    x = jnp.pad(x, ((0, 0),) * (x.ndim - 1) + ((0, more),))
    w_padded = jnp.pad(w, ((0, 0),) * (w.ndim - 2) + ((0, more), (0, wider)))
    return convolve(x, w_padded, **options)[..., : w.shape[-1]]


def _projected(x: Any, w: jax.Array) -> jax.Array:
    return look_up(x.table @ w, x.ids) if isinstance(x, Rows) else x @ w


def _start(sequence: Any, batch: int, width: int) -> tuple[jax.Array, jax.Array]:
    """Returns the carry of a sequence, or zeros."""
    return sequence.carry if sequence.carry is not None else (jnp.zeros((batch, width)), jnp.zeros((batch, width)))
