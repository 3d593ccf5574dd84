"""Greedy training of a deep belief network: one restricted Boltzmann machine after the other, then all layers."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp

from zoo.layers import flatten

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, named_key
from . import Run
from ._layer_figures import draw_classes, draw_layers
from ._stack import begin, learn, learn_by_chains
from ._up_down import up_down_cost
from .optimizers import Optimizer, apply_gradient, ema_update, make_optimizer
from .schedules import make_schedule
from .scoring import scores

__all__ = ["greedy"]

# fmt: off
TRAITS = {
    "idle": {
        (
            "t.pretraining", "opt", "lr", "momentum", "b2", "sched", "warmup_epochs", "step_epochs", "step_at",
            "decay", "clip_grad", "ema", "weight_decay", "l1", "l2",
        ): ("t.fine_tuning", "none"),
        "m.dropout": ("t.fine_tuning", ("up_down", "none")),
    }
}
# fmt: on

_PARTS = {"gradient": ("body", "labels"), "up_down": ("body", "generator"), "none": ("body", "labels")}


def greedy(
    model: Any,
    task: Task,
    run: Run,
    *,
    pretraining: Annotated[float, Bounds(0, 1)] = 0.5,
    pretraining_lr: Annotated[float, Bounds(0, open_low=True)] = 0.1,
    top_lr: Annotated[float, Bounds(0, open_low=True)] = 0.1,
    chains: Annotated[int, Bounds(1)] = 100,
    fine_tuning: Literal["gradient", "up_down", "none"] = "gradient",
) -> Trainer:
    """Makes the trainer of a deep belief network (Hinton, Osindero & Teh 2006).

    Machine after machine is trained by contrastive divergence on the mean activities of the layers below, the last one
    with the labels as further visible units and by persistent chains, since samples come from it; the rate of each
    falls to 0. All layers are then fine-tuned with the optimizer of the recipe.

    Args:
        model: a `dbn`.
        task: a classification.
        run: gives optimizer, schedule and length.
        pretraining: share of the steps for the machines, an equal part for each.
        pretraining_lr: learning rate of the machines below the last one at first, with a momentum of 0.9.
        top_lr: learning rate of the last machine at first, without momentum.
        chains: number of persistent chains of the last machine.
        fine_tuning: gradient, of the loss, which leaves the machines for samples as they are; up_down, contrastive
            wake-sleep, which improves the samples, too; none, all steps are for the machines.

    Raises:
        BadInput: if the model is no deep belief network, or the inputs are not from 0 to 1.
    """
    _check(model, run)
    count, recipe, tunes = len(model.names), run.recipe, fine_tuning != "none"
    # Without fine-tuning the last machine ends sooner, instead of a step or two that no machine has.
    each = int(run.steps * pretraining) // count if tunes else -(-run.steps // count)
    lengths = max(run.steps - count * each, 1), run.steps_per_epoch
    optimizer = make_optimizer(recipe, *lengths)
    rate = _rate((pretraining_lr, top_lr), count, each, make_schedule(recipe, *lengths) if tunes else None)
    decay = recipe.ema if tunes else None
    tuned = partial(_some, names=_PARTS[fine_tuning])

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        params["generator"]["0"]["a"] = _rates(batch["x"])
        fit = {"params": params, "state": state, "opt": optimizer.init(tuned(params)), "step": jnp.int32(0)}
        fit |= _begun(params["generator"], chains)
        return fit if decay is None else fit | {"ema": params}

    tune = partial(_fine_tuned, model, task, optimizer, fine_tuning)
    branches = [*(partial(_pretrained, model, layer, rate) for layer in range(count if each else 0)), *[tune] * tunes]

    def step(fit, batch, key):
        phase = jnp.minimum(fit["step"] // max(each, 1), len(branches) - 1)
        new, error = jax.lax.switch(phase, branches, fit, batch, key)
        loss = _loss(model, task, fit, batch, None, tuned(fit["params"]))
        metrics = {"loss": loss, "layer": (phase + 1).astype(jnp.float32), "reconstruction_error": error}
        if decay is not None:  # of the fine-tuning alone
            last, since = phase == len(branches) - 1, jnp.maximum(fit["step"] - count * each, 0)
            new["ema"] = ema_update(fit["ema"], new["params"], jnp.where(last, decay, 0.0), since)
        return fit | new | {"step": fit["step"] + 1}, metrics

    figures, logged = (draw_layers, draw_classes), lambda numbers, update: rate(update)
    return Trainer(init, step, scores(model, task), task.finish, figures=figures, rate=logged)


def _check(model: Any, run: Run) -> None:
    recipe = run.recipe
    name = recipe.model
    if not hasattr(model, "means"):
        raise BadInput(f"the trainer {recipe.trainer} needs a stack of machines, such as --model dbn; {name} is none")
    if recipe.normalize != "unit":
        raise BadInput(f"--normalize {recipe.normalize}: {name} reads values from 0 to 1: take --normalize unit")


def _begun(machines: dict, chains: int) -> dict:
    """Returns the chains of the last machine and the velocities of the others."""
    *below, last = sorted(machines, key=int)
    velocity = jax.tree.map(jnp.zeros_like, {name: machines[name] for name in below})
    return {"velocity": velocity, "chains": begin(machines[last], len(machines[last]["a"]), chains)}


def _rate(
    firsts: tuple[float, float], count: int, each: int, schedule: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    """Returns the learning rate by step: that of each machine falls to 0, then that of a schedule, if there is one.

    Args:
        firsts: that of the machines at first, and that of the last one.
        count: number of machines.
        each: steps of a machine.
        schedule: the rate by step of the fine-tuning.
    """

    def rate(step):
        first = jnp.where(step < (count - 1) * each, *firsts)
        of_machine = first * (1 - (step % max(each, 1)) / max(each, 1))
        if schedule is None:
            return of_machine
        return jnp.where(step < count * each, of_machine, schedule(step - count * each))

    return rate


def _fine_tuned(
    model: Any, task: Task, optimizer: Optimizer, how: str, fit: dict, batch: dict, key: jax.Array
) -> tuple[dict, jax.Array]:
    """Returns what changes in a fit when all layers are trained, and 0, as nothing is reconstructed."""
    part, cost = _some(fit["params"], _PARTS[how]), partial(_loss, model, task, fit, batch, key)
    if how == "up_down":
        cost = up_down_cost(fit["params"], model.names, flatten(batch["x"]), batch["y"], named_key(key, "up"))
    loss, gradient = jax.value_and_grad(cost)(part)
    moved, opt = apply_gradient(optimizer, gradient, fit["opt"], part, loss)
    params = fit["params"] | moved
    params = _copied(params, model.names, len(model.names) - 1) if how == "up_down" else params
    return _some(fit, ("velocity", "chains")) | {"params": params, "opt": opt}, jnp.zeros(())


def _pretrained(
    model: Any, layer: int, rate: Callable[[Any], Any], fit: dict, batch: dict, key: jax.Array
) -> tuple[dict, jax.Array]:
    """Returns what changes in a fit when one machine is trained, and the error of its reconstructions."""
    name, machines = str(layer), fit["params"]["generator"]
    v = model.means(fit["params"], batch["x"], layer)
    now, key, new = rate(fit["step"]), named_key(key, "up"), _some(fit, ("velocity", "chains", "opt"))
    if layer == len(model.names) - 1:
        own, new["chains"], error = learn_by_chains(machines[name], fit["chains"], v, batch["y"], key, now)
    else:
        own, velocity, error = learn(machines[name], fit["velocity"][name], v, batch["y"], key, now)
        new["velocity"] = fit["velocity"] | {name: velocity}
    params = _copied(fit["params"] | {"generator": machines | {name: own}}, model.names, layer)
    return new | {"params": params}, error


def _some(params: dict, names: tuple[str, ...]) -> dict:
    return {name: params[name] for name in names}


def _rates(x: jax.Array) -> jax.Array:
    """Returns the logits of the mean inputs (visible,), never infinite."""
    v = flatten(x)
    share = (jnp.sum(v, axis=0) + 1) / (len(v) + 2)
    return jnp.log(share) - jnp.log1p(-share)


def _loss(model: Any, task: Task, fit: dict, batch: dict, key: jax.Array | None, part: dict) -> jax.Array:
    outputs, _ = model.apply(fit["params"] | part, fit["state"], batch["x"], key)
    return task.mean(task.loss(outputs, batch["y"]), batch["y"])


def _copied(params: dict, names: tuple[str, ...], layer: int) -> dict:
    """Returns parameters whose layer, and labels, are those of its machine."""
    own = params["generator"][str(layer)]
    body = params["body"] | {names[layer]: {"w": own["w"], "b": own["b"]}}
    return params | {"body": body, "labels": own.get("labels", params["labels"])}
