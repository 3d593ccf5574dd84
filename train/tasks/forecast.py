"""Forecast of a whole series: one step ahead from the true values, and by free running on its own forecasts."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.normalize import scaled
from ..errors import BadInput
from .task import Task, public

__all__ = ["forecast", "free_run", "starts"]

TASKS = ("forecast",)
PER_STEP = ("forecast",)

_STARTS = 100  # of free runs up to the horizon
_LONG = 500  # steps of the one long free run


def forecast(outputs: int = 1) -> Task:
    """Builds the forecast of a series (batch, time, values) by a model that continues it.

    The model has the capabilities `features(params, state, x) -> (batch, time, n)`, `generate(params, state, features,
    steps) -> (batch, steps, values)` and `washout`. Scores in which each forecast is fed back as the next input are
    named `free_`; of `one_step_` scores every forecast is made from true values. Reported are

    - `one_step_nrmse`: root mean squared error one step ahead, divided by the standard deviation of the series.
    - `free_nrmse`: the same at the last of `outputs` steps of free running, from up to 100 starts (Jaeger and Haas
      2004).
    - `free_mse`: mean squared error of 500 steps of free running from the end of the washout, in the squared unit of
      the data; absent where the series is shorter.
    - `persistence_one_step_nrmse`, `persistence_free_nrmse`, `persistence_free_mse`: of the last true value, repeated.

    Args:
        outputs: horizon, steps of free running.
    """
    return Task(
        "forecast", _one_step, {}, _finish, "free_nrmse", False, predict=lambda outputs: outputs, probabilities=None,
        target=lambda batch: batch["x"], scores=partial(_scores, horizon=outputs), units="example",
        powers={"free_mse": 2, "persistence_free_mse": 2}, requires=("generate", "features", "washout"),
        counted="series", gives="the next value of each step", output="one_step_forecasts",
        describe=_describe, figures=(_draw_forecast, _draw_states), explain=partial(_explain, horizon=outputs),
    )  # fmt: skip


def _one_step(outputs: jax.Array, x: jax.Array) -> jax.Array:
    return _mean_square(outputs[:, :-1] - x[:, 1:])


def _mean_square(error: jax.Array) -> jax.Array:
    return jnp.mean(jnp.square(error), axis=tuple(range(1, error.ndim)))


def starts(time: int, washout: int, horizon: int) -> np.ndarray:
    """Chooses the steps of a series after which free runs begin: evenly spaced, none within the washout.

    Args:
        time: steps of the series.
        washout: first steps of the series that are not scored.
        horizon: steps of a free run.

    Raises:
        BadInput: if the series is too short for one.

    >>> starts(time=110, washout=100, horizon=8).tolist()
    [99, 100, 101]
    """
    count = time - horizon - washout + 1
    if count < 1:
        raise BadInput(
            f"a part of the series has {time:,} values; to score a forecast it needs at least "
            f"{washout + horizon:,}, --m.washout {washout:,} and --d.horizon {horizon:,}: give a longer series, or "
            "reduce one of them"
        )
    return washout - 1 + np.unique(np.linspace(0, count - 1, min(count, _STARTS)).round().astype(int))


def _scores(model: Any, params: Any, state: Any, batch: dict, key: Any, horizon: int) -> dict:
    x, there, washout = batch["x"], batch["weight"] > 0, model.washout
    chosen, time = starts(x.shape[1], washout, horizon), x.shape[1]
    rows = model.features(params, state, x)

    def run(places, steps):
        made = model.generate(params, state, rows[:, places].reshape(-1, rows.shape[-1]), steps)
        return made.reshape(len(x), len(places), steps, -1)

    scored = np.arange(washout - 1, time - 1)
    found = {
        "loss": run(scored, 1)[:, :, 0] - x[:, scored + 1],
        "_free": run(chosen, horizon)[:, :, -1] - x[:, chosen + horizon],
        "_still_one": x[:, scored] - x[:, scored + 1],
        "_still": x[:, chosen] - x[:, chosen + horizon],
        "_spread": x[:, scored + 1] - jnp.mean(x[:, scored + 1], axis=1, keepdims=True),
    }
    if time - washout >= _LONG:
        true, now = x[:, washout : washout + _LONG], x[:, washout - 1 : washout]
        found |= {"free_mse": run(np.array([washout - 1]), _LONG)[:, 0] - true, "persistence_free_mse": now - true}
    total = jnp.sum(batch["weight"])
    return {name: (jnp.sum(jnp.where(there, _mean_square(error), 0)), total) for name, error in found.items()}


def _finish(means: dict) -> dict:
    def relative(name):
        return float(means[name] / means["_spread"]) ** 0.5 if means["_spread"] else float(means[name] > 0)

    return public(means) | {
        "one_step_nrmse": relative("loss"), "persistence_one_step_nrmse": relative("_still_one"),
        "free_nrmse": relative("_free"), "persistence_free_nrmse": relative("_still"),
    }  # fmt: skip


def free_run(trained: Any, x: np.ndarray, steps: int) -> np.ndarray:
    """Forecasts what follows each of some series by free running: every forecast is the next input.

    Args:
        trained: model of the task `forecast`.
        x: series in the unit of the data (batch, time, values), each longer than the washout.
        steps: steps to forecast.

    Returns:
        float64 (batch, steps, values), in the unit of the data.

    Raises:
        BadInput: if the series are not longer than the washout.
    """
    model = trained.model
    if x.shape[1] <= model.washout:
        raise BadInput(
            f"the series has {x.shape[1]:,} values, {trained.about['model']} forecasts after more than "
            f"{model.washout:,}, the washout of its state (--m.washout)"
        )

    @jax.jit
    def run(params, state, x):
        return model.generate(params, state, model.features(params, state, x)[:, -1], steps)

    return trained.scaler.invert(np.asarray(run(trained.params, trained.state, scaled(trained.scaler, x))))


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the values that follow each series, as many as the horizon of the training."""
    for values in free_run(trained, np.asarray(x), trained.about["made_for"]["outputs"]):
        yield {"values": values.reshape(-1).tolist(), "unit": trained.about["target"], "mode": "free running"}


