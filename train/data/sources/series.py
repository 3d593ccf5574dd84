"""Series to forecast: a mixture of sines, the Mackey-Glass equation, and any column of a CSV file.

Forecasts of share prices have no practical value. A daily price is so close to a random walk that its last value is
about the best forecast of the next one. A network trained on prices learns to repeat that value; its curve, plotted
over the truth one step late, looks convincing, but its skill against persistence stays around 0 or below. Prices above
all those of the training split lie outside what the network has learned. Learning the change from the last value
(`relative`) removes that problem and gives a forecast as good as the last value, for prices hardly a better one;
series with a constant level are forecast better without it. Series with a mechanism (loads, temperatures, tides) are
different. Nothing here is financial advice.
"""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source
from ..formats.csv_column import read_column
from ..windows import Size, sliding_windows, whole_series

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "csv_series", "mackey_glass", "series_data", "sine"]

_PERIODS = (47.0, 18.1, 7.3)  # steps; their common multiple exceeds any series
_AMPLITUDES = (1.2, 0.6, 0.2**0.5)  # the squares sum to 2, so the signal has standard deviation 1
_PARTS = 10  # integration steps per unit of time
_HISTORY = 1.2  # the value before time 0
_TRANSIENT = 1000  # units of time after which the initial values have no effect
_Noise = Annotated[float, Bounds(0, 10)]
_Steps = Annotated[int, Bounds(1, 1_000_000)]


def sine(
    place: Place, *, noise: _Noise = 0.1, steps: _Steps = 3000, window: Size = 64, horizon: Size = 16,
    relative: bool = False, whole: bool = False, seed: Seed = 0,
) -> Dataset:  # fmt: skip
    """Generates a sum of three sines of periods 47, 18.1 and 7.3 steps, with standard deviation 1, and noise.

    Without noise, six past values determine the next one by a linear rule, so no network can beat linear regression;
    with noise, no forecast has a smaller RMSE than the noise itself.

    Args:
        place: not used; the series is generated.
        noise: standard deviation of the noise, 0 to 10; that of the signal is 1.
        steps: number of values in the series.
        window: number of past values in the input.
        horizon: number of future values to forecast.
        relative: forecast of the change from the last value instead of the value, for series that drift.
        whole: one sequence of all values instead of windows, for models that continue a series (esn).
        seed: seed of the noise.
    """
    import numpy as np

    t = np.arange(steps)
    signal = sum(a * np.sin(2 * np.pi * t / period) for a, period in zip(_AMPLITUDES, _PERIODS, strict=True))
    values = signal + noise * np.random.default_rng(seed).normal(size=steps)
    return series_data("sine", values, window, horizon, "value", relative, whole)


def mackey_glass(
    place: Place, *, tau: Annotated[int, Bounds(1, 1000)] = 17, noise: _Noise = 0.0, steps: _Steps = 3000,
    window: Size = 64, horizon: Size = 48, relative: bool = False, whole: bool = False, seed: Seed = 0,
) -> Dataset:  # fmt: skip
    """Generates the chaotic Mackey-Glass series x'(t) = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t).

    One value per unit of time, from time 1000 on; x = 1.2 up to time 0. The equation is integrated by the fourth-order
    Runge-Kutta method in steps of 0.1; delayed values between two steps come from the cubic through values and slopes
    at both. Sums, products and quotients of doubles in a fixed order give the same bits on every machine.
    Source: Mackey and Glass 1977; tau 17 is mildly chaotic, 30 strongly.

    Args:
        place: not used; the series is generated.
        tau: delay of the equation, 1 to 1000.
        noise: standard deviation of the noise added to the series, 0 to 10; that of the series is 0.23.
        steps: number of values in the series.
        window: number of past values in the input.
        horizon: number of future values to forecast.
        relative: forecast of the change from the last value instead of the value, for series that drift.
        whole: one sequence of all values instead of windows, for models that continue a series (esn).
        seed: seed of the noise.
    """
    import numpy as np

    values = integrated(tau, _TRANSIENT + steps)[_TRANSIENT:]
    values = values + noise * np.random.default_rng(seed).normal(size=steps)
    return series_data("mackey_glass", values, window, horizon, "x", relative, whole)


