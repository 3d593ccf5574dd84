"""Arithmetic of a restricted Boltzmann machine: free energy, Gibbs sampling and the partition function.

Energy of binary visible units: E(v, h) = -a v - b h - v W h. Of Gaussian visible units with the variance s2:
E(v, h) = |v - a|^2 / (2 s2) - b h - v W h. Hidden units are binary. Energies are computed in float32 with products of
full precision on every device.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Machine", "annealed", "clamped", "enumerable", "enumerated", "free_energy", "gibbs", "independent"]

_LARGEST = 20  # units whose states are enumerated
_TERMS = 1 << 27  # numbers that an enumeration computes at most
_BLOCK = 10  # units whose states are enumerated at a time
_SPANS = ((0.5, 1), (0.9, 8), (1.0, 20))  # share of the temperatures up to each inverse temperature, in parts of 29


class Machine(NamedTuple):
    """Parameters of a restricted Boltzmann machine.

    Attributes:
        w: weights (visible, hidden).
        a: biases of the visible units, of Gaussian ones their means without hidden units (visible,).
        b: biases of the hidden units (hidden,).
        variance: variance of Gaussian visible units; None: they are binary.
    """

    w: jax.Array
    a: jax.Array
    b: jax.Array
    variance: Any = None


_product = partial(jnp.matmul, precision="highest")


def _field(a: jax.Array, variance: Any, v: jax.Array) -> jax.Array:
    """Computes the logarithm of the unnormalised density (batch,) that the biases alone give."""
    if variance is None:
        return _product(v, a)
    return -jnp.sum(jnp.square(v - a), axis=-1) / (2 * variance)


def free_energy(machine: Machine, v: jax.Array, inputs: jax.Array | None = None) -> jax.Array:
    """Computes F(v) = -log sum_h exp(-E(v, h)) (batch,), in nats.

    Args:
        machine: the parameters.
        v: states of the visible units (batch, visible).
        inputs: `v @ w + b`, where it is known.
    """
    inputs = _product(v, machine.w) + machine.b if inputs is None else inputs
    return -_field(machine.a, machine.variance, v) - jnp.sum(jax.nn.softplus(inputs), axis=-1)


def _hidden(key: jax.Array, inputs: jax.Array) -> jax.Array:
    return jax.random.bernoulli(key, jax.nn.sigmoid(inputs)).astype(inputs.dtype)


def _visible(key: jax.Array, inputs: jax.Array, variance: Any) -> jax.Array:
    """Samples visible units from their logits, or from their means."""
    if variance is None:
        return _hidden(key, inputs)
    return inputs + variance**0.5 * jax.random.normal(key, inputs.shape)


def independent(machine: Machine, base: jax.Array, key: jax.Array, count: int) -> jax.Array:
    """Samples visible units (count, visible) that depend on nothing, from their logits or means (visible,)."""
    return _visible(key, jnp.tile(base, (count, 1)), machine.variance)


def _drive(machine: Machine, h: jax.Array) -> jax.Array:
    """Computes what hidden states add to the logits or means of the visible units."""
    return (h @ machine.w.T) * (1 if machine.variance is None else machine.variance)


def gibbs(machine: Machine, v: jax.Array, key: jax.Array, sweeps: Any) -> jax.Array:
    """Returns visible states (chains, visible) after some sweeps of block Gibbs sampling from `v`."""

    def sweep(i, v):
        up, down = jax.random.split(jax.random.fold_in(key, i))
        h = _hidden(up, v @ machine.w + machine.b)
        return _visible(down, machine.a + _drive(machine, h), machine.variance)

    single = isinstance(sweeps, int) and sweeps == 1
    return sweep(0, v) if single else jax.lax.fori_loop(0, sweeps, sweep, v)


def clamped(
    machine: Machine, v: jax.Array, known: jax.Array, base: jax.Array, key: jax.Array, sweeps: int
) -> jax.Array:
    """Computes the mean of the visible units (batch, visible) given some of them, by Gibbs sampling of the others.

    The inverse temperature rises to 1 in the first half of the sweeps, so that a chain does not stay where it began.

    Args:
        machine: the parameters.
        v: states of the visible units, of which the unknown ones do not count (batch, visible).
        known: 1 for units that keep their state, 0 for the others (visible,).
        base: biases of independent visible units, from which the others begin (visible,).
        key: PRNG key.
        sweeps: number of sweeps; the second half of them enters the mean.
    """
    half = sweeps // 2

    def sweep(carry, i):
        v, total = carry
        up, down = jax.random.split(jax.random.fold_in(key, i))
        beta = jnp.minimum(i / half, 1)
        h = _hidden(up, beta * (v @ machine.w + machine.b))
        inputs = (1 - beta) * base + beta * (machine.a + _drive(machine, h))
        mean = jax.nn.sigmoid(inputs) if machine.variance is None else inputs
        total = total + jnp.where(i >= half, mean, 0)
        return (jnp.where(known > 0, v, _visible(down, inputs, machine.variance)), total), None

    first = jnp.where(known > 0, v, independent(machine, base, jax.random.fold_in(key, sweeps), len(v)))
    (_, total), _ = jax.lax.scan(sweep, (first, jnp.zeros_like(v)), jnp.arange(sweeps))
    return jnp.where(known > 0, v, total / (sweeps - half))


def enumerable(machine: Machine) -> bool:
    """Returns whether the states of one side are few enough for the exact partition function."""
    visible, hidden = machine.w.shape
    if machine.variance is None and visible < hidden:
        visible, hidden = hidden, visible
    return hidden <= _LARGEST and visible << hidden <= _TERMS


def enumerated(machine: Machine) -> jax.Array:
    """Computes the logarithm of the partition function exactly, from all states of one side.

    Blocks of 1,024 states are summed by their own largest term, so that float32 keeps six digits of the sum.

    >>> log_z = enumerated(Machine(jnp.zeros((3, 2)), jnp.zeros(3), jnp.zeros(2)))
    >>> round(float(log_z / jnp.log(2)), 4)
    5.0
    """
    if machine.variance is None and machine.w.shape[0] < machine.w.shape[1]:
        machine = Machine(machine.w.T, machine.b, machine.a)
    count = machine.w.shape[1]
    low = min(count, _BLOCK)

    def bits(number, length):
        return ((number[..., None] >> jnp.arange(length)) & 1).astype(machine.w.dtype)

    def block(high):
        h = jnp.concatenate([bits(jnp.arange(1 << low), low), jnp.tile(bits(high, count - low), (1 << low, 1))], axis=1)
        inputs = _product(h, machine.w.T)
        if machine.variance is None:
            each = jnp.sum(jax.nn.softplus(machine.a + inputs), axis=1)
        else:
            each = _product(inputs, machine.a) + machine.variance / 2 * jnp.sum(jnp.square(inputs), axis=1)
        return jax.nn.logsumexp(each + _product(h, machine.b))

    sums = jax.lax.map(block, jnp.arange(1 << (count - low)))
    return jax.nn.logsumexp(sums) + _log_gaussian(machine)


def _log_gaussian(machine: Machine) -> Any:
    """Computes the logarithm of the integral of the density that the biases of Gaussian units alone give."""
    return 0.0 if machine.variance is None else len(machine.a) / 2 * jnp.log(2 * jnp.pi * machine.variance)


def annealed(
    machine: Machine, base: jax.Array, key: jax.Array, chains: int, temperatures: int
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Estimates the logarithm of the partition function by annealed importance sampling.

    Chains begin with independent visible units and pass through machines of rising inverse temperature; the estimate of
    the partition function is unbiased. Source: Neal 2001; Salakhutdinov & Murray 2008, On the quantitative analysis of
    deep belief networks, from which the spacing of the temperatures is, too.

    Args:
        machine: the parameters.
        base: biases of the visible units at first (visible,): logits of the rates of the data, or their means.
        key: PRNG key.
        chains: number of chains; memory grows with it, in arrays (chains, visible) and (chains, hidden).
        temperatures: number of steps from the first machine to the last.

    Returns:
        The estimate, its standard error (), and the visible states of the chains at the end (chains, visible).
    """
    betas, variance = _betas(temperatures), machine.variance

    def step(carry, beta):
        i, v, total, lost = carry
        before, now = beta
        up, down = jax.random.split(jax.random.fold_in(key, i))
        inputs = _product(v, machine.w) + machine.b
        gain = jnp.sum(jax.nn.softplus(now * inputs) - jax.nn.softplus(before * inputs), axis=1)
        gain += (now - before) * (_field(machine.a, variance, v) - _field(base, variance, v))
        summand = gain - lost  # compensated: thousands of small terms are added to a large sum
        new = total + summand
        lost = (new - total) - summand
        h = _hidden(up, now * inputs)
        v = _visible(down, (1 - now) * base + now * (machine.a + _drive(machine, h)), variance)
        return (i + 1, v, new, lost), None

    first = independent(machine, base, jax.random.fold_in(key, temperatures), chains)
    start = (0, first, jnp.zeros(chains), jnp.zeros(chains))
    (_, v, weights, _), _ = jax.lax.scan(step, start, (betas[:-1], betas[1:]))
    known = jnp.sum(jax.nn.softplus(base)) if variance is None else _log_gaussian(machine)
    top = jnp.max(weights)
    shares = jnp.exp(weights - top)
    mean = jnp.mean(shares)
    error = jnp.std(shares) / mean / max(chains - 1, 1) ** 0.5
    return known + len(machine.b) * jnp.log(2.0) + top + jnp.log(mean), error, v


def _betas(count: int) -> jax.Array:
    """Returns inverse temperatures (count + 1,) from 0 to 1, close to each other near 1."""
    ends, shares = zip(*_SPANS, strict=True)
    places = jnp.cumsum(jnp.array((0, *shares), jnp.float32)) / sum(shares)
    return jnp.interp(jnp.linspace(0, 1, count + 1), places, jnp.array((0.0, *ends)))
