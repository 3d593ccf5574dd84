"""Parts of the trainers of models with an evidence lower bound: checks, the first fit, and evaluations."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ..errors import BadInput
from ..tasks._bounds import ACTIVE
from . import Run
from .optimizers import Optimizer

__all__ = ["bound_sums", "check_bound", "collapse", "initial", "total"]

_FEW = 0.25  # share of active latents up to which a collapse is reported


def check_bound(model: Any, run: Run) -> None:
    """Raises BadInput if a model has no bound, or the inputs are not from 0 to 1 where its decoder needs that."""
    recipe = run.recipe
    if not hasattr(model, "bound"):
        raise BadInput(
            f"--trainer {recipe.trainer} needs a model with a bound, such as --model vae; {recipe.model} has none"
        )
    if model.bounded and recipe.normalize != "unit":
        raise BadInput(
            f"--normalize {recipe.normalize}: the decoder of {recipe.model} is for values from 0 to 1: take "
            "--normalize unit, or --m.decoder gaussian"
        )


def initial(model: Any, optimizer: Optimizer, ema: float | None) -> Callable[..., dict]:
    """Returns `init` of a trainer whose steps are counted, with a moving average where a decay is given."""

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        fit = {"params": params, "state": state, "opt": optimizer.init(params), "step": jnp.zeros((), jnp.int32)}
        return fit if ema is None else fit | {"ema": params}

    return init


def bound_sums(model: Any, params: Any, state: Any, batch: dict, key: jax.Array, draws: int) -> dict[str, tuple]:
    """Returns the sums of the bounds over a batch, and those from which the activity of each latent follows."""
    found = model.bound(params, state, batch["x"], key, draws)
    each = {"log_likelihood": found.weighted, "elbo": found.elbo, "reconstruction": -found.reconstruction}
    each |= {"kl": found.divergence, "_kl_each": found.kl}
    mean = found.mean / model.moments(params)[1]
    each |= {"_mean": mean, "_square": jnp.square(mean)}
    each |= {"_features": jnp.full(len(batch["weight"]), float(batch["x"][0].size))}
    return {name: total(values, batch) for name, values in each.items()}


def total(values: jax.Array, batch: dict) -> tuple[jax.Array, jax.Array]:
    """Returns the sum of values (batch, ...) over the examples that count, and their number."""
    there = (batch["weight"] > 0).reshape(-1, *(1,) * (values.ndim - 1))
    return jnp.sum(jnp.where(there, values, 0), axis=0), jnp.sum(batch["weight"])


def collapse(metrics: Mapping[str, float]) -> list[str]:
    """Returns a line about latents that carry nothing, where they are most of them."""
    active, latents = int(metrics["active_latents"]), int(metrics["latents"])
    if active > _FEW * latents:
        return []
    return [
        f"{active} of {latents} latents are active (variance of their means above {ACTIVE:g}): the others equal the "
        "prior and carry nothing of an example (posterior collapse). Take --t.kl-warmup 10, --t.free-bits 0.1 or "
        f"--t.beta 0.5{', or fewer latents' if active else ''}"
    ]
