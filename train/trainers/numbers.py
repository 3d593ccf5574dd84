"""Numbers of a recipe as arguments of the compiled programs, which runs with other values then share.

Usually a program contains the numbers of its recipe as constants. In a sweep over such numbers they are a part of the
fit, `fit["numbers"]`, and the trainer is made from them wherever a program is traced. Results are the same up to
rounding.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from ..config.recipe import Recipe
from ..option_types import is_off
from ..tasks.task import Task
from ..trainer import Trainer
from . import Run, make

__all__ = ["NUMBERS", "arguments", "make_with_numbers", "with_numbers"]

_OFF = {"weight_decay": 0.0, "l1": 0.0, "l2": 0.0, "clip_grad": math.inf}  # values that change nothing
NUMBERS = ("lr", "momentum", "b2", *_OFF, "ema", "label_smoothing")
"""The fields of a recipe that a program can have as arguments."""


def arguments(recipe: Recipe, names: Collection[str]) -> dict[str, float]:
    """Returns those of the named fields that programs of a recipe can have as arguments, with their values.

    An average of the parameters or a label smoothing that is switched off is none: without it the program is another.

    >>> arguments(Recipe("mlp", "iris", lr=0.1), ("lr", "clip_grad", "ema", "epochs"))
    {'lr': 0.1, 'clip_grad': inf}
    """
    found = {name: getattr(recipe, name) for name in NUMBERS if name in names}
    found = {name: _OFF.get(name) if is_off(value) else value for name, value in found.items()}
    return {name: float(value) for name, value in found.items() if value is not None}


def make_with_numbers(
    model: Any, task: Task, facts: Run, names: Collection[str], task_of: Callable[[Recipe], Task]
) -> Trainer:
    """Makes the trainer of a run, which takes the named numbers of its recipe from the fit where it can.

    Args:
        model: the model to train.
        task: task of the recipe.
        facts: the recipe and the length of the run.
        names: names of fields of the recipe.
        task_of: makes the task of a recipe with another label smoothing, which is a part of the loss.
    """
    recipe = facts.recipe

    def made(changed: Recipe) -> Trainer:
        smoothed = changed.label_smoothing is not recipe.label_smoothing and task.sample_score is None
        return make(model, task_of(changed) if smoothed else task, facts._replace(recipe=changed))

    return with_numbers(made, recipe, arguments(recipe, names))


def with_numbers(made: Callable[[Recipe], Trainer], recipe: Recipe, numbers: Mapping[str, float]) -> Trainer:
    """Makes a trainer that takes numbers of its recipe from the fit.

    Args:
        made: makes the trainer of a recipe, whose numbers may be traced.
        recipe: the recipe.
        numbers: values by name of the field; without any, the trainer is that of the recipe.

    >>> import jax
    >>> of = lambda recipe: Trainer(lambda key, x: {}, lambda fit, x, key: (fit, {"rate": 2 * recipe.lr}), lambda: {})
    >>> trainer = with_numbers(of, Recipe("mlp", "iris"), {"lr": 0.5})
    >>> fit, metrics = jax.jit(trainer.step)({"numbers": {"lr": 3.0}}, None, None)
    >>> float(metrics["rate"])
    6.0
    """
    usual = made(recipe)
    if not numbers:
        return usual

    def init(key, batch):
        # The run replaces these by its own, so that this program contains none.
        given = {name: jnp.float32(0) for name in numbers}
        return {**made(replace(recipe, **given)).init(key, batch), "numbers": given}

    def step(fit, batch, key):
        given = fit["numbers"]
        new, metrics = made(replace(recipe, **given)).step(_without(fit), batch, key)
        return {**new, "numbers": given}, metrics

    def evaluate(fit, batch, key):
        return made(replace(recipe, **fit["numbers"])).evaluate(_without(fit), batch, key)

    def rate(given, update):
        logged = made(replace(recipe, **given)).rate
        assert logged is not None, "that of the same trainer is there"
        return logged({}, update)

    own = None if usual.rate is None else rate
    return usual._replace(init=init, step=step, evaluate=evaluate, rate=own, numbers=numbers)


def _without(fit: dict) -> dict:
    return {name: part for name, part in fit.items() if name != "numbers"}
