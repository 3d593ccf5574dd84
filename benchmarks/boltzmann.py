"""Measures Boltzmann machines on the 4-2-4 encoder: `python -m benchmarks.boltzmann`.

Trains one machine for each seed, all of them in one program. A code is found where the most probable states of the
hidden units differ for all four patterns. Gibbs sampling is compared with the exact means of every machine, and the
exact step of Boltzmann learning with the gradient of the log-likelihood, enumerated in float64.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.boltzmann import boltzmann
from zoo.train import recipe_for
from zoo.train.data.dataset import load_data
from zoo.train.tasks import task_for
from zoo.train.trainer import named_key
from zoo.train.trainers import Run, make
from zoo.train.trainers.boltzmann_learning import own_codes

__all__ = ["gradient", "main", "trained"]

_FOUND, _MARGINAL, _GRADIENT = 0.8, 0.01, 1e-5
_CHAINS = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; returns 1 if a value misses its target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.boltzmann", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="machines (50)")
    parser.add_argument("--steps", type=int, help="steps of each (that of the recipe)")
    args = parser.parse_args(argv)
    began = time.perf_counter()
    params, sums, first = trained(args.seeds, args.steps)
    found = np.asarray(sums["own_code"][0]) == 4
    likelihood = np.asarray(sums["log_likelihood"][0]) / 4
    print(
        f"{args.seeds} seeds, {time.perf_counter() - began:.0f} s with compiling: code found by "
        f"{found.mean():.0%} at the end, at some time by {np.isfinite(first).mean():.0%}, the first time "
        f"after {np.median(first):.0f} steps (median); "
        f"log-likelihood {likelihood.mean():.3f} nats, {likelihood.min():.3f} to {likelihood.max():.3f} (best: -1.386)"
    )
    machines = [jax.tree.map(lambda leaf, seed=seed: leaf[seed], params) for seed in range(args.seeds)]
    apart = max(marginals(machine, seed) for seed, machine in enumerate(machines))
    print(f"Gibbs sampling, {_CHAINS:,} chains: largest difference from an exact mean {apart:.4f}")
    error = max(gradient(machine) for machine in machines[:10])
    print(f"exact step against the gradient in float64: largest difference {error:.1e}")
    return 0 if found.mean() >= _FOUND and apart <= _MARGINAL and error <= _GRADIENT else 1


def trained(seeds: int, steps: int | None = None, **options: Any) -> tuple[dict, dict, np.ndarray]:
    """Trains machines; returns parameters, sums of scores, and steps until a code was found, with an axis of seeds.

    Args:
        seeds: number of machines.
        steps: steps of each; None: those of the recipe.
        options: fields of the recipe that differ.
    """
    recipe = replace(recipe_for("boltzmann"), **options)
    total = steps or recipe.steps or 1
    model = boltzmann((8,), **recipe.m)
    trainer = make(model, task_for("density"), Run(recipe, total, 1, None))
    batch = {"x": jnp.asarray(load_data("encoder").train.x, jnp.float32), "weight": jnp.ones(4)}

    @jax.jit
    @jax.vmap
    def train(key):
        def step(fit, i):
            fit = trainer.step(fit, batch, named_key(key, "step", i))[0]
            return fit, jnp.sum(own_codes(model.codes(fit["params"], batch["x"]), batch["x"], batch["weight"])) == 4

        fit, found = jax.lax.scan(step, trainer.init(named_key(key, "init"), batch), jnp.arange(total))
        return fit["params"], trainer.evaluate(fit, batch, key), jnp.where(found.any(), found.argmax() + 1, jnp.inf)

    params, sums, first = train(jax.vmap(jax.random.key)(jnp.arange(seeds)))
    return params, sums, np.asarray(first)


def marginals(params: dict, seed: int) -> float:
    """Measures the largest difference between exact means of units and pairs and those of annealed chains."""
    model = boltzmann((8,))
    sampled = _sampled(params, jax.random.key(seed))
    exact = jax.jit(model.statistics)(params)
    return max(float(jnp.max(jnp.abs(a - b))) for a, b in zip(sampled, exact, strict=True))


@jax.jit
def _sampled(params: dict, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    first, later = jax.random.split(key)
    s = jax.random.bernoulli(first, 0.5, (_CHAINS, 10)).astype(jnp.float32)
    temperatures = jnp.concatenate([jnp.geomspace(10.0, 1.0, 100), jnp.ones(100)])
    s = boltzmann((8,)).anneal(params, s, later, temperatures)
    return jnp.mean(s, axis=0), s.T @ s / _CHAINS


def gradient(params: dict) -> float:
    """Measures the largest difference between <s_i s_j> clamped - free and the gradient enumerated in float64."""
    model, x = boltzmann((8,)), np.asarray(load_data("encoder").train.x, np.float64)
    given, free = model.statistics(params, jnp.asarray(x, jnp.float32)), model.statistics(params)
    w, b = (np.asarray(params["machine"][name], np.float64) for name in ("w", "b"))
    states = ((np.arange(1024)[:, None] >> np.arange(10)) & 1).astype(np.float64)
    logs = 0.5 * np.einsum("si,ij,sj->s", states, w, states) + states @ b
    parts = [(states[:, :8] == v).all(axis=1) for v in x]
    wanted_mean = np.mean([_mean(states[part], logs[part]) for part in parts], axis=0) - _mean(states, logs)
    wanted_pairs = np.mean([_pairs(states[part], logs[part]) for part in parts], axis=0) - _pairs(states, logs)
    found_mean, found_pairs = (np.asarray(a) - np.asarray(b) for a, b in zip(given, free, strict=True))
    return float(max(np.abs(found_mean - wanted_mean).max(), np.abs(found_pairs - wanted_pairs).max()))


def _mean(states: np.ndarray, logs: np.ndarray) -> np.ndarray:
    return np.exp(logs - np.logaddexp.reduce(logs)) @ states


def _pairs(states: np.ndarray, logs: np.ndarray) -> np.ndarray:
    return (states * np.exp(logs - np.logaddexp.reduce(logs))[:, None]).T @ states


if __name__ == "__main__":
    sys.exit(main())
