"""Boltzmann machine: random binary units, visible and hidden, with symmetric connections among all of them.

Paper: Ackley, Hinton & Sejnowski 1985, A learning algorithm for Boltzmann machines.
Command: python -m zoo.train --model boltzmann
Chart: BM; ring of backfed input (inputs) and probabilistic hidden (hidden)
Expect: a code of its own for each of the 4 patterns of the 4-2-4 encoder, and a log-likelihood of at least -1.8 nats
(-1.386 is the best possible), in seconds.
About: Units switch on with a probability that their neighbours decide, until the machine is in thermal equilibrium.
Weights learn from the difference between the correlations with data and without.
Equations: P(s) = exp(-E(s)) / Z, E = -1/2 s' W s - b' s; dW = <s s'>_data - <s s'>_model
Limits: Equilibrium takes long to reach, so that learning is slow and noisy beyond a few dozens of units; the machine
of the zoo enumerates small ones exactly.
"""

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .layers import flatten, serial, stateless
from .layers.checks import check_features, check_number, check_positive

_LARGEST = 16  # units whose states are enumerated
_SPREAD = 0.1  # standard deviation of the weights at first
_SWEEPS = 100  # of a sample from a random state, half of them at temperature 1


class Boltzmann(NamedTuple):
    """Model of the probability of binary patterns, with the capabilities of `density` and of Boltzmann learning.

    A state s (..., units) of 0 and 1, the visible units first, has the energy E(s) = -1/2 s.W s - b.s.

    Attributes:
        init: as of a `Layer`; params are `{"machine": {"w": (units, units), "b": (units,)}}`, w symmetric with a
            diagonal of 0.
        apply: as of a `Layer`; gives log-probabilities (batch,), -inf where a value is neither 0 nor 1.
        log_prob: `(params, state, x, key=None) -> (batch,)`, exact, by enumeration of all states.
        sample: `(params, state, key, n) -> (n, ...)`, by simulated annealing from random states.
        anneal: `(params, s, key, temperatures, clamped) -> s`: Gibbs sampling of states (chains, units), one sweep over
            the units at each temperature (sweeps,); the first `clamped` units keep their state.
        statistics: `(params, v=None) -> (units,), (units, units)`, exact means of s_i and s_i s_j: of the free machine,
            or with the visible units clamped to each of the patterns v (batch, visible).
        codes: `(params, v) -> (batch, 2^hidden)`, exact probabilities of the states of the hidden units, the first of
            them as the lowest bit, given the visible ones.
        connected: 1 where two units are connected, else 0, float32 (units, units).
        visible: number of visible units.
        hidden: number of hidden units.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    log_prob: Callable[..., jax.Array]
    sample: Callable[..., jax.Array]
    anneal: Callable[..., jax.Array]
    statistics: Callable[..., tuple[jax.Array, jax.Array]]
    codes: Callable[[Any, jax.Array], jax.Array]
    connected: np.ndarray
    visible: int
    hidden: int


def boltzmann(shape: tuple[int, ...], *, hidden: int = 2, groups: int = 1, temperature: float = 4.0) -> Boltzmann:
    """Builds a Boltzmann machine of binary patterns, whose values are 0 and 1.

    Args:
        shape: shape of a pattern.
        hidden: number of hidden units.
        groups: number of equal groups of visible units between which there are no direct connections, so that only the
            hidden units can relate them; 1: all units are connected.
        temperature: temperature at which the annealing of samples begins; it ends at 1.

    >>> import jax, jax.numpy as jnp
    >>> model = boltzmann((3,), hidden=1)
    >>> params = {"machine": {"w": jnp.zeros((4, 4)), "b": jnp.zeros(4)}}
    >>> model.log_prob(params, {}, jnp.array([[0.0, 1, 1]])).round(3).tolist()  # one of eight: -log 8
    [-2.0789999961853027]
    """
    visible = prod(shape)
    check_positive("boltzmann", "hidden", hidden)
    _check_size(visible, hidden)
    check_number("boltzmann", "temperature", temperature, least=1.0)
    if check_positive("boltzmann", "groups", groups) and visible % groups:
        raise ValueError(
            f"boltzmann: {visible} visible units cannot be divided into {groups} equal groups (--m.groups)"
        )
    connected = _connected(visible, hidden, groups)
    net = serial(flatten, machine=_machine(visible, connected))

    def log_prob(params, state, x, key=None):
        v = flatten(x)
        there = jnp.all((v == 0) | (v == 1) | jnp.isnan(v), axis=1)  # anything else has the probability 0
        with jax.default_matmul_precision("highest"):  # energies of all states are compared
            return jnp.where(there, net.apply(params, {}, x)[0], -jnp.inf)

    def sample(params, state, key, n):
        first, later = jax.random.split(key)
        s = jax.random.bernoulli(first, 0.5, (n, visible + hidden)).astype(jnp.float32)
        falling = jnp.geomspace(temperature, 1.0, _SWEEPS // 2)
        temperatures = jnp.concatenate([falling, jnp.ones(_SWEEPS // 2)])
        return _anneal(params, s, later, temperatures)[:, :visible].reshape(n, *shape)

    def codes(params, v):
        with jax.default_matmul_precision("highest"):
            return jax.nn.softmax(_given_visible(params["machine"], v, visible), axis=1)

    return Boltzmann(
        lambda key, x: (net.init(key, x)[0], {}),
        lambda params, state, x, key=None: (log_prob(params, state, x), state),
        log_prob, sample, _anneal, partial(_statistics, visible), codes, connected, visible, hidden,
    )  # fmt: skip


def _connected(visible: int, hidden: int, groups: int) -> np.ndarray:
    group = np.arange(visible) // (visible // groups)
    connected = np.ones((visible + hidden,) * 2, np.float32)
    connected[:visible, :visible] = group[:, None] == group
    return connected * (1 - np.eye(visible + hidden, dtype=np.float32))


def _machine(visible: int, connected: np.ndarray):
    """Builds the layer from visible states (batch, visible) to log-probabilities (batch,)."""
    units = len(connected)

    def make(key, x):
        upper = jnp.triu(_SPREAD * jax.random.normal(key, (units, units)), 1)
        return {"w": (upper + upper.T) * connected, "b": jnp.zeros(units)}

    def apply(params, x):
        check_features(f"machine({units} units)", visible, x)
        joint = _given_visible(params, _states(visible), visible)
        return jax.nn.logsumexp(_given_visible(params, x, visible), axis=1) - jax.nn.logsumexp(joint)

    return stateless(make, apply)


def _check_size(visible: int, hidden: int) -> None:
    if visible + hidden > _LARGEST:
        raise ValueError(
            f"boltzmann: the exact probability sums over the states of all units, of which there can be {_LARGEST} at "
            f"most; these are {visible} visible and {hidden} hidden: use smaller patterns or fewer of --m.hidden"
        )


def _states(units: int) -> jax.Array:
    """Returns all states (2^units, units) of 0 and 1, the first unit as the lowest bit."""
    return ((jnp.arange(1 << units)[:, None] >> jnp.arange(units)) & 1).astype(jnp.float32)


def _given_visible(params: dict, v: jax.Array, visible: int) -> jax.Array:
    """Computes -E (batch, 2^hidden) of visible states (batch, visible) with each state of the hidden units."""
    w, b = params["w"], params["b"]
    h = _states(len(b) - visible)
    within_v = 0.5 * jnp.sum(v @ w[:visible, :visible] * v, axis=1) + v @ b[:visible]
    within_h = 0.5 * jnp.sum(h @ w[visible:, visible:] * h, axis=1) + h @ b[visible:]
    return within_v[:, None] + v @ w[:visible, visible:] @ h.T + within_h


def _statistics(visible: int, params: dict, v: jax.Array | None = None) -> tuple[jax.Array, jax.Array]:
    machine = params["machine"]
    with jax.default_matmul_precision("highest"):
        given = _states(visible) if v is None else v
        joint = _given_visible(machine, given, visible)
        weight = jax.nn.softmax(joint, axis=(0, 1) if v is None else 1) / (1 if v is None else len(v))
        s = [jnp.repeat(given, joint.shape[1], axis=0), jnp.tile(_states(len(machine["b"]) - visible), (len(given), 1))]
        s = jnp.concatenate(s, axis=1)
        return weight.reshape(-1) @ s, (s * weight.reshape(-1, 1)).T @ s


def _anneal(params: dict, s: jax.Array, key: jax.Array, temperatures: jax.Array, clamped: int = 0) -> jax.Array:
    """Samples one unit after another, in one sweep for each temperature."""
    w, b = params["machine"]["w"], params["machine"]["b"]

    def sweep(s, now):
        i, temperature = now
        draws = jax.random.uniform(jax.random.fold_in(key, i), s.shape)

        def update(unit, s):
            on = draws[unit] < jax.nn.sigmoid((w[unit] @ s + b[unit]) / temperature)
            return s.at[unit].set(on.astype(s.dtype))

        return jax.lax.fori_loop(clamped, len(s), update, s), None

    return jax.lax.scan(sweep, s.T, (jnp.arange(len(temperatures)), temperatures))[0].T
