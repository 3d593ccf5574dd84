"""Density estimation: the log-likelihood of the data, or a lower bound of it."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..option_types import Bounds
from ._bounds import bound_of, explain_bound, finish_bound
from ._density_figures import chains, completion, draw_filters, fantasies, independent
from ._reconstruct_figures import interpolation, latents, reconstructions
from .task import Task, public

__all__ = ["density"]

TASKS = ("density",)
_ROWS, _MOST = 4096, 5000  # examples whose likelihood is computed at a time, and for the threshold


def density(*, quantile: Annotated[float, Bounds(0, 1, open_low=True, open_high=True)] = 0.99) -> Task:
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

    An example is an anomaly if its log-likelihood lies below a threshold, which is kept with the model.

    Args:
        quantile: share of the training examples whose log-likelihood lies above the threshold of anomalies.

    >>> task = density()
    >>> task.headline, task.loss(jnp.array([-3.0]), None).tolist()
    ('log_likelihood', [3.0])
    """
    return Task(
        "density", lambda outputs, target: -outputs, {}, _finish, "log_likelihood", True,
        predict=lambda outputs: outputs, probabilities=None, target=lambda batch: batch["x"], scores=_scores,
        units="none", requires=("log_prob",), gives="log-likelihoods", output="log_probabilities",
        describe=_describe, progress=fantasies,
        figures=("samples", draw_filters, chains, completion, reconstructions, latents, interpolation, independent),
        curves=("free_energy", "reconstruction", "kl"), explain=_explain, calibrate=partial(_threshold, quantile),
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


def _likelihoods(trained: Any, x: Any) -> Iterator[dict[str, float]]:
    """Yields the log-likelihood of each example; of a model with a bound its parts, too."""
    for start in range(0, len(x), _ROWS):
        part = np.asarray(x[start : start + _ROWS])
        if not hasattr(trained.model, "bound"):
            yield from ({"log_likelihood": float(value)} for value in trained.log_prob(part))
            continue
        found = bound_of(trained, part)
        for bound, elbo, seen, kl in zip(*(found[name] for name in _PARTS), strict=True):
            parts = {"elbo": float(elbo), "reconstruction": float(-seen), "kl": float(kl)}
            yield {"log_likelihood": float(bound), **parts}


_PARTS = ("weighted", "elbo", "reconstruction", "divergence")


def _threshold(quantile: float, trained: Any, data: Dataset) -> dict[str, Any]:
    """Computes the log-likelihood of training examples below which an example is an anomaly."""
    chosen = (np.linspace(0, len(each.x) - 1, min(_MOST, len(each.x))).astype(int) for each in (data.train, data.test))
    train, test = (
        np.array([found["log_likelihood"] for found in _likelihoods(trained, np.asarray(each.x[rows]))])
        for each, rows in zip((data.train, data.test), chosen, strict=True)
    )
    threshold = float(np.quantile(train, 1 - quantile))
    below = float(np.mean(test < threshold))
    words = (
        f"log-likelihood below {threshold:.5g} nats, the quantile {1 - quantile:.3g} of {len(train):,} training "
        f"examples (--t.quantile); {100 * below:.1f} % of the test examples lie below"
    )
    return {"threshold": threshold, "quantile": quantile, "test_share": below, "summary": words}


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the likelihood of each example: small values mark examples unlike those of the training (anomalies)."""
    threshold = trained.about.get("calibration", {}).get("threshold")
    for found in _likelihoods(trained, x):
        anomaly = {} if threshold is None else {"anomaly": "yes" if found["log_likelihood"] < threshold else "no"}
        yield found | anomaly


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
    # The mean of exponentials is ruled by rare chains, so that few temperatures give too small a partition function.
    how = (
        f"estimated by annealed importance sampling, standard error {error:.2g} nats; too few temperatures make the "
        "likelihood too high: compare it with that of more --m.temperatures"
        if error
        else "exact"
    )
    lines.append(f"partition function {how}")
    lines.append(
        f"free energy {metrics['free_energy_gap']:+.3g} nats above that of training examples: a gap that grows during "
        "training is overfitting"
    )
    return lines
