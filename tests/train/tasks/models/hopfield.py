"""Hopfield network (Hopfield 1982) and Hebb's rule, which stores patterns in one pass over the examples."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from zoo.train.config.recipe import ModelRecipes, Recipe
from zoo.train.tasks.recall import signs
from zoo.train.trainer import Trainer
from zoo.train.trainers import Run
from zoo.train.trainers.scoring import scores

__all__ = ["Hopfield", "hopfield"]

TRAITS = {"gradient": False, "schedule": False}


class Hopfield(NamedTuple):
    """Associative memory: `apply` recalls the pattern nearest to its input."""

    init: Callable
    apply: Callable
    energy: Callable


def hopfield(shape: tuple[int, ...], *, sweeps: int = 5) -> Hopfield:
    """Builds the network; units are updated one after another.

    Args:
        shape: shape of a pattern.
        sweeps: updates of each unit.
    """

    def init(key, x):
        size = x[0].size
        return {"w": jnp.zeros((size, size))}, {}

    def apply(params, state, x, key=None):
        w = params["w"]

        def update(i, s):
            field = s @ w[i % len(w)]
            return s.at[:, i % len(w)].set(jnp.where(field == 0, s[:, i % len(w)], signs(field)))

        recalled = jax.lax.fori_loop(0, sweeps * len(w), update, x.reshape(len(x), -1))
        return recalled.reshape(x.shape), state

    def energy(params, state, x):
        flat = x.reshape(len(x), -1)
        return -0.5 * jnp.sum(flat @ params["w"] * flat, axis=-1)

    return Hopfield(init, apply, energy)


def storing(model: Hopfield, task, run: Run) -> Trainer:
    """Makes the trainer: the outer products of the patterns are averaged over one epoch, without self-connections.

    Args:
        model: a Hopfield network.
        task: recall.
        run: gives the number of steps.
    """

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state, "seen": jnp.zeros(())}

    def step(fit, batch, key):
        patterns = task.target(batch).reshape(len(batch["x"]), -1)
        outer = patterns.T @ patterns * (1 - jnp.eye(patterns.shape[1])) / patterns.shape[1]
        fresh = fit["seen"] < run.steps_per_epoch  # a second epoch stores nothing new
        return fit | {"params": {"w": fit["params"]["w"] + fresh * outer}, "seen": fit["seen"] + 1}, {}

    return Trainer(init, step, scores(model, task), task.finish)


RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "hopfield",
            "patterns",
            trainer="storing",
            task="recall",
            normalize="none",
            epochs=1,
            batch_size=2,
        ),
    ),
    tasks=("recall",),
)
