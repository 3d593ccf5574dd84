"""Cell of leaky integrate-and-fire units. `scan` runs it over time."""

from collections.abc import Sequence
from math import exp

import jax
import jax.numpy as jnp
import numpy as np

from .cells import Cell, check_step, stateless_cell
from .checks import check_number, is_integer
from .precision import promote_float32

__all__ = ["lif_cell"]

_STEEPNESS = 25.0  # of the gradient (Zenke and Ganguli 2018 take 1/mV, over a range of 15 to 25 mV)


def lif_cell(
    *,
    membrane: float = 20.0,
    threshold: float = 1.0,
    reset: float = 0.0,
    refractory: int | Sequence[int] = 0,
) -> Cell:
    """Builds leaky integrate-and-fire units: input currents (batch, units), output spikes 0 or 1 (batch, units).

    The potential `v = d v + (1 - d) x_t` with `d = exp(-1 / membrane)` tends to a constant current. A unit with `v` at
    or above the threshold spikes, and its potential stays at `reset` for `refractory` further steps, in which currents
    have no effect. The carry is `(v, steps of refractory time left)`. There are no parameters: a dense layer before
    it has the weights. In place of the derivative of a step, which is 0, gradients use `1 / (1 + 25 |u|)^2`, where u is
    `v - threshold` in units of `threshold - reset` (Zenke & Ganguli 2018, SuperSpike).

    Args:
        membrane: time constant of the potential in steps.
        threshold: potential at which a unit spikes.
        reset: potential after a spike and at the start, below the threshold.
        refractory: refractory time in steps, one for all units or one for each.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import lif_cell, scan
    >>> units = scan(lif_cell(membrane=2.0, refractory=1))
    >>> units.apply({}, {}, jnp.full((1, 8, 1), 2.0))[0].ravel().tolist()
    [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]
    """
    check_number("lif_cell", "membrane", membrane, above=True)
    check_number("lif_cell", "threshold", threshold, least=reset, above=True)
    waits = np.asarray(refractory)
    if waits.ndim > 1 or not all(is_integer(each, 0) for each in waits.ravel()):
        raise ValueError(f"lif_cell: refractory must be an integer of at least 0, or one for each unit, got {waits!r}")
    keep = exp(-1 / membrane)

    def start(params, x):
        return promote_float32(jnp.full_like(x, reset)), jnp.zeros(x.shape, jnp.int32)

    def step(params, carry, x, key):
        check_step("lif_cell", x)
        (v, left), x_t = carry, promote_float32(x)
        if v.shape != x.shape or (waits.ndim and waits.shape != x.shape[1:]):
            raise ValueError(f"lif_cell: expected currents {v.shape}, refractory times {waits.shape}, got {x.shape}")
        v = jnp.where(left > 0, reset, keep * v + (1 - keep) * x_t)
        spikes = _spike((v - threshold) / (threshold - reset))
        v = jnp.where(spikes > 0, reset, v)
        left = jnp.where(spikes > 0, waits, jnp.maximum(left - 1, 0)).astype(jnp.int32)
        return (v, left), spikes.astype(x.dtype)

    return stateless_cell(lambda key, x: check_step("lif_cell", x) or {}, step, start)


@jax.custom_jvp
def _spike(u: jax.Array) -> jax.Array:
    """Returns 1 where u is at least 0, else 0."""
    return (u >= 0).astype(u.dtype)


@_spike.defjvp
def _(primals, tangents):
    (u,), (change,) = primals, tangents
    return _spike(u), change / jnp.square(1 + _STEEPNESS * jnp.abs(u))
