"""The column of Maass, Natschlaeger and Markram 2002: leaky integrate-and-fire units and synapses on a grid.

Potentials are in mV, currents in nA (the input resistance is 1 MOhm), and a step is 1 ms. Tables have a row for the
type of the presynaptic unit and a column for that of the postsynaptic one: excitatory, inhibitory. The U, D and F of
synapses are drawn for each presynaptic unit and type of target, where the paper draws them for each synapse.
"""

from collections.abc import Sequence
from math import exp, prod

import jax
import jax.numpy as jnp
import numpy as np

from .layers import Cell, lif_cell, stateless_cell
from .layers.checks import check_features

__all__ = ["column", "connected", "filtered"]

_CHANCE = np.array([[0.3, 0.2], [0.4, 0.1]])  # C of C exp(-(D / reach)^2)
_AMPLITUDE = np.array([[30.0, 60.0], [-19.0, -19.0]])  # nA
_INPUT = np.array([18.0, 9.0])  # nA
_USE = np.array([[0.5, 0.05], [0.25, 0.32]])  # U: share of its resources that a synapse uses at a first spike
_DEPRESSION = np.array([[1100.0, 125.0], [700.0, 144.0]])  # D in ms: recovery of the resources
_FACILITATION = np.array([[50.0, 1200.0], [20.0, 60.0]])  # F in ms: decay of the raised use
_MEMBRANE, _THRESHOLD, _RESET, _BACKGROUND = 30.0, 15.0, 13.5, 13.5  # ms, mV, mV, nA
_REFRACTORY, _SYNAPSE = np.array([3, 2]), (3.0, 6.0)  # ms, of excitatory and inhibitory units
# Multiples of these have sums that are exact in float32 in any order: an example gives the same spikes in every batch.
_AMPLITUDES, _RELEASES = 1 / 8, 1 / 256


def connected(key: jax.Array, grid: Sequence[int], excitatory: int, reach: float) -> tuple[jax.Array, jax.Array]:
    """Draws the places of the units and the connections between them.

    Args:
        key: random key.
        grid: numbers of units along the axes.
        excitatory: number of excitatory units, which come first; their places on the grid are random.
        reach: distance at which the probability of a connection has fallen by a factor of e.

    Returns:
        Places (units, axes) and connections from row to column, bool (units, units); none from a unit to itself.
    """
    of_places, of_links = jax.random.split(key)
    places = jnp.asarray(np.indices(grid).reshape(len(grid), -1).T)
    places = jax.random.permutation(of_places, places)
    squares = jnp.sum(jnp.square(places[:, None] - places), axis=-1)
    kind = (np.arange(prod(grid)) >= excitatory).astype(int)
    chance = _CHANCE[kind[:, None], kind] * jnp.exp(-squares / reach**2)
    return places, (jax.random.uniform(of_links, chance.shape) < chance) & (squares > 0)


def column(
    grid: Sequence[int], excitatory: int, *, reach: float, share: float, drive: float, strength: float, plastic: bool
) -> Cell:
    """Builds the cell of a column: input spikes (batch, channels), output spikes (batch, units), excitatory ones first.

    Args:
        grid: numbers of units along the axes.
        excitatory: number of excitatory units.
        reach: distance at which the probability of a connection has fallen by a factor of e.
        share: share of the units that an input channel is connected to.
        drive: factor of the amplitudes of input synapses.
        strength: factor of the amplitudes of the other synapses.
        plastic: short-term plasticity; without it every spike has the effect of a first one.
    """
    units = prod(grid)
    kind = (np.arange(units) >= excitatory).astype(int)
    kinds = slice(0, excitatory), slice(excitatory, units)
    neurons = lif_cell(membrane=_MEMBRANE, threshold=_THRESHOLD, reset=_RESET, refractory=_REFRACTORY[kind].tolist())

    def init(key, x):
        reached = jax.random.bernoulli(jax.random.fold_in(key, 0), share, (x.shape[-1], units))
        links = connected(jax.random.fold_in(key, 1), grid, excitatory, reach)[1]
        params = {
            "w_x": _amplitudes(jax.random.fold_in(key, 2), drive * reached * _INPUT[kind]),
            "w_h": _amplitudes(jax.random.fold_in(key, 3), strength * links * _AMPLITUDE[kind[:, None], kind]),
            "potential": jax.random.uniform(jax.random.fold_in(key, 4), (units,), minval=_RESET, maxval=_THRESHOLD),
        }
        return params | _synapses(jax.random.fold_in(key, 5), kind, plastic)

    def start(params, x):
        none, resources = jnp.zeros((x.shape[0], units)), jnp.zeros((x.shape[0], 2, units))
        membranes = none + params["potential"], jnp.zeros(none.shape, jnp.int32)
        return membranes, none, (none, none), (resources, resources + 1) if plastic else ()

    def step(params, carry, x, key):
        check_features("column", params["w_x"].shape[0], x)
        membranes, spikes, currents, resources = carry
        resources, released = _release(params, resources, spikes[:, None])
        arrived = [
            jnp.concatenate([_exactly(released[:, i, of], params["w_h"][of, to]) for i, to in enumerate(kinds)], axis=1)
            for of in kinds
        ]
        arrived[0] += _exactly(x, params["w_x"])
        currents = tuple(exp(-1 / t) * old + new for t, old, new in zip(_SYNAPSE, currents, arrived, strict=True))
        (membranes, spikes), _ = neurons.apply({}, {}, (membranes, _BACKGROUND + currents[0] + currents[1]))
        return (membranes, spikes, currents, resources), spikes

    return stateless_cell(init, step, start)


