"""Contrastive divergence: the gradient of the likelihood of a Boltzmann machine, with samples of short Gibbs chains."""

from functools import partial
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, eval_params, named_key
from . import Run
from .optimizers import apply_gradient, ema_update, make_optimizer
from .scoring import scores

__all__ = ["contrastive_divergence"]

TRAITS = {
    "gradient": False,
    "reads": (
        "opt", "lr", "momentum", "b2", "sched", "warmup_epochs", "step_epochs", "decay", "clip_grad", "ema",
        "weight_decay", "l1", "l2",
    ),
    "idle": {"t.chains": ("t.persistent", False), "t.sparsity_cost": ("t.sparsity", None)},
}  # fmt: skip

_KEPT = 1024  # training examples whose free energy is compared with that of others


def contrastive_divergence(
    model: Any,
    task: Task,
    run: Run,
    *,
    sweeps: Annotated[int, Bounds(1)] = 1,
    persistent: bool = True,
    chains: Annotated[int, Bounds(1)] | None = None,
    sparsity: Annotated[float, Bounds(0, 1, open_low=True, open_high=True)] | None = None,
    sparsity_cost: Annotated[float, Bounds(0)] = 0.1,
) -> Trainer:
    """Makes the trainer that follows the difference of free energies between data and samples of the model.

    The gradient is that of mean F(data) - mean F(samples), in which the samples are constants (Hinton 2002). They are
    states of Gibbs chains, which begin at the data, or, persistent, where the step before left them (Tieleman 2008).
    A part of the training examples is kept, whose free energy evaluations compare with that of the others.

    Args:
        model: an `rbm`.
        task: density.
        run: gives optimizer, schedule and length.
        sweeps: sweeps of Gibbs sampling in a step, k of CD-k.
        persistent: chains go on from step to step, instead of beginning at the data.
        chains: number of persistent chains (default: the batch size).
        sparsity: mean activity of hidden units to aim at, such as 0.1 (default: any).
        sparsity_cost: weight of the difference from it.

    Raises:
        BadInput: if the model cannot be trained so.
    """
    _check(model, run)
    optimizer, ema = make_optimizer(run.recipe, run.steps, run.steps_per_epoch), run.recipe.ema
    slots = min(-(-_KEPT // run.recipe.batch_size), run.steps_per_epoch)

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        v = model.visible(batch["x"], named_key(key, "binarise"))
        params |= {"visible": {"b": model.rates(v)}}  # begins as the best machine without connections
        fit = {"params": params, "state": state, "opt": optimizer.init(params), "step": jnp.zeros((), jnp.int32)}
        fit |= {"chains": v[np.arange(chains or len(v)) % len(v)], "kept": jnp.tile(v, (slots, 1, 1))}
        if sparsity is not None:
            fit |= {"activity": jnp.mean(model.features(params, state, v), axis=0)}
        return fit if ema is None else fit | {"ema": params}

    def step(fit, batch, key):
        params, v = fit["params"], model.visible(batch["x"], named_key(key, "binarise"))
        made = model.gibbs(params, fit["chains"] if persistent else v, named_key(key, "gibbs"), sweeps)
        (loss, metrics), gradient = jax.value_and_grad(_difference, 1, has_aux=True)(model, params, v, made)
        new = {"chains": made, "step": fit["step"] + 1, "kept": _keep(fit["kept"], v, fit["step"])}
        if sparsity is not None:
            active = jnp.mean(model.features(params, fit["state"], v), axis=0)
            new["activity"], metrics["activity"] = 0.9 * fit["activity"] + 0.1 * active, jnp.mean(active)
            push = sparsity_cost * (new["activity"] - sparsity)
            gradient = _add_to_hidden(gradient, push, jnp.mean(v, axis=0))
        params, opt = apply_gradient(optimizer, gradient, fit["opt"], params, loss)
        if ema is not None:
            new["ema"] = ema_update(fit["ema"], params, ema, fit["step"])
        return fit | new | {"params": params, "opt": opt}, metrics

    return Trainer(init, step, scores(model, task), task.finish, prepare=partial(_prepared, model))


def _prepared(model: Any, fit: dict, key: jax.Array) -> dict:
    """Returns the fit with the partition function, and the free energy of the kept examples, in its state."""
    params, v = eval_params(fit)[0], fit["kept"].reshape(-1, fit["kept"].shape[-1])
    state = fit["state"] | {"base": model.rates(v), "train_free_energy": jnp.mean(model.free_energy(params, v))}
    log_z, error = model.log_partition(params, state, key)
    return fit | {"state": state | {"log_z": log_z, "log_z_error": error}}


def _difference(model: Any, params: Any, v: jax.Array, made: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Computes the mean free energy of data minus that of samples, and both."""
    free = model.free_energy(params, jnp.concatenate([v, made]))
    data, samples = jnp.mean(free[: len(v)]), jnp.mean(free[len(v) :])
    return data - samples, {"free_energy": data, "free_energy_samples": samples}


def _check(model: Any, run: Run) -> None:
    name, recipe = run.recipe.model, run.recipe
    if not hasattr(model, "log_partition"):
        raise BadInput(f"the trainer {recipe.trainer} needs a Boltzmann machine, such as --model rbm; {name} is none")
    if recipe.sched == "plateau":
        raise BadInput(f"--sched plateau follows a loss, and {recipe.trainer} has none: take --sched cosine")
    if model.binary and recipe.normalize != "unit":
        raise BadInput(
            f"--normalize {recipe.normalize}: the binary units of {name} are for values from 0 to 1: take --normalize "
            "unit, or --m.units gaussian"
        )


def _keep(kept: jax.Array, v: jax.Array, step: jax.Array) -> jax.Array:
    """Writes the examples of the first steps into slots (slots, batch, visible); later ones change nothing."""
    slot = jnp.minimum(step, len(kept) - 1)
    return kept.at[slot].set(jnp.where(step < len(kept), v, kept[slot]))


def _add_to_hidden(gradient: Any, push: jax.Array, mean: jax.Array) -> Any:
    """Adds the gradient of the penalty of the activity of hidden units (Hinton 2010, section 11)."""
    hidden = gradient["body"]["0"]
    return gradient | {"body": {"0": {"w": hidden["w"] + mean[:, None] * push, "b": hidden["b"] + push}}}
