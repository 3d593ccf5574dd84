"""Learning a language: the next token from all before it, by truncated back-propagation through time.

The carry goes on from batch to batch and is a part of the fit, so that a resumed run knows what it has read. The
gradient ends at the window's edge (Williams and Peng 1990), what is remembered does not.
"""

import jax
import jax.numpy as jnp
import optax

from zoo.layers import Layer, Sequence

from ..tasks.task import Task
from ..trainer import Trainer, eval_params
from .optimizers import ema_update

__all__ = ["language", "score_tokens"]


def language(
    model: Layer,
    task: Task,
    optimizer: optax.GradientTransformationExtraArgs,
    *,
    ema: float | None = None,
    every: int = 1,
) -> Trainer:
    """Makes the trainer of a language model.

    Args:
        model: from `Sequence(tokens, carry=)` to `Scanned(carry, logits)`, from plain tokens to plain logits
            (batch, time, vocabulary).
        task: language; its loss and metrics are given the logits and targets of all tokens in one row.
        optimizer: from optax; its update is also told the loss (`value`).
        ema: decay of a moving average of the weights, which is then evaluated and saved in their place.
        every: how many steps make one update; the average moves with the updates.

    The batches are those of `feed_text.contiguous`: `x`, `y` and `first`, which is true for the rows whose carry
    begins anew, from zeros.

    >>> from zoo import lstm
    >>> from zoo.train.tasks.task import task_for
    >>> model, task = lstm(5, each=True, vocabulary=5, width=4), task_for("language", outputs=5)
    >>> tokens = jnp.zeros((2, 3), jnp.int32)
    >>> sgd = optax.with_extra_args_support(optax.sgd(0.1))
    >>> fit = language(model, task, sgd).init(jax.random.key(0), {"x": tokens})
    >>> sorted(fit)
    ['carry', 'opt', 'params', 'state']
    """

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        read, _ = jax.eval_shape(model.apply, params, state, Sequence(batch["x"]))
        carry = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), read.carry)
        fit = {"params": params, "state": state, "opt": optimizer.init(params), "carry": carry}
        if ema is not None:
            fit |= {"ema": params, "step": jnp.zeros((), jnp.int32)}
        return fit

    def step(fit, batch, key):
        before = _begun(fit["carry"], batch["first"])

        def cost(params):
            read, state = model.apply(params, fit["state"], Sequence(batch["x"], carry=before), key)
            measured = {"loss": task.loss, **_headline(task)}
            means = {name: jnp.mean(each) for name, each in _measures(measured, read.y, batch["y"]).items()}
            return means["loss"], (means, read.carry, state)

        (loss, (means, carry, state)), gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"])
        updates, opt = optimizer.update(gradient, fit["opt"], fit["params"], value=loss)
        params = optax.apply_updates(fit["params"], updates)
        new = {"params": params, "state": state, "opt": opt, "carry": carry}
        if ema is not None:
            new |= {"ema": ema_update(fit["ema"], params, ema, fit["step"], every), "step": fit["step"] + 1}
        return new, {**means, "grad_norm": optax.global_norm(gradient)}

    return Trainer(init, step, score_tokens(model, task), task.finish)


def score_tokens(model: Layer, task: Task):
    """Makes the `evaluate` of a language model: sums over the tokens of weight 1, each row read from its beginning."""

    def evaluate(fit, batch, key):
        params, state = eval_params(fit)
        logits, _ = model.apply(params, state, batch["x"])
        weight = batch["weight"].reshape(-1)
        measures = _measures({"loss": task.loss, **task.metrics}, logits, batch["y"])
        return {name: (jnp.sum(jnp.where(weight > 0, each, 0)), jnp.sum(weight)) for name, each in measures.items()}

    return evaluate


def _measures(measures: dict, logits: jax.Array, y: jax.Array) -> dict[str, jax.Array]:
    """Gives each measure of every token, all rows one after another."""
    logits, y = logits.reshape(-1, logits.shape[-1]), y.reshape(-1)
    return {name: measure(logits, y) for name, measure in measures.items()}


def _headline(task: Task) -> dict:
    return {task.headline: task.metrics[task.headline]} if task.headline in task.metrics else {}


def _begun(carry, first: jax.Array):
    """Zeros where a row begins, the carry where it goes on."""

    def one(leaf):
        rows = jnp.broadcast_to(first, leaf.shape[:1]).reshape((-1,) + (1,) * (leaf.ndim - 1))
        return jnp.where(rows, jnp.zeros_like(leaf), leaf)

    return jax.tree.map(one, carry)
