"""k-means: centres, and Lloyd's algorithm (1982) from centres that are far apart (Gonzalez 1985)."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from zoo.layers import Layer
from zoo.train.config.recipe import ModelRecipes, Recipe
from zoo.train.trainer import Trainer
from zoo.train.trainers import Run
from zoo.train.trainers.scoring import scores

__all__ = ["kmeans"]

TRAITS = {"gradient": False, "schedule": False, "batch": "all"}


class KMeans(NamedTuple):
    """Model of clusters: `assign` gives the nearest centre of each example."""

    init: Callable
    apply: Callable
    assign: Callable


def kmeans(*, clusters: int = 8) -> KMeans:
    """Builds the model: negative squared distances to the centres.

    Args:
        clusters: number of centres.
    """

    def init(key, x):
        flat = x.reshape(len(x), -1)
        first = flat[jax.random.randint(key, (), 0, len(flat))]
        centres = jnp.tile(first, (clusters, 1))
        for i in range(1, clusters):
            farthest = jnp.argmin(jnp.max(distances({"centres": centres}, flat), axis=-1))
            centres = centres.at[i].set(flat[farthest])
        return {"centres": centres}, {}

    def apply(params, state, x, key=None):
        return distances(params, x.reshape(len(x), -1)), state

    def assign(params, state, x):
        return jnp.argmax(apply(params, state, x)[0], axis=-1)

    return KMeans(init, apply, assign)


def distances(params, flat):
    """Computes negative squared distances (batch, clusters)."""
    return -jnp.sum((flat[:, None] - params["centres"]) ** 2, axis=-1)


def lloyd(model: Layer, task, run: Run) -> Trainer:
    """Makes the trainer; a step assigns the batch and moves every centre to the mean of its examples.

    Args:
        model: centres.
        task: cluster.
        run: not used.
    """

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        flat = batch["x"].reshape(len(batch["x"]), -1)
        scored = distances(fit["params"], flat)
        assigned = jax.nn.one_hot(jnp.argmax(scored, axis=-1), scored.shape[-1])
        count = assigned.sum(axis=0)[:, None]
        moved = jnp.where(count > 0, assigned.T @ flat / jnp.maximum(count, 1), fit["params"]["centres"])
        return fit | {"params": {"centres": moved}}, {"loss": jnp.mean(task.loss(scored, None))}

    return Trainer(init, step, scores(model, task), task.finish)


RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "kmeans",
            "ring",
            trainer="lloyd",
            task="cluster",
            d={"examples": 1000},
            steps=10,
            batch_size=800,
        ),
    ),
    tasks=("cluster",),
)
