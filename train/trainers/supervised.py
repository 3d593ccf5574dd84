"""Learning from examples with answers, by one gradient."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from zoo.layers import Layer, Scanned, Sequence

from ..tasks.task import Task
from ..trainer import Trainer, eval_params
from .optimizers import ema_update

__all__ = ["answers", "inputs", "score", "supervised"]


def supervised(
    model: Layer,
    task: Task,
    optimizer: optax.GradientTransformationExtraArgs,
    *,
    ema: float | None = None,
    every: int = 1,
) -> Trainer:
    """Makes the trainer that moves a model's parameters down the gradient of a task's loss.

    Args:
        model: from inputs to the outputs that the task expects.
        task: loss, metrics and what they mean.
        optimizer: from optax; its update is also told the loss (`value`).
        ema: decay of a moving average of the weights, which is then evaluated and saved in their place.
        every: how many steps make one update; the average moves with the updates.

    >>> import jax, jax.numpy as jnp, optax
    >>> from zoo import mlp
    >>> from zoo.train.tasks.task import task_for
    >>> trainer = supervised(mlp(3), task_for("multiclass", outputs=3), optax.with_extra_args_support(optax.sgd(0.1)))
    >>> batch = {"x": jnp.ones((4, 2)), "y": jnp.array([0, 1, 2, 0])}
    >>> fit, metrics = trainer.step(trainer.init(jax.random.key(0), batch), batch, jax.random.key(1))
    >>> sorted(metrics)
    ['accuracy', 'grad_norm', 'loss']
    """

    def init(key, batch):
        params, state = model.init(key, inputs(batch))
        fit = {"params": params, "state": state, "opt": optimizer.init(params)}
        if ema is not None:
            fit |= {"ema": params, "step": jnp.zeros((), jnp.int32)}
        return fit

    def step(fit, batch, key):
        def cost(params):
            outputs, state = answers(model, params, fit["state"], batch, key)
            return task.mean(task.loss(outputs, batch["y"]), batch["y"]), (outputs, state)

        (loss, (outputs, state)), gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"])
        updates, opt = optimizer.update(gradient, fit["opt"], fit["params"], value=loss)
        params = optax.apply_updates(fit["params"], updates)
        new = {"params": params, "state": state, "opt": opt}
        if ema is not None:
            new |= {"ema": ema_update(fit["ema"], params, ema, fit["step"], every), "step": fit["step"] + 1}
        metrics = {"loss": loss, "grad_norm": optax.global_norm(gradient)}
        if task.headline in task.metrics:
            metrics[task.headline] = task.mean(task.metrics[task.headline](outputs, batch["y"]), batch["y"])
        return new, metrics

    return Trainer(init, step, score(model, task), task.finish)


def inputs(batch: dict) -> Any:
    """What a model is given of a batch: x, and its lengths where the examples are not equally long."""
    return Sequence(batch["x"], batch["lengths"]) if "lengths" in batch else batch["x"]


def answers(model: Layer, params: Any, state: Any, batch: dict, key: Any = None) -> tuple[Any, Any]:
    """The outputs for a batch, without a carry, and the new state."""
    outputs, state = model.apply(params, state, inputs(batch), key)
    return (outputs.y if isinstance(outputs, Scanned) else outputs), state


def score(model: Layer, task: Task):
    """Makes the `evaluate` of a trainer whose model answers and whose task says how well.

    Gives the sums of the loss and of each metric over the examples whose weight is 1 (of tagging, over their steps),
    with the sum of the weights.
    """

    def evaluate(fit, batch, key):
        params, state = eval_params(fit)
        outputs, _ = answers(model, params, state, batch)
        measures = {"loss": task.loss, **task.metrics}
        weight = task.weights(batch["y"], batch["weight"])
        # `where`, not a product: what padding gives may be infinite, and must not count.
        return {
            name: (jnp.sum(jnp.where(weight > 0, measure(outputs, batch["y"]), 0)), jnp.sum(weight))
            for name, measure in measures.items()
        }

    return evaluate
