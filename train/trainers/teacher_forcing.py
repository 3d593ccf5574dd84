"""Teacher forcing: the linear layer of a reservoir by ridge regression on its states along the true series."""

from typing import Annotated, Any

import jax
import jax.numpy as jnp

from zoo.layers import Sequence

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from .least_squares import add_rows, check, no_rows, solution
from .scoring import scores

__all__ = ["continued", "teacher_forcing"]

TRAITS = {"gradient": False, "schedule": False, "batch": "all", "shares_programs": True}

_STEPS = 4096  # steps whose states are held at a time


def teacher_forcing(
    model: Any, task: Task, run: Run, *, ridge: Annotated[float, Bounds(0, open_low=True)] = 1e-8
) -> Trainer:
    """Makes the trainer that drives a reservoir by the true series and solves its layer `head` in one step.

    Every state has the next value as its target, but for those of the washout. The state of the model keeps the
    features of the last step, from which it continues the series.

    Args:
        model: model with the capabilities of the task `forecast`.
        task: forecast.
        run: gives the number of steps.
        ridge: weight of the sum of squared weights beside the sum of squared errors.

    Raises:
        BadInput: if the data are no whole series, or too short, or an option is out of bounds.
    """
    check(model, run)
    if task.name != "forecast":
        raise BadInput(
            f"the trainer {run.recipe.trainer} learns to forecast a whole series; {run.recipe.dataset} is a "
            f"{task.name} task here. Give a series with --d.whole, or take the trainer least_squares"
        )

    def init(key, batch):
        _check_length(batch["x"].shape[1], model.washout)
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        params, state, loss = continued(model, fit["params"], fit["state"], batch["x"], ridge)
        return {"params": params, "state": state}, {"loss": loss}

    return Trainer(init, step, scores(model, task), task.finish)


def continued(model: Any, params: dict, state: dict, x: jax.Array, ridge: float) -> tuple[dict, dict, jax.Array]:
    """Solves the layer `head` on the states along some series.

    Args:
        model: model with `features` and `washout`.
        params: its parameters.
        state: its state.
        x: series (batch, time, values).
        ridge: weight of the squared weights.

    Returns:
        The parameters with the new head, the state with the features of the last step, and the mean squared error of
        the training steps.

    Raises:
        BadInput: if the series ends with the washout.
    """
    (batch, time, values), n = x.shape, params["head"]["w"].shape[0]
    _check_length(time, model.washout)
    parts = -(-time // _STEPS)
    steps = -(-time // parts)

    def cut(each):
        filled = jnp.pad(each, ((0, 0), (0, parts * steps - each.shape[1]), (0, 0)))
        return jnp.moveaxis(filled.reshape(batch, parts, steps, -1), 1, 0)

    def add(held, part):
        (triangle, carry), (now, after, there) = held, part
        rows = model.features(params, state, Sequence(now, carry=carry))
        triangle = add_rows(triangle, rows.reshape(-1, n), after.reshape(-1, values), there.reshape(-1))
        return (triangle, rows[:, -1, : n - values]), rows[-1, (time - 1) % steps]

    learned = (jnp.arange(time) >= model.washout) & (jnp.arange(time) < time - 1)
    there = jnp.broadcast_to(learned.astype(x.dtype)[:, None], (batch, time, 1))
    start = no_rows(n, values, ridge), jnp.zeros((batch, n - values))
    (triangle, _), ends = jax.lax.scan(add, start, (cut(x), cut(x[:, 1:]), cut(there)))
    rest = triangle[n + 1 :, n + 1 :]  # its square is that of the errors, and of the weights by the ridge
    loss = jnp.sum(jnp.square(rest)) / (batch * (time - 1 - model.washout) * values)
    return params | {"head": solution(triangle, values)}, state | {"last": ends[-1]}, loss


def _check_length(time: int, washout: int) -> None:
    if time - 1 <= washout:
        raise BadInput(
            f"the training part of the series has {time:,} values, which leaves no step to learn from after the "
            f"{washout:,} of --m.washout: give a longer series or a shorter washout"
        )
