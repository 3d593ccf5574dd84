"""Variational learning: the gradient of the evidence lower bound, with a weight and a floor of its divergence."""

from typing import Annotated, Any

import jax
import jax.numpy as jnp
import optax

from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, eval_params, named_key
from . import Run
from ._bound_sums import bound_sums, check_bound, collapse, initial
from ._latent_use import FIGURES
from .optimizers import apply_gradient, ema_update, make_optimizer

__all__ = ["variational"]

TRAITS = {"accumulate": True, "vmap": True, "shares_programs": True}


def variational(
    model: Any,
    task: Task,
    run: Run,
    *,
    beta: Annotated[float, Bounds(0)] = 1.0,
    kl_warmup: Annotated[float, Bounds(0)] = 0.0,
    free_bits: Annotated[float, Bounds(0)] = 0.0,
    importance_samples: Annotated[int, Bounds(1)] = 8,
) -> Trainer:
    """Makes the trainer of a variational autoencoder (Kingma & Welling 2013).

    The loss is reconstruction + beta * divergence, both in nats an example. Evaluations report the bounds themselves,
    whatever the weight: `elbo` and its parts, and `log_likelihood`, the importance-weighted bound.

    Args:
        model: a `vae`, or another model with the capability `bound`.
        task: density.
        run: gives optimizer, schedule and length.
        beta: weight of the divergence from the prior; above 1 latents are simpler and images blurred (Higgins et al.
            2017).
        kl_warmup: epochs in which that weight rises from 0, against a collapse of the latents (Bowman et al. 2015).
        free_bits: nats of each latent, as a mean of the batch, below which its divergence costs nothing more (Kingma et
            al. 2016).
        importance_samples: latents drawn for each example in an evaluation; more give a tighter bound.

    Raises:
        BadInput: if the model has no such bound, or the inputs do not suit its decoder.
    """
    check_bound(model, run)
    recipe, rise = run.recipe, kl_warmup * run.steps_per_epoch
    optimizer = make_optimizer(recipe, run.steps, run.steps_per_epoch)

    def step(fit, batch, key):
        weight = beta * (jnp.minimum(fit["step"] / rise, 1) if rise else 1.0)

        def cost(params):
            found = model.bound(params, fit["state"], batch["x"], named_key(key, "latents"), 1)
            seen, kl, choice = jnp.mean(found.reconstruction), jnp.mean(found.kl, axis=0), jnp.mean(found.choice)
            # A part estimated from draws may be negative, so that without free bits nothing is cut off.
            counted = jnp.maximum(kl, free_bits) if free_bits else kl
            loss = weight * (jnp.sum(counted) + choice) - seen
            return loss, (-seen, jnp.sum(kl) + choice)

        (loss, (seen, kl)), gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"])
        params, opt = apply_gradient(optimizer, gradient, fit["opt"], fit["params"], loss)
        new = {"params": params, "opt": opt, "step": fit["step"] + 1}
        if recipe.ema is not None:
            new["ema"] = ema_update(fit["ema"], params, recipe.ema, fit["step"], recipe.accumulate)
        metrics = {"loss": loss, "reconstruction": seen, "kl": kl, "grad_norm": optax.global_norm(gradient)}
        return fit | new, metrics

    def evaluate(fit, batch, key):
        return bound_sums(model, *eval_params(fit), batch, named_key(key, "latents"), importance_samples)

    return Trainer(
        initial(model, optimizer, recipe.ema), step, evaluate, task.finish, figures=FIGURES, warnings=collapse
    )
