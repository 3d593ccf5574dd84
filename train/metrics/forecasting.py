"""Forecasts of a series: errors by step ahead, and the baselines that a model must beat.

Baselines read the same windows as the model: persistence (the last value), the last season once more (where the
training windows have one), and a linear autoregression fitted to the training windows.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from ._pairs import root_mean_square

__all__ = ["Rule", "baselines", "linear", "persistence", "scores", "season", "seasonal"]


class Windows(Protocol):
    """Windows x (windows, window, 1) and their targets y (windows, horizon), as a `Split` holds them."""

    @property
    def x(self) -> np.ndarray: ...
    @property
    def y(self) -> np.ndarray: ...


Rule = Callable[[np.ndarray], np.ndarray]
"""Forecaster: (windows, window, 1) to (windows, horizon) in float64."""

_RIDGE = 1e-10  # of the variance of the windows: selects one solution where they determine none
_CHUNK = 8192  # windows at a time, to limit the memory
_ENOUGH = 5000  # windows in which a season is searched


def scores(truth: np.ndarray, predicted: np.ndarray, x: np.ndarray, unit: float) -> dict[str, list]:
    """Computes the errors of forecasts by step ahead.

    Args:
        truth: true values (windows, horizon).
        predicted: forecasts (windows, horizon).
        x: windows that they were computed from, (windows, window, 1).
        unit: divisor of the absolute error in MASE: the mean absolute change from one step of the training part to the
            next (Hyndman and Koehler 2006).

    Returns:
        RMSE, MAE, MASE, and skill, 1 - RMSE / RMSE of persistence; None where the divisor is 0.

    >>> x, truth = np.array([[[1.0]], [[2.0]]]), np.array([[2.0, 3.0], [3.0, 4.0]])
    >>> scores(truth, truth - [[0.0, 1.0]], x, unit=1)["skill"]
    [1.0, 0.5]
    """
    truth = truth.astype(np.float64)
    error, still = predicted - truth, persistence(x, truth.shape[1]) - truth
    rmse, bars, mae = root_mean_square(error, 0), root_mean_square(still, 0), np.abs(error).mean(axis=0)
    skill = [None if not bar else 1 - own / bar for own, bar in zip(rmse.tolist(), bars.tolist(), strict=True)]
    mase = [value / unit if unit else None for value in mae.tolist()]
    return {"rmse": rmse.tolist(), "mae": mae.tolist(), "mase": mase, "skill": skill}


def baselines(train: Windows, horizon: int) -> dict[str, Rule]:
    """Builds the baselines by name, fitted to the training windows."""
    rules: dict[str, Rule] = {"persistence": lambda x: persistence(x, horizon)}
    found = season(train)
    if found > 1:
        rules["seasonal"] = lambda x: seasonal(x, horizon, found)
    return rules | {"linear": linear(train)}


def persistence(x: np.ndarray, horizon: int) -> np.ndarray:
    """Forecasts the last value for every step: (windows, window, 1) to (windows, horizon)."""
    return seasonal(x, horizon, 1)


def seasonal(x: np.ndarray, horizon: int, length: int) -> np.ndarray:
    """Forecasts the last season, repeated over the horizon.

    >>> seasonal(np.array([[[7.0], [1.0], [2.0]]]), horizon=3, length=2).tolist()
    [[1.0, 2.0, 1.0]]
    """
    return x[:, x.shape[1] - length + np.arange(horizon) % length, 0].astype(np.float64)


def season(train: Windows) -> int:
    """Returns the season length, from 1 (persistence) to the window, that forecasts the training windows best."""
    stride = -(-len(train.x) // _ENOUGH)
    x, y = train.x[::stride], train.y[::stride]
    errors = [np.square(seasonal(x, y.shape[1], length) - y).mean() for length in range(1, x.shape[1] + 1)]
    return int(np.argmin(errors)) + 1


def linear(train: Windows) -> Rule:
    """Autoregression: each step ahead a linear function of the window, fitted by least squares in float64.

    Solved by QR, window by window, so that neither the normal equations' squared condition nor a second copy of the
    training set comes in.
    """
    window, horizon = train.x.shape[1], train.y.shape[1]
    mean, spread = train.x.mean(dtype=np.float64), train.x.std(dtype=np.float64) or 1.0
    weight = np.sqrt(_RIDGE * len(train.x))
    table: np.ndarray = np.eye(window + 1, window + 1 + horizon) * np.append(np.full(window, weight), 0)[:, None]
    for start in range(0, len(train.x), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        rows = np.hstack([_inputs(train.x[chunk], mean, spread), train.y[chunk].astype(np.float64) - mean])
        table = np.asarray(np.linalg.qr(np.vstack([table, rows]), mode="r"))[: window + 1]
    fitted = np.linalg.solve(table[:, : window + 1], table[:, window + 1 :])
    return lambda x: _inputs(x, mean, spread) @ fitted + mean


def _inputs(x: np.ndarray, mean: float, spread: float) -> np.ndarray:
    """Normalises the windows and appends a column of ones."""
    scaled = (x[..., 0].astype(np.float64) - mean) / spread
    return np.hstack([scaled, np.ones((len(x), 1))])
