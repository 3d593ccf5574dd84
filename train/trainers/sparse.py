"""Training of sparse autoencoders: the gradient of the task's loss and of a penalty of active hidden units."""

from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, eval_params
from . import Run
from ._gradient import gradient_trainer
from .optimizers import make_optimizer

__all__ = ["divergence", "sparse"]

TRAITS = {"accumulate": True, "vmap": True, "shares_programs": True}
_LEAST = 1e-6  # rates of units between this and 1 minus this have a finite divergence


def sparse(
    model: Any,
    task: Task,
    run: Run,
    *,
    target: Annotated[float, Bounds(0, 1, open_low=True, open_high=True)] = 0.05,
    weight: Annotated[float, Bounds(0)] = 3.0,
    penalty: Literal["kl", "l1"] = "kl",
) -> Trainer:
    """Makes the trainer of a sparse autoencoder (Ng 2011, Sparse autoencoder).

    The penalty is added to the loss of the training alone; evaluations report `activation`, the mean activity of the
    hidden units, and `activation_spread`, its standard deviation over the units.

    Args:
        model: model with the capability `features`, the values of hidden units.
        task: loss of the outputs.
        run: gives optimizer, schedule and length.
        target: mean activity that each hidden unit is to have over the examples of a batch.
        weight: weight of the penalty, the sum over the hidden units, against the loss.
        penalty: kl, the divergence of the units' mean activities from the target, for sigmoid units; l1, the sum of the
            absolute values of the units, the mean over the batch, which has no target.

    Raises:
        BadInput: if the model has no hidden units to be sparse.
    """
    recipe = run.recipe
    if not hasattr(model, "features"):
        raise BadInput(f"--trainer sparse needs hidden units, such as those of --model sae; {recipe.model} has none")

    def cost(params, state, x):
        h = model.features(params, state, x)
        each = divergence(jnp.mean(h, axis=0), target) if penalty == "kl" else jnp.mean(jnp.abs(h), axis=0)
        return weight * jnp.sum(each)

    optimizer = make_optimizer(recipe, run.steps, run.steps_per_epoch)
    plain = gradient_trainer(model, task, optimizer, ema=recipe.ema, every=recipe.accumulate, penalty=cost)

    def evaluate(fit, batch, key):
        h, there = model.features(*eval_params(fit), batch["x"]), batch["weight"] > 0
        total = jnp.sum(jnp.where(there[:, None], h, 0), axis=0)
        return plain.evaluate(fit, batch, key) | {"_active": (total, jnp.sum(batch["weight"]))}

    def finish(means):
        rates = means["_active"]
        return plain.finish(means) | {"activation": jnp.mean(rates), "activation_spread": jnp.std(rates)}

    return plain._replace(evaluate=evaluate, finish=finish)


def divergence(rates: jax.Array, target: float) -> jax.Array:
    """Computes the Kullback-Leibler divergence of units that are on at a target rate from units with given rates.

    >>> [round(each, 3) for each in divergence(jnp.array([0.05, 0.5]), 0.05).tolist()]
    [0.0, 0.495]
    """
    rates = jnp.clip(rates, _LEAST, 1 - _LEAST)
    return target * jnp.log(target / rates) + (1 - target) * jnp.log((1 - target) / (1 - rates))
