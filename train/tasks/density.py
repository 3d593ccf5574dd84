"""Density estimation: the log-likelihood of the data, or a lower bound of it."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

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

    >>> task = density()
    >>> task.headline, task.loss(jnp.array([-3.0]), None).tolist()
    ('log_likelihood', [3.0])
    """
    return Task(
        "density", lambda outputs, target: -outputs, {}, _finish, "log_likelihood", True,
        predict=lambda outputs: outputs, probabilities=None, target=lambda batch: batch["x"], scores=_scores,
        units="none", requires=("log_prob",), gives="log-likelihoods", output="log_probabilities",
        describe=_describe, figures=("samples",), explain=_explain,
    )  # fmt: skip


def _scores(model: Any, params: Any, state: Any, batch: dict, key: jax.Array) -> dict:
    x, weight = batch["x"], batch["weight"]
    nats = jnp.where(weight > 0, model.log_prob(params, state, x, key), 0)
    size = jnp.where(weight > 0, float(math.prod(x.shape[1:])), 0)
    return {"log_likelihood": (jnp.sum(nats), jnp.sum(weight)), "_features": (jnp.sum(size), jnp.sum(weight))}


def _finish(means: dict) -> dict:
    value = float(means["log_likelihood"])
    return public(means) | {"loss": -value, "nats_per_dim": -value / float(means["_features"])}


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the log-likelihood of each example: small values mark examples unlike those of the training."""
    for value in trained.log_prob(x):
        yield {"log_likelihood": float(value)}


def _explain(metrics: Mapping[str, float]) -> list[str]:
    return [
        f"log-likelihood {metrics['log_likelihood']:.4g} nats per example: higher is better; "
        f"{metrics['nats_per_dim']:.4g} nats lost per feature, of the inputs after normalisation"
    ]
