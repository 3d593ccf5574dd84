"""Supervised learning: gradient descent on the loss of a task."""

from zoo.layers import Layer

from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from ._gradient import gradient_trainer
from .optimizers import make_optimizer

__all__ = ["supervised"]

TRAITS = {"accumulate": True, "mixes": True, "vmap": True, "shares_programs": True, "weights": True}


def supervised(model: Layer, task: Task, run: Run) -> Trainer:
    """Makes the trainer of a model by the gradient of its task's loss, with the optimizer of the run's recipe.

    The fit is `params`, `state` and `opt`, and with a moving average `ema` and `step`. A step returns the `loss`, the
    norm of the gradient `grad_norm` and the task's headline metric.
    """
    recipe = run.recipe
    optimizer = make_optimizer(recipe, run.steps, run.steps_per_epoch)
    return gradient_trainer(model, task, optimizer, ema=recipe.ema, every=recipe.accumulate)
