"""Liquid state machine: a fixed column of spiking units, and a linear layer on their filtered spikes by least squares.

Paper: Maass, Natschlaeger & Markram 2002, Real-time computing without stable states.
Command: python -m zoo.train --model lsm
Chart: LSM; input (features) ~> web of spiking hidden (grid) -> output
Expect: at least 95 % on which of two jittered templates of spikes came before the last segment, in half a minute.
About: Input spikes excite a column of neurons as a stone excites waves on a pond; the waves depend on what fell and
when. Only the read-out is trained.
Equations: tau dv/dt = v_rest - v + I; spike and reset where v > threshold; y = filtered spikes W + b
Limits: It forgets within some hundred milliseconds, and the strength of the connections must be right: too weak it is
silent, too strong it is chaotic.
"""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ._liquid import column, filtered
from ._read_out import ReadOut, read_out
from .layers import Cell, Layer, Sequence, scan, stateless, stateless_cell
from .layers.checks import check_number, check_positive, check_rank, check_rate


class Liquid(NamedTuple):
    """Model with a linear layer on states of a liquid, and what trainers, tasks and pictures need besides.

    Attributes:
        init: as of a `Layer`; params are `{"hidden": ..., "head": {"w", "b"}}`. The state is not read by `apply`: it
            holds `raw`, the parameters of the model without the liquid, and `frequent`, the most frequent class.
        apply: as of a `Layer`.
        features: `(params, state, x) -> (batch, features)`, the inputs of `head`.
        record: `(params, state, x) -> (batch, time, units)`, the spikes of all units, those of the excitatory first.
        excitatory: number of excitatory units.
        raw: the same model without the liquid: a linear layer on the filtered input.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    features: Callable[..., jax.Array]
    record: Callable[..., jax.Array]
    excitatory: int
    raw: ReadOut


def lsm(
    outputs: int,
    *,
    grid: tuple[int, ...] = (15, 3, 3),
    inhibitory: float = 0.2,
    reach: float = 2.0,
    share: float = 0.3,
    drive: float = 1.0,
    strength: float = 1.0,
    plastic: bool = True,
    decay: float = 30.0,
    samples: int = 1,
) -> Liquid:
    """Builds a liquid state machine from spike trains (batch, time, channels), a step being 1 ms, to (batch, outputs).

    Args:
        outputs: number of classes or values to predict.
        grid: numbers of units along the axes of the grid.
        inhibitory: share of the units that are inhibitory.
        reach: distance on the grid at which the probability of a connection has fallen by a factor of e (lambda).
        share: share of the units that each input channel is connected to.
        drive: factor of the amplitudes of input synapses.
        strength: factor of the amplitudes of the synapses between units.
        plastic: depression and facilitation of synapses; without them every spike has the effect of a first one.
        decay: time constant of the filter of the spikes in ms.
        samples: times at which the layer reads the filtered spikes: the ends of as many equal parts of the input.

    >>> import jax, jax.numpy as jnp
    >>> model, x = lsm(2, grid=(4, 3, 3)), jnp.ones((5, 20, 3))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.features(params, state, x).shape, model.record(params, state, x).shape
    ((5, 36), (5, 20, 36))
    """
    for size in grid:
        check_positive("lsm", "grid", size)
    check_positive("lsm", "samples", samples)
    check_rate("lsm", "inhibitory", inhibitory)
    for name, value in {"reach": reach, "decay": decay, "share": share}.items():
        check_number("lsm", name, value, above=True)
    for name, value in {"drive": drive, "strength": strength}.items():
        check_number("lsm", name, value)
    excitatory = prod(grid) - round(inhibitory * prod(grid))
    liquid = column(grid, excitatory, reach=reach, share=share, drive=drive, strength=strength, plastic=plastic)
    model = read_out(_sampled(filtered(liquid, decay), samples), outputs)

    def record(params, state, x):
        return scan(liquid).apply(params["hidden"], state, x)[0]

    def init(key, x):
        params, state = model.init(key, x)
        return params, state | {"raw": raw.init(key, x)[0], "frequent": jnp.zeros((), jnp.int32)}

    raw = read_out(_sampled(filtered(_input, decay), samples), outputs)
    return Liquid(init, model.apply, model.features, record, excitatory, raw)


_input = stateless_cell(lambda key, x: {}, lambda params, carry, x, key: (carry, x), lambda params, x: ())


def _sampled(cell: Cell, samples: int) -> Layer:
    """Builds the layer of the outputs of a cell at the ends of equal parts of the input, (batch, samples * units).

    Steps of silence before the input make its length a multiple of the number of parts.
    """
    part, start = scan(cell, output="last", return_carry=True), cell.carry
    assert start is not None

    def init(key, x):
        _check(x)
        return part.init(key, x)[0]

    def apply(params, x):
        _check(x)
        steps = (x.shape[1] + samples - 1) // samples  # of a part; at least 1 also where the time is a symbol
        x = jnp.pad(x, [(0, 0), (steps * samples - x.shape[1], 0), (0, 0)])
        parts = jnp.swapaxes(x.reshape(x.shape[0], samples, steps, x.shape[-1]), 0, 1)

        def run(carry, x):
            ran, _ = part.apply(params, {}, Sequence(x, carry=carry))
            return ran.carry, ran.y

        states = lax.scan(run, start(params, x[:, 0]), parts)[1]
        return jnp.swapaxes(states, 0, 1).reshape(x.shape[0], samples * states.shape[-1])

    return stateless(init, apply)


def _check(x: Any) -> None:
    if isinstance(x, Sequence):
        raise ValueError("lsm reads examples of one length, got a Sequence with lengths or a carry")
    check_rank("lsm", 3, x, "(batch, time, channels)")
