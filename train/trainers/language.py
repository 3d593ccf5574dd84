"""Language models: the next token from all before it, by truncated back-propagation through time."""

from zoo.layers import Layer

from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from ._gradient import gradient_trainer
from .optimizers import make_optimizer

__all__ = ["language"]

TRAITS = {
    "accumulate": True,
    "batch": "consecutive",
    "shares_programs": True,
    "variant_of": "supervised",
    "tasks": ("language",),
}


def language(model: Layer, task: Task, run: Run) -> Trainer:
    """Makes the trainer of a language model, with the optimizer of the run's recipe.

    The batches are those of `pipeline.text.token_windows`: `x`, `y` and `first`. The fit has the entries of
    `supervised` and the `carry` of the last batch, from which the next one continues.
    """
    recipe = run.recipe
    optimizer = make_optimizer(recipe, run.steps, run.steps_per_epoch)
    return gradient_trainer(model, task, optimizer, ema=recipe.ema, every=recipe.accumulate, carry=True)
