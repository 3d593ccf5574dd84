"""Scores of models with an evidence lower bound: its parts, active latents, and their words."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled

__all__ = ["ACTIVE", "bound_of", "explain_bound", "finish_bound"]

ACTIVE = 0.01
"""Least variance of the mean of an active latent over the examples; that in the prior is 1 (Burda et al. 2015)."""

_CHUNK, _DRAWS = 1000, 32  # examples per call of the compiled bound, and their draws


def finish_bound(means: Mapping[str, Any]) -> dict[str, float]:
    """Computes the reported scores from the means of the parts of a bound, in nats an example."""
    variance = np.asarray(means["_square"], np.float64) - np.square(np.asarray(means["_mean"], np.float64))
    found = {name: float(means[name]) for name in ("log_likelihood", "elbo", "reconstruction", "kl")}
    found["nats_per_dim"] = -found["log_likelihood"] / float(means["_features"])
    found |= {"active_latents": float(np.sum(variance > ACTIVE)), "latents": float(variance.size)}
    return found | {"loss": -found["elbo"]}


def bound_of(trained: Any, x: Any) -> dict[str, np.ndarray]:
    """Computes the parts of the bound of raw examples by name: the same draws for every example and every call."""
    run, parts = jax.jit(trained.model.bound, static_argnums=4), []
    for start in range(0, len(x), _CHUNK):
        rows = np.minimum(np.arange(start, start + min(_CHUNK, len(x))), len(x) - 1)  # of one size: one program
        z = scaled(trained.scaler, np.asarray(x[rows]))
        parts.append(jax.device_get(run(trained.params, trained.state, z, None, _DRAWS)))
    return {
        name: np.concatenate([getattr(part, name) for part in parts])[: len(x)]
        for name in ("weighted", "elbo", "reconstruction", "kl", "choice", "divergence", "mean")
    }


def explain_bound(metrics: Mapping[str, float]) -> list[str]:
    """Explains the parts of a bound."""
    active, latents = metrics["active_latents"], metrics["latents"]
    return [
        f"log-likelihood at least {metrics['log_likelihood']:.5g} nats an example (importance-weighted bound): higher "
        f"is better; {metrics['nats_per_dim']:.4g} nats lost per feature, of the inputs after normalisation",
        f"evidence lower bound {metrics['elbo']:.5g} nats an example = -(reconstruction "
        f"{metrics['reconstruction']:.5g} + divergence of the latents from the prior {metrics['kl']:.4g})",
        f"{active:.0f} of {latents:.0f} latents active: the variance of their means is above {ACTIVE:g}",
    ]
