"""Least squares on the states of a liquid, and on the filtered input without the liquid, for comparison."""

from typing import Annotated, Any

import jax
import jax.numpy as jnp

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from .least_squares import check, solved
from .scoring import scores

__all__ = ["liquid_read_out"]

TRAITS = {
    "gradient": False,
    "reads": ("loss", "label_smoothing"),
    "schedule": False,
    "batch": "all",
    "shares_programs": True,
}


def liquid_read_out(
    model: Any, task: Task, run: Run, *, ridge: Annotated[float, Bounds(0, open_low=True)] = 1.0
) -> Trainer:
    """Makes the trainer of a liquid state machine, which needs one step over all examples.

    It solves the linear layer `head` of the model, and that of `model.raw`, which reads the filtered input itself; the
    latter is kept in the state, as is the most frequent class.

    Args:
        model: model with the capabilities `features` and `raw`.
        task: classification or regression.
        run: gives the number of steps.
        ridge: weight of the sum of squared weights beside the sum of squared errors.

    Raises:
        BadInput: if the model has no such capabilities, the ridge is not positive, the run has more than one step, or
            the examples differ in length.
    """
    check(model, run)
    if not hasattr(model, "raw"):
        raise BadInput(f"the trainer {run.recipe.trainer} trains the model lsm, not {run.recipe.model}")

    def init(key, batch):
        if "lengths" in batch:
            raise BadInput(f"{run.recipe.model} reads examples of one length; those of {run.recipe.dataset} differ")
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        params, loss = solved(model, task, fit["params"], fit["state"], batch, ridge)
        raw, _ = solved(model.raw, task, fit["state"]["raw"], {}, batch, ridge)
        state = fit["state"] | {"raw": raw, "frequent": _most_frequent(batch["y"], fit["state"]["frequent"])}
        return {"params": params, "state": state}, {"loss": loss}

    return Trainer(init, step, scores(model, task), task.finish)


def _most_frequent(y: jax.Array, before: jax.Array) -> jax.Array:
    """Returns the class of most examples; what was there before if the targets are no classes."""
    if y.ndim > 1 or not jnp.issubdtype(y.dtype, jnp.integer):
        return before
    y = jnp.sort(y)
    counts = jnp.searchsorted(y, y, side="right") - jnp.searchsorted(y, y)
    return y[jnp.argmax(counts)].astype(jnp.int32)
