"""Regression: prediction of one or several numbers."""

from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..errors import BadInput
from ..losses import regression as losses
from ..metrics import regression as metrics
from .baseline import central_value
from .task import Task, choose_loss, public

__all__ = ["LOSSES", "regression"]

TASKS = ("regression",)
TARGETS = MappingProxyType({"regression": "numbers"})
LOSSES = MappingProxyType(
    {
        "regression": {
            "mse": losses.mse,
            "half_mse": losses.half_mse,
            "mae": losses.mae,
            "huber": losses.huber,
            "arctan": losses.arctan,
        }
    }
)


def regression(loss: str = "auto", outputs: int = 1, label_smoothing: float = 0) -> Task:
    """Builds the regression of `outputs` numbers: RMSE, MAE, and R2 as the plain mean over the outputs."""
    cost = choose_loss("regression", LOSSES["regression"], loss, label_smoothing)
    if outputs < 1:
        raise BadInput(f"a regression task has at least one output, got {outputs}")

    def aligned(measure):
        return lambda z, y: measure(z, _like(z, y))

    def column(j, measure):
        return aligned(lambda z, y: measure(z[..., j], y[..., j]))

    scores = {"mse": aligned(losses.mse), "mae": aligned(losses.mae)}
    for j in range(outputs):
        scores[f"_error{j}"] = column(j, losses.mse)
        scores |= {f"_{name}{j}": column(j, moment) for name, moment in _MOMENTS.items()}

    def predict(z):
        return z[..., 0] if outputs == 1 and z.ndim > 1 else z

    return Task(
        "regression", aligned(cost), scores, partial(_finish, outputs=outputs), "r2", True, predict, None,
        powers={"mse": 2, "rmse": 1, "mae": 1}, output="values", describe=_describe, compare=_compare, details=_details,
        figures=("regression", "surface", "centres", "lags", "forecast", "filters"),
        baseline=partial(central_value, outputs=outputs, absolute=cost is losses.mae),
    )  # fmt: skip


def _like(outputs: jax.Array, y: jax.Array) -> jax.Array:
    """Adds the last axis to targets (batch,) of outputs (batch, 1); the loss checks all other shapes."""
    y = y.astype(outputs.dtype)
    return y[..., None] if y.shape == outputs.shape[:-1] and outputs.shape[-1] == 1 else y


def _mean(values: jax.Array) -> jax.Array:
    return jnp.mean(values, axis=tuple(range(1, values.ndim)))


def _centre(y: jax.Array) -> jax.Array:
    return jnp.broadcast_to(y[:1], y.shape)  # the first example of a batch is never padding


# Targets are split into the first of their batch and the deviation from it: in float32, a mean of squares has no digits
# left for a variance far below it.
_MOMENTS = {
    "centre": lambda z, y: _mean(_centre(y)),
    "centre_square": lambda z, y: _mean(jnp.square(_centre(y))),
    "deviation": lambda z, y: _mean(y - _centre(y)),
    "deviation_square": lambda z, y: _mean(jnp.square(y - _centre(y))),
    "product": lambda z, y: _mean(_centre(y) * (y - _centre(y))),
}


def _finish(means: dict, outputs: int) -> dict:
    r2 = sum(_r2(*(float(means[f"_{name}{j}"]) for name in ("error", *_MOMENTS))) for j in range(outputs)) / outputs
    return public(means) | {"rmse": float(means["mse"]) ** 0.5, "r2": r2}


def _r2(error: float, centre: float, centre_square: float, deviation: float, square: float, product: float) -> float:
    between, within = centre_square - centre * centre, square - deviation * deviation
    if between <= 1e-6 * centre_square:  # rounding error of float32: the batches have one centre
        between = covariance = 0.0
    else:
        covariance = product - centre * deviation
    variance = between + 2 * covariance + within
    if variance <= 1e-14 * centre_square:  # less than float32 can tell: constant targets
        return float(error <= 1e-12 * centre_square)
    return 1 - error / variance


def _compare(trained: Any, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    x, y, lengths = data.test[:3]
    predicted = trained.predict(x, lengths)
    predicted = predicted.reshape(len(y), -1)
    return np.asarray(y).reshape(predicted.shape), predicted


def _details(data: Dataset, truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    # R2 of the changes where these are learned, as in the rows of the run. The errors are the same either way.
    level = data.test.x[:, -1] if data.relative else 0
    r2 = metrics.r2(truth - level, predicted - level)
    return {"r2": r2, "rmse": metrics.rmse(truth, predicted), "mae": metrics.mae(truth, predicted)}


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    for values in trained.predict(x).reshape(len(x), -1):
        numbers = [float(value) for value in values]
        many = trained.about["kind"] == "series" or len(numbers) > 1
        yield {"values" if many else "value": numbers if many else numbers[0], "unit": trained.about["target"]}
