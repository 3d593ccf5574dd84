"""Figure and scores of a forecaster, beside those of simple baselines.

The model forecasts the next steps at every moment of the test part from the values known by then; it is not trained
again on the way. The skill is 1 - RMSE / RMSE of persistence: 1 is perfect, 0 no better than persistence, negative
worse. A forecast that is late by one step looks right in a figure; for prices expect a skill of 0 or less.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset, Split
from ..metrics.forecasting import Rule, baselines, scores

if TYPE_CHECKING:
    from ..trained.model import Trained

__all__ = ["in_words", "show_forecast"]


def show_forecast(trained: "Trained", data: Dataset, folder: Path) -> dict[str, Any]:
    """Scores a trained forecaster and its baselines on the test part, and draws `forecast.png` into the folder.

    Args:
        trained: model that predicts `(windows, horizon)`.
        data: data of kind "series", windows in the order of time.
        folder: folder of the PNG.

    Returns:
        Plain values: `rmse`, `mae`, `mase` and `skill` over all steps; `by_step`, the same of each forecaster and step
        ahead, as lists; `next`, the forecast after the last value of the series.
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
    """Returns the result of `show_forecast` in one line, with a warning where a baseline is as good.

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


def _rule(trained: "Trained", horizon: int) -> Rule:
    return lambda x: np.asarray(trained.predict(x), np.float64).reshape(len(x), horizon)


def _one_step_change(train: Split) -> float:
    return float(np.abs(train.y[:, 0].astype(np.float64) - train.x[:, -1, 0]).mean())


def _last_window(test: Split) -> np.ndarray:
    """Returns the last values of the series."""
    window = test.x.shape[1]
    return np.concatenate([test.x[-1, :, 0], test.y[-1]])[None, -window:, None]


def _overall(by_step: Mapping[str, list]) -> dict[str, Any]:
    """Returns the scores over all steps, of the skill the mean."""
    known = {name: [value for value in by_step[name] if value is not None] for name in ("mae", "mase", "skill")}
    return {"rmse": _whole(by_step["rmse"])} | {
        name: float(np.mean(values)) if values else None for name, values in known.items()
    }


def _whole(rmse: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(rmse))))
