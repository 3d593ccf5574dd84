"""Rules without a gradient: each weight is changed by what lies at its two ends."""

import jax
import jax.numpy as jnp

from zoo.layers import Layer

from ..tasks.task import Task
from ..trainer import Trainer
from .supervised import score

__all__ = ["mistake_driven"]


def mistake_driven(model: Layer, task: Task, *, rate: float = 1.0) -> Trainer:
    """Makes Rosenblatt's trainer, which learns from mistakes alone.

    Where the answer is wrong, the input is added to the weights of the right class and taken from those of the
    answered one; where it is right, nothing changes. Examples are met one after another, whatever the batch size.
    With two classes and one output the rule is the original: `w += rate * (target - answer) * x`. On data that a
    plane separates with margin g inside radius R, the mistakes number at most (R/g)^2 (Novikoff 1962).

    Args:
        model: a `perceptron`: one dense layer named `head`.
        task: binary or multi-class.
        rate: scales the weights; since they begin at zero it changes no answer.
    """

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        inputs = batch["x"].reshape(batch["x"].shape[0], -1)

        def meet(head, example):
            x, y = example
            sums = x @ head["w"] + head["b"]
            error = _target(y, sums) - _answer(sums)
            head = {"w": head["w"] + rate * jnp.outer(x, error), "b": head["b"] + rate * error}
            return head, jnp.any(error != 0)

        head, wrong = jax.lax.scan(meet, fit["params"]["head"], (inputs, batch["y"]))
        mistakes = jnp.mean(wrong.astype(jnp.float32))
        return fit | {"params": {"head": head}}, {"loss": mistakes, "accuracy": 1 - mistakes}

    return Trainer(init, step, score(model, task), task.finish)


def _answer(sums: jax.Array) -> jax.Array:
    if sums.size == 1:
        return (sums > 0).astype(sums.dtype)
    return jax.nn.one_hot(jnp.argmax(sums), sums.size, dtype=sums.dtype)


def _target(y: jax.Array, sums: jax.Array) -> jax.Array:
    if sums.size == 1:
        return y.reshape(1).astype(sums.dtype)
    return jax.nn.one_hot(y, sums.size, dtype=sums.dtype)
