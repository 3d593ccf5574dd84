"""Greedy training of a stack of autoencoders: one layer after the other, then all of them together."""

from functools import partial
from typing import Annotated, Any

import jax
import jax.numpy as jnp

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, named_key
from . import Run
from .optimizers import Optimizer, apply_gradient, ema_update, make_optimizer
from .schedules import make_schedule
from .scoring import scores

__all__ = ["layerwise"]

TRAITS = {}


def layerwise(
    model: Any, task: Task, run: Run, *, pretraining: Annotated[float, Bounds(0, 1, open_low=True)] = 0.75
) -> Trainer:
    """Makes the trainer of a stack of denoising autoencoders (Bengio et al. 2007, Vincent et al. 2010).

    Layer after layer learns to reconstruct the values of the layer below from damaged ones, with the layer of the
    decoder that mirrors it. All layers are then trained together for the task. Each part has a schedule of its own.

    Args:
        model: a `dae` without convolutions.
        task: the task `reconstruct`.
        run: gives optimizer, schedule and length.
        pretraining: share of the steps for the layers, an equal part for each; 1: none are for all layers together.

    Raises:
        BadInput: if the model has no such layers, or the run fewer steps than layers.
    """
    levels, recipe = getattr(model, "levels", ()), run.recipe
    each = _steps(recipe.model, len(levels), run.steps, pretraining)
    last = max(run.steps - each * len(levels), 1)
    own, whole = (make_optimizer(recipe, steps, run.steps_per_epoch) for steps in (each, last))
    rates = [make_schedule(recipe, steps, run.steps_per_epoch) for steps in (each, last)]

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        opt = {str(i): own.init(_part(params, level)) for i, level in enumerate(levels)}
        fit = {"params": params, "state": state, "opt": opt | {"whole": whole.init(params)}, "step": jnp.int32(0)}
        return fit if recipe.ema is None else fit | {"ema": params}

    branches = [partial(_layer, model, own, i) for i in range(len(levels))] + [partial(_whole, model, task, whole)]

    def step(fit, batch, key):
        phase = jnp.minimum(fit["step"] // each, len(levels))
        params, opt, loss = jax.lax.switch(phase, branches, fit, batch, key)
        new = fit | {"params": params, "opt": opt, "step": fit["step"] + 1}
        if recipe.ema is not None:
            new["ema"] = ema_update(fit["ema"], params, recipe.ema, fit["step"])
        return new, {"loss": loss, "layer": (phase + 1).astype(jnp.float32)}

    def rate(numbers, update):
        return jnp.where(update < each * len(levels), rates[0](update % each), rates[1](update - each * len(levels)))

    return Trainer(init, step, scores(model, task), task.finish, rate=rate)


def _steps(name: str, layers: int, steps: int, share: float) -> int:
    """Returns the number of steps of each layer."""
    if not layers:
        raise BadInput(f"--trainer layerwise needs a stack of dense layers, such as --model dae without --m.filters; "
                       f"{name} has none here")  # fmt: skip
    each = int(steps * share) // layers if share < 1 else -(-steps // layers)
    if not each:
        raise BadInput(f"the run has {steps} steps for {layers} layers: train longer (--epochs, --steps)")
    return each


def _part(params: Any, level: tuple[str, str]) -> dict:
    """Returns the parameters of a layer and of its mirror image in the decoder."""
    up, down = level
    return {"up": params["body"][up], "down": params["decoder"][down]}


def _layer(model: Any, optimizer: Optimizer, index: int, fit: dict, batch: dict, key: jax.Array) -> tuple:
    """Returns parameters, optimizer states and loss when one layer is trained."""
    level, params = model.levels[index], fit["params"]
    v = model.means(params, batch["x"], index)
    below = v if index else batch["x"]  # the range of images is that of a channel, not of a pixel
    damaged = model.corrupt(below, named_key(key, "corrupt")).reshape(v.shape)

    def cost(part):
        h = model.activation(damaged @ part["up"]["w"] + part["up"]["b"])
        made = h @ part["down"]["w"] + part["down"]["b"]
        return jnp.mean(jnp.square((model.activation(made) if index else made) - v))

    part = _part(params, level)
    loss, gradient = jax.value_and_grad(cost)(part)
    part, state = apply_gradient(optimizer, gradient, fit["opt"][str(index)], part, loss)
    body, decoder = params["body"] | {level[0]: part["up"]}, params["decoder"] | {level[1]: part["down"]}
    return params | {"body": body, "decoder": decoder}, fit["opt"] | {str(index): state}, loss


def _whole(model: Any, task: Task, optimizer: Optimizer, fit: dict, batch: dict, key: jax.Array) -> tuple:
    """Returns parameters, optimizer states and loss when all layers are trained."""

    def cost(params):
        outputs, _ = model.apply(params, fit["state"], batch["x"], key)
        return jnp.mean(task.loss(outputs, task.target(batch)))

    loss, gradient = jax.value_and_grad(cost)(fit["params"])
    params, state = apply_gradient(optimizer, gradient, fit["opt"]["whole"], fit["params"], loss)
    return params, fit["opt"] | {"whole": state}, loss