def _synapses(key: jax.Array, kind: np.ndarray, plastic: bool) -> dict[str, jax.Array]:
    """Draws U, D and F (2, units) of the synapses from each unit to excitatory and to inhibitory ones."""
    of_use, of_depression, of_facilitation = jax.random.split(key, 3)
    use = {"use": jnp.minimum(_around(of_use, _USE.T[:, kind]), 1.0)}
    if not plastic:
        return use
    depression = _around(of_depression, _DEPRESSION.T[:, kind])
    return use | {"depression": depression, "facilitation": _around(of_facilitation, _FACILITATION.T[:, kind])}


def _release(params: dict, resources: tuple, spikes: jax.Array) -> tuple[tuple, jax.Array]:
    """Computes what spikes (batch, 1, units) release at the synapses to each type of target (batch, 2, units).

    A spike uses the share u of the resources that are left; both recover (Markram, Wang and Tsodyks 1998). Without
    resources, each spike has the effect of a first one.
    """
    use = params["use"]
    if not resources:
        return (), jnp.round(use / _RELEASES) * _RELEASES * spikes
    raised, left = resources
    raised, left = raised * jnp.exp(-1 / params["facilitation"]), 1 - (1 - left) * jnp.exp(-1 / params["depression"])
    raised = jnp.where(spikes > 0, use + raised * (1 - use), raised)
    used = spikes * raised * left
    return (raised, left - used), jnp.round(used / _RELEASES) * _RELEASES


def filtered(cell: Cell, decay: float) -> Cell:
    """Builds a cell whose output is that of another, filtered exponentially: `r = exp(-1 / decay) r + y_t`."""

    def start(params, x):
        assert cell.carry is not None
        (_, y), _ = jax.eval_shape(cell.apply, params, {}, (None, x))
        return cell.carry(params, x), jnp.zeros(y.shape, y.dtype)

    def step(params, carry, x, key):
        (inner, y), _ = cell.apply(params, {}, (carry[0], x))
        trace = exp(-1 / decay) * carry[1] + y
        return (inner, trace), trace

    return stateless_cell(lambda key, x: cell.init(key, (None, x))[0], step, start)


def _exactly(x: jax.Array, w: jax.Array) -> jax.Array:
    return jnp.matmul(x, w, precision="highest")


def _amplitudes(key: jax.Array, mean: jax.Array) -> jax.Array:
    """Draws amplitudes whose standard deviation is their mean, from the gamma distribution that is exponential."""
    return jnp.round(mean * jax.random.exponential(key, mean.shape) / _AMPLITUDES) * _AMPLITUDES


def _around(key: jax.Array, mean: np.ndarray) -> jax.Array:
    """Draws normal numbers, the deviation half the mean; negative ones anew, uniform from 0 to twice the mean."""
    of_normal, of_uniform = jax.random.split(key)
    drawn = mean * (1 + 0.5 * jax.random.normal(of_normal, mean.shape))
    return jnp.where(drawn > 0, drawn, mean * jax.random.uniform(of_uniform, mean.shape, minval=1e-3, maxval=2.0))
