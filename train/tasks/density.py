"""Density estimation: the log-likelihood of the data, or a lower bound of it."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ._bounds import describe_bound, explain_bound, finish_bound
from ._density_figures import chains, completion, draw_filters, fantasies
from .task import Task, public

__all__ = ["density"]

TASKS = ("density",)


def density() -> Task:
    """Builds the estimation of the probability density, or of the probability, of the data.

    The model has the capability `log_prob(params, state, x, key) -> (batch,)`: the log-probability in nats, or a
    lower bound, whose random part is drawn from `key`. `key` is None at inference. The capability
    `sample(params, state, key, n) -> (n, ...)` draws samples. The outputs of `apply` are log-probabilities as well,
    so that a model whose bound needs no key can be trained by gradient.

    Reported are the mean `log_likelihood` in nats per example, and `nats_per_dim`, its negative per feature. Both
    refer to the inputs as the model reads them, after normalisation: compare models under one normalisation.

    Of a model of energies, which has the capability `log_partition`, the state holds `log_z`, the logarithm of the
    partition function, `log_z_error`, its standard error, 0 where it is exact, and `train_free_energy`, the mean of
    training examples. Reported are then also the mean `free_energy`, without the partition function, and
    `free_energy_gap`, its difference from that of the training examples, which grows when a model overfits.

    Of a model with the capability `bound`, an autoencoder with latents, the log-likelihood is the importance-weighted
    bound, and the lower bound `elbo` is reported with its two parts, `reconstruction` and `kl`, and the number of
    `active_latents`.

    >>> task = density()
    >>> task.headline, task.loss(jnp.array([-3.0]), None).tolist()
    ('log_likelihood', [3.0])
    """
    return Task(
        "density", lambda outputs, target: -outputs, {}, _finish, "log_likelihood", True,
        predict=lambda outputs: outputs, probabilities=None, target=lambda batch: batch["x"], scores=_scores,
        units="none", requires=("log_prob",), gives="log-likelihoods", output="log_probabilities",
        describe=_describe, figures=("samples", draw_filters, chains, completion), progress=fantasies,
        curves=("free_energy", "reconstruction", "kl"), explain=_explain,
    )  # fmt: skip


def _scores(model: Any, params: Any, state: Any, batch: dict, key: jax.Array) -> dict:
    x, there = batch["x"], batch["weight"] > 0
    nats = model.log_prob(params, state, x, key)
    each = {"log_likelihood": nats, "_features": jnp.full(len(x), float(math.prod(x.shape[1:])))}
    if hasattr(model, "log_partition"):
        free = -nats - state["log_z"]
        each |= {"free_energy": free, "free_energy_gap": free - state["train_free_energy"]}
        each |= {"log_z_error": jnp.full(len(x), state["log_z_error"])}
    total = jnp.sum(batch["weight"])
    return {name: (jnp.sum(jnp.where(there, values, 0)), total) for name, values in each.items()}


def _finish(means: dict) -> dict:
    if "_kl_each" in means:
        return finish_bound(means)
    value = float(means["log_likelihood"])
    found = public(means) | {"nats_per_dim": -value / float(means["_features"])}
    return found if "free_energy" in means else found | {"loss": -value}  # which a model of energies does not follow


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the log-likelihood of each example: small values mark examples unlike those of the training."""
    if hasattr(trained.model, "bound"):
        yield from describe_bound(trained, x)
        return
    for value in trained.log_prob(x):
        yield {"log_likelihood": float(value)}


def _explain(metrics: Mapping[str, float]) -> list[str]:
    if "elbo" in metrics:
        return explain_bound(metrics)
    lines = [
        f"log-likelihood {metrics['log_likelihood']:.4g} nats per example: higher is better; "
        f"{metrics['nats_per_dim']:.4g} nats lost per feature, of the inputs after normalisation"
    ]
    if "free_energy" not in metrics:
        return lines
    error = metrics["log_z_error"]
    how = f"estimated by annealed importance sampling, standard error {error:.2g} nats" if error else "exact"
    lines.append(f"partition function {how}")
    lines.append(
        f"free energy {metrics['free_energy_gap']:+.3g} nats above that of training examples: a gap that grows during "
        "training is overfitting"
    )
    return lines
