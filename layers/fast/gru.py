"""GRU gates (reset after the product) with a hand-written derivative; the plain form is `gru_cell`."""

import jax
import jax.numpy as jnp

from .chunked import Gates, chunked

__all__ = ["chunked_gru"]


def _step(params, u, r, carry):
    u = u + params["b"]
    width = u.shape[-1] // 3
    reset, update = jnp.split(jax.nn.sigmoid(u[:, : 2 * width] + r[:, : 2 * width]), 2, axis=-1)
    recurrent = r[:, 2 * width :] + params["b_h"]
    candidate = jnp.tanh(u[:, 2 * width :] + reset * recurrent)
    return (candidate + update * (carry[0] - candidate),), (reset, update, candidate, recurrent)


def _back(params, saved, before, after, d_carry):
    reset, update, candidate, recurrent = saved
    (d_h,) = d_carry
    d_n = d_h * (1 - update) * (1 - candidate * candidate)
    d_r = d_n * recurrent * reset * (1 - reset)
    d_z = d_h * (before[0] - candidate) * update * (1 - update)
    d_u = jnp.concatenate([d_r, d_z, d_n], axis=-1)
    return (d_h * update,), d_u, jnp.concatenate([d_r, d_z, d_n * reset], axis=-1)


def _biases(d_u, d_r):
    return {"b": d_u.sum((0, 1)), "b_h": d_r[..., 2 * d_r.shape[-1] // 3 :].sum((0, 1))}


chunked_gru = chunked(Gates(_step, _back, _biases))
