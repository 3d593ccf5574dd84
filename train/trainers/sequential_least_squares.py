"""Least squares batch by batch: after each batch, the linear layer is that of all examples so far.

Source: Liang, Huang, Saratchandran and Sundararajan 2006, A fast and accurate online sequential learning algorithm for
feedforward networks. They carry an inverse covariance; here it is the triangle of a QR decomposition, which float32 has
the digits for.
"""

from typing import Annotated, Any

import jax.numpy as jnp

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task, weights_of
from ..trainer import Trainer
from . import Run
from .least_squares import add_rows, check_model, no_rows, solution, targets_of, with_head
from .scoring import scores

__all__ = ["sequential_least_squares"]

TRAITS = {
    "gradient": False,
    "reads": ("loss", "label_smoothing", "class_weights"),
    "schedule": False,
    "shares_programs": True,
}


def sequential_least_squares(
    model: Any, task: Task, run: Run, *, ridge: Annotated[float, Bounds(0, open_low=True)] = 10.0
) -> Trainer:
    """Makes the trainer that solves the layer `head` of a model after every batch, for all examples so far.

    After one pass the layer is that of `least_squares`, but for the factor of the outputs of classes, which is the one
    with the least loss on the last batch. The examples need not fit in memory.

    Args:
        model: model with the capability `features(params, state, x) -> (batch, n)`.
        task: classification or regression.
        run: gives the number of steps and of examples.
        ridge: weight of the sum of squared weights beside the sum of squared errors.

    Raises:
        BadInput: if the model has no features, the ridge is not positive, or the run has more than one pass.
    """
    check_model(model, run)
    if run.steps > run.steps_per_epoch:
        raise BadInput(
            f"{run.recipe.model} is solved in one pass, not {run.steps / run.steps_per_epoch:.3g}: a second one would "
            "count every example twice; leave --epochs, or take --epochs 1"
        )

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        features, outputs = params["head"]["w"].shape
        triangle = no_rows(features, outputs, ridge)
        return {"params": params, "state": state, "triangle": triangle, "step": jnp.zeros((), jnp.int32)}

    def step(fit, batch, key):
        params, state, count = fit["params"], fit["state"], len(batch["x"])
        wanted = targets_of(task, params, batch)
        # The last batch is filled with examples that were there before.
        there = fit["step"] * count + jnp.arange(count) < (jnp.inf if run.targets is None else len(run.targets))
        factors = jnp.sqrt(weights_of(task.target(batch), task.class_weights)) if task.class_weights else 1.0
        triangle = add_rows(fit["triangle"], model.features(params, state, batch["x"]), wanted, there * factors)
        params = params | {"head": solution(triangle, wanted.shape[1])}
        params, loss = with_head(model, task, params, state, batch)
        return fit | {"params": params, "triangle": triangle, "step": fit["step"] + 1}, {"loss": loss}

    return Trainer(init, step, scores(model, task), task.finish)
