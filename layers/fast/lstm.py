"""The LSTM's gates with a derivative written by hand, for `chunked`. Plain: `lstm_cell`."""

import jax
import jax.numpy as jnp

from .chunked import Gates, chunked

__all__ = ["chunked_lstm"]


def _step(params, u, r, carry):
    i, f, g, o = jnp.split(u + r + params["b"], 4, axis=-1)
    i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    c = f * carry[1] + i * g
    squashed = jnp.tanh(c)
    return (o * squashed, c), (i, f, g, o, squashed)


def _back(params, saved, carry, d_carry):
    i, f, g, o, squashed = saved
    d_h, d_c = d_carry
    d_c = d_c + d_h * o * (1 - squashed * squashed)
    d_i = d_c * g * i * (1 - i)
    d_f = d_c * carry[1] * f * (1 - f)
    d_g = d_c * i * (1 - g * g)
    d_o = d_h * squashed * o * (1 - o)
    d_gates = jnp.concatenate([d_i, d_f, d_g, d_o], axis=-1)
    return (jnp.zeros_like(d_h), d_c * f), d_gates, d_gates


def _biases(d_u, d_r):
    return {"b": d_u.sum(0)}


chunked_lstm = chunked(Gates(_step, _back, _biases))
