"""Rosenblatt's perceptron rule: each wrong prediction adds the input to the weights, without a gradient."""

import jax
import jax.numpy as jnp

from zoo.layers import Layer

from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from .scoring import scores

__all__ = ["perceptron"]

TRAITS = {"gradient": False, "reads": ("lr",), "schedule": False, "vmap": True, "shares_programs": True}


def perceptron(model: Layer, task: Task, run: Run) -> Trainer:
    """Makes the trainer of a perceptron (Rosenblatt 1958), which learns from its mistakes alone.

    Where the prediction is wrong, the input is added to the weights of the target class and subtracted from those of
    the predicted one; where it is right, nothing changes. Examples are processed one after another, whatever the batch
    size. With two classes and one output the rule is the original: `w += rate * (target - prediction) * x`. On data
    that a plane separates with margin g inside radius R, there are at most (R/g)^2 mistakes (Novikoff 1962).

    The rate is the learning rate of the recipe. It scales the weights; since they begin at zero it changes no
    prediction.

    Args:
        model: a `perceptron`: one dense layer named `head`.
        task: binary or multi-class classification.
        run: gives the recipe.
    """
    rate = run.recipe.lr

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        inputs = batch["x"].reshape(batch["x"].shape[0], -1)

        def update(head, example):
            x, y = example
            sums = x @ head["w"] + head["b"]
            error = _target(y, sums) - _prediction(sums)
            head = {"w": head["w"] + rate * jnp.outer(x, error), "b": head["b"] + rate * error}
            return head, jnp.any(error != 0)

        head, wrong = jax.lax.scan(update, fit["params"]["head"], (inputs, batch["y"]))
        mistakes = jnp.mean(wrong.astype(jnp.float32))
        return fit | {"params": {"head": head}}, {"loss": mistakes, "accuracy": 1 - mistakes}

    return Trainer(init, step, scores(model, task), task.finish)


def _prediction(sums: jax.Array) -> jax.Array:
    if sums.size == 1:
        return (sums > 0).astype(sums.dtype)
    return jax.nn.one_hot(jnp.argmax(sums), sums.size, dtype=sums.dtype)


def _target(y: jax.Array, sums: jax.Array) -> jax.Array:
    if sums.size == 1:
        return y.reshape(1).astype(sums.dtype)
    return jax.nn.one_hot(y, sums.size, dtype=sums.dtype)
