"""Mixture of Gaussians with full covariances, and its trainer by expectation-maximisation (Dempster et al. 1977)."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from zoo.train.config.recipe import ModelRecipes, Recipe
from zoo.train.trainer import Trainer
from zoo.train.trainers import Run
from zoo.train.trainers.scoring import scores

__all__ = ["Mixture", "mixture"]

TRAITS = {"gradient": False, "schedule": False, "batch": "all"}


class Mixture(NamedTuple):
    """Model of a density: `apply` gives log-probabilities, like `log_prob`."""

    init: Callable
    apply: Callable
    log_prob: Callable
    sample: Callable


def mixture(shape: tuple[int, ...], *, components: int = 1) -> Mixture:
    """Builds the mixture; its first means are random examples.

    Args:
        shape: shape of an example, (features,).
        components: number of Gaussians.
    """
    size = shape[0]

    def init(key, x):
        params = {
            "mean": jax.random.choice(key, x, (components,), replace=components > len(x)),
            "cov": jnp.tile(jnp.eye(size), (components, 1, 1)),
            "weight": jnp.full(components, 1 / components),
        }
        return params, {}

    def log_prob(params, state, x, key=None):
        return jax.nn.logsumexp(joint(params, x), axis=-1)

    def sample(params, state, key, n):
        which, noise = jax.random.split(key)
        chosen = jax.random.categorical(which, jnp.log(params["weight"]), shape=(n,))
        root = jnp.linalg.cholesky(params["cov"])[chosen]
        return params["mean"][chosen] + jnp.einsum("nij,nj->ni", root, jax.random.normal(noise, (n, size)))

    return Mixture(init, lambda params, state, x, key=None: (log_prob(params, state, x), state), log_prob, sample)


def joint(params, x):
    """Computes log weight + log density of every component (batch, components)."""

    def component(mean, cov, weight):
        root = jnp.linalg.cholesky(cov)
        z = jax.scipy.linalg.solve_triangular(root, (x - mean).T, lower=True)
        log_det = 2 * jnp.sum(jnp.log(jnp.diag(root)))
        return jnp.log(weight) - 0.5 * (jnp.sum(z**2, axis=0) + log_det + x.shape[1] * jnp.log(2 * jnp.pi))

    return jax.vmap(component, out_axes=1)(params["mean"], params["cov"], params["weight"])


def expectation_maximisation(model: Mixture, task, run: Run, *, ridge: float = 0.0) -> Trainer:
    """Makes the trainer; one step is one E and M step over the batch, exact if that has all examples.

    Args:
        model: a mixture.
        task: density.
        run: not used.
        ridge: added to the diagonals of the covariances.
    """

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        x = batch["x"]
        logs = joint(fit["params"], x)
        share = jax.nn.softmax(logs, axis=-1)
        total = share.sum(axis=0)
        mean = share.T @ x / total[:, None]
        centred = x[:, None] - mean
        cov = jnp.einsum("nk,nki,nkj->kij", share, centred, centred) / total[:, None, None]
        params = {"mean": mean, "cov": cov + ridge * jnp.eye(x.shape[1]), "weight": total / len(x)}
        return fit | {"params": params}, {"loss": -jnp.mean(jax.nn.logsumexp(logs, axis=-1))}

    return Trainer(init, step, scores(model, task), task.finish)


RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "mixture",
            "ring",
            trainer="expectation_maximisation",
            task="density",
            d={"std": 0.1, "examples": 1000},
            m={"components": 8},
            t={"ridge": 1e-4},
            steps=10,
            batch_size=800,
            normalize="none",
        ),
    ),
    tasks=("density",),
)
