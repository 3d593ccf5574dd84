"""What a forecast is worth: errors by step ahead, walking forward through the test, next to those of simple rules.

At every moment of the test part the model forecasts the steps to come from the values known by then, and is not
trained anew on the way. The rules that it is held against see the same windows: persistence (the last value stays),
the last season once more (where training shows one), and a linear autoregression fitted to the training windows.

A low error alone says little: a forecast that is late by one step looks like the truth itself when it is drawn, share
prices above all, whose last value is about the best that one can say of the next. The skill tells: 1 is perfect, 0 no
better than persistence, below 0 worse. For prices expect 0 or less, and do not stake money on more.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset, Split

if TYPE_CHECKING:
    from ..trained.model import Trained

__all__ = ["baselines", "in_words", "linear", "persistence", "scores", "season", "seasonal", "show_forecast"]

_RIDGE = 1e-10  # of the windows' own variance: only there to have one solution where they determine none
_CHUNK = 8192  # windows at a time, so that memory stays small
_ENOUGH = 5000  # windows to look for a season in

Rule = Callable[[np.ndarray], np.ndarray]  # (windows, window, 1) -> (windows, horizon) float64


def show_forecast(trained: "Trained", data: Dataset, folder: Path) -> dict[str, Any]:
    """Scores a trained forecaster and its baselines on the test part, and draws `forecast.png` into the folder.

    Args:
        trained: a model that gives `(windows, horizon)`.
        data: of kind "series": windows in the order of time.
        folder: where the picture goes.

    Returns:
        Plain values: `rmse`, `mae`, `mase` and `skill` of all steps together; `by_step`, the same of each forecaster
        and step ahead, as lists; `next`, what is forecast to follow the last value that there is.
    """
    from ..plots.forecast import forecast

    rules = baselines(data.train, data.test.y.shape[1])
    own, name = _rule(trained, data.test.y.shape[1]), str(trained.about["model"])
    forecasts = {name: own(data.test.x)} | {each: rule(data.test.x) for each, rule in rules.items()}
    unit = _one_step_change(data.train)
    by_step = {each: scores(data.test.y, values, data.test.x, unit) for each, values in forecasts.items()}
    upcoming = own(_last_window(data.test))[0]
    rmse = {each: values["rmse"] for each, values in by_step.items()}
    forecast(data.test.x, data.test.y, forecasts, rmse, folder / "forecast.png", data.target, upcoming)
    return _overall(by_step[name]) | {"by_step": by_step, "next": upcoming.tolist()}


def in_words(shown: Mapping[str, Any]) -> str:
    """What `show_forecast` found, in a line for a person, with a warning where a simple rule does as well.

    >>> rows = {"lstm": {"rmse": [2.0]}, "persistence": {"rmse": [1.0]}, "linear": {"rmse": [3.0]}}
    >>> in_words({"skill": -1.0, "by_step": rows})
    'RMSE 2; persistence 1, linear 3; skill -1: no better than persistence, do not rely on it'
    """
    (_, own), *others = rmse = [(name, _whole(values["rmse"])) for name, values in shown["by_step"].items()]
    rivals = ", ".join(f"{name} {value:.4g}" for name, value in others)
    line = f"RMSE {own:.4g}; {rivals}"
    if shown["skill"] is not None:
        line += f"; skill {shown['skill']:.3g}"
    best = min(rmse, key=lambda pair: pair[1])[0]
    if shown["skill"] is None or shown["skill"] <= 0:
        return line + ": no better than persistence, do not rely on it"
    return line + (f": the baseline {best} is better" if best in dict(others) else "")


def scores(truth: np.ndarray, said: np.ndarray, x: np.ndarray, unit: float) -> dict[str, list]:
    """The errors of forecasts, by step ahead.

    Args:
        truth: (windows, horizon).
        said: what was forecast, (windows, horizon).
        x: the windows that it was forecast from, (windows, window, 1).
        unit: what the absolute error is divided by in MASE: the mean change of the training part from one step to the
            next (Hyndman and Koehler 2006).

    Returns:
        RMSE, MAE, MASE, and skill, 1 - RMSE / RMSE of persistence; None where the divisor is 0.

    >>> x, truth = np.array([[[1.0]], [[2.0]]]), np.array([[2.0, 3.0], [3.0, 4.0]])
    >>> scores(truth, truth - [[0.0, 1.0]], x, unit=1)["skill"]
    [1.0, 0.5]
    """
    truth = truth.astype(np.float64)
    error, still = said - truth, persistence(x, truth.shape[1]) - truth
    rmse, mae = _rms(error), np.abs(error).mean(axis=0)
    skill = [None if not bar else 1 - own / bar for own, bar in zip(rmse.tolist(), _rms(still).tolist(), strict=True)]
    mase = [value / unit if unit else None for value in mae.tolist()]
    return {"rmse": rmse.tolist(), "mae": mae.tolist(), "mase": mase, "skill": skill}


def baselines(train: Split, horizon: int) -> dict[str, Rule]:
    """The rules that a model must beat to be worth its name, the stronger ones fitted to the training windows."""
    rules: dict[str, Rule] = {"persistence": lambda x: persistence(x, horizon)}
    found = season(train)
    if found > 1:
        rules["seasonal"] = lambda x: seasonal(x, horizon, found)
    return rules | {"linear": linear(train)}


def persistence(x: np.ndarray, horizon: int) -> np.ndarray:
    """The last value, at every step: (windows, window, 1) to (windows, horizon)."""
    return seasonal(x, horizon, 1)


def seasonal(x: np.ndarray, horizon: int, length: int) -> np.ndarray:
    """The last season once more, as often as the horizon takes.

    >>> seasonal(np.array([[[7.0], [1.0], [2.0]]]), horizon=3, length=2).tolist()
    [[1.0, 2.0, 1.0]]
    """
    return x[:, x.shape[1] - length + np.arange(horizon) % length, 0].astype(np.float64)


def season(train: Split) -> int:
    """The length, from 1 (persistence) to the window's, whose repetition forecasts the training windows best."""
    stride = -(-len(train.x) // _ENOUGH)
    x, y = train.x[::stride], train.y[::stride]
    errors = [np.square(seasonal(x, y.shape[1], length) - y).mean() for length in range(1, x.shape[1] + 1)]
    return int(np.argmin(errors)) + 1


def linear(train: Split) -> Rule:
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
    """The windows on a common scale, and a column of ones."""
    scaled = (x[..., 0].astype(np.float64) - mean) / spread
    return np.hstack([scaled, np.ones((len(x), 1))])


def _rule(trained: "Trained", horizon: int) -> Rule:
    return lambda x: np.asarray(trained.predict(x), np.float64).reshape(len(x), horizon)


def _one_step_change(train: Split) -> float:
    return float(np.abs(train.y[:, 0].astype(np.float64) - train.x[:, -1, 0]).mean())


def _last_window(test: Split) -> np.ndarray:
    """The last values of the series, to forecast what comes after them."""
    window = test.x.shape[1]
    return np.concatenate([test.x[-1, :, 0], test.y[-1]])[None, -window:, None]


def _overall(by_step: Mapping[str, list]) -> dict[str, Any]:
    """All steps together; of the skill the mean."""
    known = {name: [value for value in by_step[name] if value is not None] for name in ("mae", "mase", "skill")}
    return {"rmse": _whole(by_step["rmse"])} | {
        name: float(np.mean(values)) if values else None for name, values in known.items()
    }


def _whole(rmse: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(rmse))))


def _rms(error: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(error).mean(axis=0))
