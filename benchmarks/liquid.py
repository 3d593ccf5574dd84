"""Draws docs/liquid.png and docs/liquid_states.png: spikes of a liquid, separation of inputs, and fading memory.

`python -m benchmarks.liquid` measures untrained liquids. Separation is figure 2 of Maass, Natschlaeger and Markram
2002: the distance of the states for two inputs, whose own distance is that of the paper. For the memory, two inputs
differ in their first 100 ms and are the same afterwards.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np

from zoo.lsm import lsm
from zoo.train.plots.spikes import curves, raster

from .page import DOCS

__all__ = ["input_distance", "main", "memory", "separation"]

_STEPS, _SAME_FROM = 500, 100  # ms
_RATE = 0.02  # of the input spikes in a step
_NOISES = (1, 2, 4, 8, 16)  # ms
_WIDTH = 5.0  # ms, of the Gaussian in the distance of two inputs
_DECAY = 30.0  # ms, of the filter of the states


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and draws."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.liquid", description=__doc__)
    parser.add_argument("--liquids", type=int, default=5, help="liquids over which distances are averaged (5)")
    parser.add_argument("--pairs", type=int, default=100, help="pairs of inputs of each (100)")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the pictures")
    args = parser.parse_args(argv)
    apart, faded = separation(args.liquids, args.pairs), memory(args.liquids, args.pairs)
    for name, distances in (apart | faded).items():
        at = ", ".join(f"{distances[t - 1]:.2f} at {t} ms" for t in (50, 100, 200, 300, 500))
        print(f"inputs {name}: states {at}")
    curves(apart, faded, _SAME_FROM, args.out / "liquid_states.png")
    given = _poisson(np.random.default_rng(0), 1)
    model, params = _liquid(0)
    raster(given[0], np.asarray(model.record(params, {}, given))[0], model.excitatory, args.out / "liquid.png")
    print(args.out / "liquid.png", args.out / "liquid_states.png")
    return 0


def separation(liquids: int, pairs: int, noises: Sequence[float] = _NOISES) -> dict[str, np.ndarray]:
    """Measures the mean distance of the states (time,) for inputs whose spikes were moved by Gaussian noise.

    Args:
        liquids: number of liquids.
        pairs: number of pairs of inputs.
        noises: standard deviations of the noise in ms.

    Returns:
        Distances by that of the inputs; the last are of inputs that have nothing in common.
    """
    rng = np.random.default_rng(0)
    first = _poisson(rng, pairs)
    others = [*(_moved(rng, first, noise) for noise in noises), _poisson(rng, pairs)]
    names = [f"d(u, v) = {input_distance(first, other):.2f}" for other in others]
    names[-1] += ", unrelated"
    return dict(zip(names, _distances(first, others, liquids), strict=True))


def memory(liquids: int, pairs: int) -> dict[str, np.ndarray]:
    """Measures the mean distance of the states (time,) for inputs that differ in their first 100 ms only."""
    rng = np.random.default_rng(1)
    first, other = _poisson(rng, pairs), _poisson(rng, pairs)
    other[:, _SAME_FROM:] = first[:, _SAME_FROM:]
    return {"different before, equal after": _distances(first, [other], liquids)[0]}


def input_distance(u: np.ndarray, v: np.ndarray) -> float:
    """Computes the root mean square over time of the difference of spikes (..., time, 1) filtered by a Gaussian."""
    when = np.arange(-4 * _WIDTH, 4 * _WIDTH + 1)
    kernel = np.exp(-np.square(when / _WIDTH))
    difference = (np.asarray(u, np.float64) - v)[..., 0].reshape(-1, u.shape[-2])
    filtered = np.stack([np.convolve(row, kernel) for row in difference])
    return float(np.sqrt(np.square(filtered).sum(axis=1) / difference.shape[1]).mean())


def _distances(first: np.ndarray, others: Sequence[np.ndarray], liquids: int) -> np.ndarray:
    """Computes the distance of the states of a first input and of each other (others, time), a mean over liquids."""
    total = 0.0
    for seed in range(liquids):
        model, params = _liquid(seed)
        states = jax.jit(lambda params, x, model=model: _filtered(model.record(params, {}, x)))
        own = np.asarray(states(params, first))
        apart = [np.linalg.norm(np.asarray(states(params, each)) - own, axis=-1).mean(axis=0) for each in others]
        total = total + np.array(apart) / liquids
    return np.asarray(total)


def _filtered(spikes: jax.Array) -> jax.Array:
    """Filters spikes (batch, time, units) exponentially."""

    def step(trace, now):
        trace = np.exp(-1 / _DECAY) * trace + now
        return trace, trace

    return jax.lax.scan(step, jax.numpy.zeros_like(spikes[:, 0]), spikes.swapaxes(0, 1))[1].swapaxes(0, 1)


def _liquid(seed: int):
    model = lsm(1)
    return model, jax.jit(model.init)(jax.random.key(seed), np.zeros((1, _STEPS, 1), np.float32))[0]


def _poisson(rng: np.random.Generator, count: int) -> np.ndarray:
    return (rng.random((count, _STEPS, 1)) < _RATE).astype(np.float32)


def _moved(rng: np.random.Generator, spikes: np.ndarray, noise: float) -> np.ndarray:
    """Moves each spike by Gaussian noise; one that would leave the input stays at its end."""
    row, when, _ = spikes.nonzero()
    moved = np.zeros_like(spikes)
    moved[row, np.clip(np.rint(when + noise * rng.standard_normal(len(when))), 0, _STEPS - 1).astype(int), 0] = 1
    return moved


if __name__ == "__main__":
    sys.exit(main())