def _draw_forecast(drawing: Any) -> None:
    """Draws the longest free run that the test part holds beside the truth."""
    from ..plots.reservoir import free_running

    model, x = drawing.model, np.asarray(drawing.data.test.x[:1], np.float64)
    washout, steps = model.model.washout, min(_LONG, x.shape[1] - model.model.washout - 1)
    made = free_run(model, x[:, : washout + 1], steps)[0, :, 0]
    name = drawing.data.target
    free_running(x[0, : washout + 1 + steps, 0], made, drawing.folder / "forecast.png", name)


def _draw_states(drawing: Any) -> None:
    """Draws the states of some units over the first steps of the test part."""
    from ..plots.reservoir import states

    model = drawing.model
    x = np.asarray(drawing.data.test.x[:1])
    x = x[:, : 3 * model.model.washout]
    rows = jax.jit(model.model.features)(model.params, model.state, scaled(model.scaler, x))
    units = np.asarray(rows[0, :, : -x.shape[-1]])
    states(x[0, :, 0], units, model.model.washout, drawing.folder / "states.png", drawing.data.target)


def _explain(metrics: Mapping[str, float], horizon: int) -> list[str]:
    return [
        f"one_step_nrmse {metrics['one_step_nrmse']:.3g}: error one step ahead, from true values, in standard "
        f"deviations; persistence {metrics['persistence_one_step_nrmse']:.3g}",
        f"free_nrmse {metrics['free_nrmse']:.3g}: error {horizon} steps ahead by free running, every forecast fed back "
        f"as the next input; persistence {metrics['persistence_free_nrmse']:.3g}",
    ]
