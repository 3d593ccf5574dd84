"""The gradient step of supervised and language models: one loss, one optimizer, an optional carry.

A carry (the hidden state of a recurrent model) goes on from batch to batch as a part of the fit, so that a resumed run
continues from the same carry. The gradient ends at the start of the batch (Williams and Peng 1990).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from zoo.layers import Layer, Sequence

from ..tasks.task import Task
from ..trained.call import call, inputs
from ..trainer import Trainer
from .optimizers import Optimizer, apply_gradient, ema_update
from .scoring import scores, seen

__all__ = ["gradient_trainer"]

_LARGEST = 1e30  # factor of a metric of a step, in float32: others are measured by evaluations only


def gradient_trainer(
    model: Layer,
    task: Task,
    optimizer: Optimizer,
    *,
    ema: float | None = None,
    every: int = 1,
    carry: bool = False,
    penalty: Callable[..., jax.Array] | None = None,
) -> Trainer:
    """Makes a trainer that follows the gradient of a task's loss.

    Args:
        model: model from inputs to the outputs of the task; with a carry, from `Sequence(tokens, carry=)` to
            `Scanned(carry, logits)` and from tokens to logits (batch, time, vocabulary).
        task: loss and metrics.
        optimizer: optimizer of optax; its update also receives the loss as `value`.
        ema: decay of a moving average of the parameters, which is evaluated and saved in their place.
        every: training steps per update of the parameters; the average moves with the updates.
        carry: whether the rows of a batch continue those of the batch before. Batches then have `first`, which is
            true for the rows that begin with a carry of zeros.
        penalty: `(params, state, x) -> scalar`, added to the loss that the gradient follows; None: nothing.

    >>> from zoo import mlp
    >>> from zoo.train.tasks import task_for
    >>> sgd = optax.with_extra_args_support(optax.sgd(0.1))
    >>> trainer = gradient_trainer(mlp(3), task_for("multiclass", outputs=3), sgd)
    >>> batch = {"x": jnp.ones((4, 2)), "y": jnp.array([0, 1, 2, 0])}
    >>> sorted(trainer.step(trainer.init(jax.random.key(0), batch), batch, jax.random.key(1))[1])
    ['accuracy', 'grad_norm', 'loss']
    """
    forward = _continue if carry else _call

    def init(key, batch):
        read = seen(task, batch, key)
        params, state = model.init(key, inputs(read))
        fit = {"params": params, "state": state, "opt": optimizer.init(params)}
        if carry:
            fit |= {"carry": _zero_carry(model, params, state, read)}
        if ema is not None:
            fit |= {"ema": params, "step": jnp.zeros((), jnp.int32)}
        return fit

    def step(fit, batch, key):
        read, wanted = seen(task, batch, key), task.target(batch)
        wanted = wanted.reshape(-1) if carry else wanted  # with a carry, each token is an example

        def cost(params):
            outputs, moved = forward(model, params, fit, read, key)
            loss = task.mean(_weighted(_losses(task, outputs, batch, wanted), batch), wanted)
            total = loss if penalty is None else loss + penalty(params, fit["state"], read["x"])
            return total, (loss, outputs, moved)

        (total, (loss, outputs, moved)), gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"])
        params, opt = apply_gradient(optimizer, gradient, fit["opt"], fit["params"], total)
        new = {"params": params, "opt": opt, **moved}
        if ema is not None:
            new |= {"ema": ema_update(fit["ema"], params, ema, fit["step"], every), "step": fit["step"] + 1}
        metrics = {"loss": loss, "grad_norm": optax.global_norm(gradient)}
        return new, metrics | _headline(task, outputs, batch, wanted)

    return Trainer(init, step, scores(model, task), task.finish)


def _losses(task: Task, outputs: Any, batch: dict, wanted: Any) -> jax.Array:
    """Returns the loss of each example; of mixed ones the mean of those for both targets, by their shares."""
    own = task.loss(outputs, wanted)
    if "other" not in batch:
        return own
    other = task.loss(outputs, task.target(batch | {"y": batch["other"]}))
    return batch["share"] * own + (1 - batch["share"]) * other


def _headline(task: Task, outputs: Any, batch: dict, wanted: Any) -> dict[str, jax.Array]:
    """Returns the metric that the progress shows, if its value in the unit of the data is a number of float32."""
    factor = task.factor(task.headline)
    if task.headline not in task.metrics or not 1 / _LARGEST < factor < _LARGEST:
        return {}
    each = _weighted(task.metrics[task.headline](outputs, wanted), batch)
    return {task.headline: factor * task.mean(each, wanted)}


def _weighted(values: jax.Array, batch: dict) -> jax.Array:
    """Returns values of examples (batch,) times their weights, whose mean over the training examples is 1."""
    return values * batch["weight"] if "weight" in batch else values


def _call(model: Layer, params: Any, fit: dict, batch: dict, key: jax.Array) -> tuple[Any, dict]:
    """Returns the outputs of a model and the entries of the fit that it changes."""
    outputs, state = call(model, params, fit["state"], batch, key)
    return outputs, {"state": state}


def _continue(model: Layer, params: Any, fit: dict, batch: dict, key: jax.Array) -> tuple[Any, dict]:
    """As `_call`, from the carry of the batch before, with one row of outputs a token.

    Rows that are `first` begin with a carry of zeros.
    """

    def begin(leaf):
        first = jnp.broadcast_to(batch["first"], leaf.shape[:1]).reshape((-1,) + (1,) * (leaf.ndim - 1))
        return jnp.where(first, jnp.zeros_like(leaf), leaf)

    before = jax.tree.map(begin, fit["carry"])
    read, state = model.apply(params, fit["state"], Sequence(batch["x"], carry=before), key)
    return read.y.reshape(-1, read.y.shape[-1]), {"state": state, "carry": read.carry}


def _zero_carry(model: Layer, params: Any, state: Any, batch: dict) -> Any:
    read, _ = jax.eval_shape(model.apply, params, state, Sequence(batch["x"]))
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), read.carry)