def csv_series(
    place: Place, *, file: str = "", column: str = "", window: Size = 32, horizon: Size = 7, relative: bool = False,
    whole: bool = False, encoding: str = "",
) -> Dataset:  # fmt: skip
    """Reads a column of a CSV file whose lines are evenly spaced points in time, the oldest first.

    Forecasts of share prices have no practical value; the module's docstring explains why.

    Args:
        place: not used; the path of the file is given.
        file: path of the CSV file; its first line holds the column names.
        column: name of the column to forecast.
        window: number of past values in the input.
        horizon: number of future values to forecast.
        relative: forecast of the change from the last value instead of the value, for series that drift.
        whole: one sequence of all values instead of windows, for models that continue a series (esn).
        encoding: encoding of the file, as cp1252 or utf-16 (default: UTF-8, or as guessed, which is printed).
    """
    if not file:
        raise BadInput("the data set csv needs a file: add --d.file FILE --d.column NAME")
    notes = []
    name, values = read_column(file, column, notes.append, encoding)
    found = series_data("csv", values, window, horizon, name, relative, whole, f"{file}, column {name!r}")
    return replace(found, notes=tuple(notes))


def integrated(tau: int, units: int, parts: int = _PARTS) -> "np.ndarray":
    """Integrates the Mackey-Glass equation: values at the times 0, 1, ..., units - 1, float64 (units,).

    Args:
        tau: delay in units of time.
        units: number of values.
        parts: integration steps per unit of time.
    """
    import numpy as np

    h, delay = 1 / parts, tau * parts
    x, slopes = [_HISTORY] * (delay + 1), [0.0] * delay  # the history, up to time 0
    for i in range((units - 1) * parts):
        old, new = x[i], x[i + 1]
        feed = _feed(old)
        slope = feed - 0.1 * x[-1]
        slopes.append(slope)
        end = slopes[i + 1] if i + 1 != delay else 0.0  # at time 0 the slope jumps from that of the constant history
        middle = _feed((old + new) / 2 + h / 8 * (slopes[i] - end))
        second = middle - 0.1 * (x[-1] + h / 2 * slope)
        third = middle - 0.1 * (x[-1] + h / 2 * second)
        fourth = _feed(new) - 0.1 * (x[-1] + h * third)
        x.append(x[-1] + h / 6 * (slope + 2 * second + 2 * third + fourth))
    return np.array(x[delay::parts])


def _feed(x: float) -> float:
    square = x * x
    eighth = square * square * square * square
    return 0.2 * x / (1 + eighth * square)


def series_data(
    name: str,
    values: "np.ndarray",
    window: int,
    horizon: int,
    target: str,
    relative: bool,
    whole: bool,
    where: str = "",
) -> Dataset:
    """Makes the data set of a series, cut into windows or whole.

    Args:
        name: name of the data set.
        values: series (steps,), the oldest value first.
        window: number of past values in the input.
        horizon: number of future values to forecast.
        target: name of the value.
        relative: forecast of the change from the last value instead of the value.
        whole: one sequence of all values instead of windows.
        where: name of the series in errors (default: that of the data set).

    Raises:
        BadInput: if the series is too short, or `relative` is given without windows.

    >>> import numpy as np
    >>> series_data("ramp", np.arange(50.0), 8, 2, "value", False, False).train.x.shape
    (31, 8, 1)
    """
    if whole and relative:
        raise BadInput("--d.relative needs windows, of which it takes the last value: leave --d.whole or --d.relative")
    cut = whole_series if whole else partial(sliding_windows, window=window)
    train, test = cut(values, horizon=horizon, where=where or name)
    return Dataset(
        name, "forecast" if whole else "regression", train, test, features=(target,), target=target, outputs=horizon,
        relative=relative,
    )  # fmt: skip


def _source(name: str, about: str, load) -> Source:
    return Source(name, about, "series", "regression", (), 0, load)


SOURCES = (
    _source("sine", "sum of three sines with noise, to forecast", sine),
    _source("mackey_glass", "chaotic series, to forecast (Mackey and Glass 1977)", mackey_glass),
    _source("csv", "column of a CSV file, to forecast (--d.file FILE --d.column NAME)", csv_series),
)
