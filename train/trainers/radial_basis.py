"""Centres by k-means, widths by their neighbours, and a linear layer by least squares (Moody and Darken 1989)."""

from typing import Annotated

import jax
import jax.numpy as jnp

from zoo.layers import Layer, flatten
from zoo.layers.distances import squared_distances

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, named_key
from . import Run
from ._kmeans import kmeans
from .least_squares import check, solved
from .scoring import scores

__all__ = ["radial_basis"]

TRAITS = {
    "gradient": False,
    "reads": ("loss", "label_smoothing", "class_weights"),
    "schedule": False,
    "batch": "all",
    "shares_programs": True,
}


def radial_basis(
    model: Layer,
    task: Task,
    run: Run,
    *,
    iterations: Annotated[int, Bounds(1)] = 10,
    neighbours: Annotated[int, Bounds(1)] = 10,
    spread: Annotated[float, Bounds(0, open_low=True)] = 1.4,
    shared: bool = False,
    ridge: Annotated[float, Bounds(0, open_low=True)] = 1e-2,
) -> Trainer:
    """Makes the trainer of a radial basis function network, which needs one step over all examples.

    Args:
        model: a `rbf`.
        task: classification or regression.
        run: gives the number of steps.
        iterations: iterations of k-means, which places the centres.
        neighbours: nearest other centres whose mean distance is the width of a unit.
        spread: factor of that width.
        shared: whether all units have the mean of the widths.
        ridge: weight of the sum of squared weights beside the sum of squared errors.

    Raises:
        BadInput: if the model is none of such units, has more of them than there are examples, or an option is out of
            bounds.
    """
    check(model, run)

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        if set(params["hidden"]) != {"centres", "width"}:
            raise BadInput(f"the trainer {run.recipe.trainer} trains the model rbf, not {run.recipe.model}")
        units = len(params["hidden"]["centres"])
        if not 2 <= units <= len(batch["x"]):
            raise BadInput(f"--m.units {units}: expected 2 to {len(batch['x']):,}, the number of training examples")
        return {"params": params, "state": state}

    def step(fit, batch, key):
        x, units = flatten(batch["x"]), len(fit["params"]["hidden"]["centres"])
        centres = kmeans(named_key(key, "centres"), x, units, iterations)
        hidden = {"centres": centres, "width": spread * _widths(centres, min(neighbours, units - 1), shared)}
        params, loss = solved(model, task, fit["params"] | {"hidden": hidden}, fit["state"], batch, ridge)
        return fit | {"params": params}, {"loss": loss}

    return Trainer(init, step, scores(model, task), task.finish)


def _widths(centres: jax.Array, neighbours: int, shared: bool) -> jax.Array:
    """Computes the mean distance (units,) of each centre from the nearest others."""
    distances = jnp.sqrt(squared_distances(centres, centres)).at[jnp.diag_indices(len(centres))].set(jnp.inf)
    widths = jnp.mean(-jax.lax.top_k(-distances, neighbours)[0], axis=1)
    widths = jnp.where(widths > 0, widths, jnp.mean(widths))  # centres may lie upon each other
    return jnp.full_like(widths, jnp.mean(widths)) if shared else widths
