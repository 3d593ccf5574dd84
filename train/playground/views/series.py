"""A series and its forecasts: one step ahead from true values, and by free running."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...data.dataset import Split
from ...data.normalize import Scaler
from ...runs.setup import Setup
from ...trained.call import call
from ...trainer import eval_params

__all__ = ["SeriesView"]

_SHOWN = 200  # steps of the test part whose forecasts are drawn


class SeriesView:
    """Draws the fits of a run on a series as arrays by name.

    A model of windows runs freely by blocks: its forecast of the horizon is the end of its next window. A model that
    continues a series is driven by true values up to the end of its washout, and then by its own.

    Args:
        parts: Parts of the run.
    """

    network = None

    def __init__(self, parts: Setup):
        self.parts = parts
        self._whole = parts.task.name == "forecast"
        x = np.asarray(parts.data.test.x, np.float64)
        train, test = (_values(split, self._whole) for split in (parts.data.train, parts.data.test))
        known = 0 if self._whole else x.shape[1]  # values of the test part that belong to the training part
        self.values = np.concatenate([train, test[known:]])
        washout: Any = getattr(parts.model, "washout", 0)
        self.start = len(train) + (washout if self._whole else 0)
        self._steps = min(_SHOWN, len(self.values) - self.start if self._whole else len(x))
        self._given = x if self._whole else x[: self._steps]
        self._draw = jax.jit(self._continued if self._whole else self._windowed)

    def __call__(self, fit: dict) -> dict[str, np.ndarray]:
        """Returns the arrays of a frame, in the unit of the data.

        `one` (steps,) float32 holds forecasts of the values from `start` on, each from the true values before; `free`
        (steps,) those of a single run from there, in which forecasts take the place of the values before.
        """
        params, state = eval_params(fit)
        scalers = [_numbers(each) for each in (self.parts.scaler, self.parts.target_scaler)]
        found = jax.device_get(self._draw(params, state, self._given.astype(np.float32), *scalers))
        return {name: np.asarray(each, np.float32).reshape(-1)[: self._steps] for name, each in found.items()}

    def about(self) -> dict[str, Any]:
        """Returns what frames have in common: where forecasts begin, and the meaning of the values."""
        data = self.parts.data
        return {
            "stage": "series",
            "task": self.parts.task.name,
            "target": data.target,
            "start": self.start,
            "cut": len(_values(data.train, self._whole)),
            "window": 0 if self._whole else int(self._given.shape[1]),
            "horizon": data.outputs,
            "features": [],
            "classes": [],
            "layers": [],
        }

    def examples(self) -> dict[str, np.ndarray]:
        """Returns the whole series."""
        return {"values": self.values.astype(np.float32)}

    def share(self, other: Any) -> None:
        """Takes the compiled program of a view of a run with the same programs."""
        self._draw = other._draw

    def _windowed(self, params: Any, state: Any, x: jax.Array, scaler: Any, targets: Any) -> dict[str, jax.Array]:
        """Returns the forecasts by windows x (steps, window, 1)."""
        (shift, scale), (y_shift, y_scale) = scaler, targets
        relative = self.parts.data.relative

        def forecast(x):
            level = x[:, -1:] if relative else jnp.zeros_like(x[:, -1:])
            y = call(self.parts.model, params, state, {"x": (x - level - shift) * scale})[0]
            return y.reshape(len(x), -1) / y_scale + y_shift + level[..., 0]

        def run(x, _):
            made = forecast(x)
            return jnp.concatenate([x, made[..., None]], axis=1)[:, -x.shape[1] :], made

        blocks = -(-self._steps // self.parts.data.outputs)
        return {"one": forecast(x)[:, 0], "free": jax.lax.scan(run, x[:1], length=blocks)[1]}

    def _continued(self, params: Any, state: Any, x: jax.Array, scaler: Any, targets: Any) -> dict[str, jax.Array]:
        """Returns the forecasts along a whole series x (1, time, 1)."""
        model: Any = self.parts.model
        shift, scale = scaler
        z = (x - shift) * scale
        rows, last = model.features(params, state, z), model.washout - 1
        one = call(model, params, state, {"x": z})[0][:, last:-1]
        free = model.generate(params, state, rows[:, last], self._steps)
        return {"one": one / scale + shift, "free": free / scale + shift}


def _values(split: Split, whole: bool) -> np.ndarray:
    """Returns the series of which a split holds the windows, or all values."""
    x, y = (np.asarray(each, np.float64) for each in split[:2])
    return x[0, :, 0] if whole else np.concatenate([x[0, :, 0], y[:, 0], y[-1, 1:]])


def _numbers(scaler: Scaler | None) -> tuple[np.ndarray, np.ndarray]:
    """Returns shift and scale as arguments of a program."""
    if scaler is None:
        return np.zeros(1, np.float32), np.ones(1, np.float32)
    return np.asarray(scaler.shift, np.float32), np.asarray(scaler.scale, np.float32)
