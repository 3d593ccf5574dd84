"""Series to forecast: a mixture of sines, the Mackey-Glass equation, and any column of a CSV file.

What a forecast of share prices is worth, as they are what people try first: nothing that you could live on. From one
day to the next a price is so close to a random walk that its last value is about the best forecast of the next. A
network trained on prices learns to repeat that value, and its curve, drawn over the truth one step late, looks
splendid; the score that tells is the skill against persistence, which stays around 0 or below. The future need not be
like the past either: a price above all those of the training part lies where the network has learned nothing. To
learn the change from the last value (`relative`) mends that, and makes a forecast as good as the last value, of a price
hardly better; series that keep their level are forecast better without it. Nothing here is advice to buy or to sell.
Series with a mechanism behind them (loads, temperatures, tides) are another matter.
"""

from typing import TYPE_CHECKING

from ...errors import BadInput
from ..dataset import Dataset, Place, Source
from ..formats.csv_column import read_column
from ..options import within
from ..windows import check_sizes, sliding_windows

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "csv_series", "mackey_glass", "sine"]

_PERIODS = (47.0, 18.1, 7.3)  # steps; no common multiple within any series that one would draw
_AMPLITUDES = (1.2, 0.6, 0.2**0.5)  # squares that sum to 2: the signal's standard deviation is 1
_MOST = 1_000_000
_PARTS = 10  # steps of integration in a unit of time
_HISTORY = 1.2  # the value before time 0
_TRANSIENT = 1000  # units of time until the series has forgotten how it began


def sine(
    place: Place, *, noise: float = 0.1, steps: int = 3000, window: int = 64, horizon: int = 16,
    relative: bool = False, seed: int = 0,
) -> Dataset:  # fmt: skip
    """Three sines of periods 47, 18.1 and 7.3 steps, of standard deviation 1 together, and noise.

    Without noise six past values determine the next one by a linear rule, so that no network can beat linear
    regression here; with noise no forecast has a smaller RMSE than the noise itself.

    Args:
        place: not used, the series is computed here.
        noise: its standard deviation, 0 to 10; that of the signal is 1.
        steps: values in the series.
        window: values that a forecast is made from.
        horizon: values that are forecast.
        relative: learns the change from a window's last value, not the value: for series that drift.
        seed: draws other noise.
    """
    import numpy as np

    _check(steps, window, horizon)
    within("noise", noise, 0, 10)
    within("seed", seed, 0, 2**32 - 1)
    t = np.arange(steps)
    signal = sum(a * np.sin(2 * np.pi * t / period) for a, period in zip(_AMPLITUDES, _PERIODS, strict=True))
    values = signal + noise * np.random.default_rng(seed).normal(size=steps)
    return _dataset("sine", values, window, horizon, "value", relative)


def mackey_glass(
    place: Place, *, tau: int = 17, noise: float = 0.0, steps: int = 3000, window: int = 64, horizon: int = 48,
    relative: bool = False, seed: int = 0,
) -> Dataset:  # fmt: skip
    """The Mackey-Glass equation, a standard of chaos: x'(t) = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t).

    One value a unit of time, from time 1000 on; x = 1.2 up to time 0. Integrated by the fourth-order Runge-Kutta method
    in steps of 0.1, delayed values between two steps by the cubic that fits values and slopes at both. Only sums,
    products and quotients of doubles in a fixed order: the series is the same, bit for bit, on every machine.
    Source: Mackey and Glass 1977; tau 17 is mildly chaotic, 30 strongly.

    Args:
        place: not used, the series is computed here.
        tau: the delay, 1 to 1000.
        noise: its standard deviation, 0 to 10, added when all is computed; that of the series is 0.23.
        steps: values in the series.
        window: values that a forecast is made from.
        horizon: values that are forecast.
        relative: learns the change from a window's last value, not the value: for series that drift.
        seed: draws other noise.
    """
    import numpy as np

    _check(steps, window, horizon)
    within("tau", tau, 1, 1000)
    within("noise", noise, 0, 10)
    within("seed", seed, 0, 2**32 - 1)
    values = integrated(tau, _TRANSIENT + steps)[_TRANSIENT:]
    values = values + noise * np.random.default_rng(seed).normal(size=steps)
    return _dataset("mackey_glass", values, window, horizon, "x", relative)


def csv_series(
    place: Place, *, file: str = "", column: str = "", window: int = 32, horizon: int = 7, relative: bool = False
) -> Dataset:
    """A column of a CSV file whose lines are moments of time, evenly apart, the oldest first.

    A forecast of share prices is worth nothing that you could live on: the head of this file says why.

    Args:
        place: not used, the file is where it says.
        file: the CSV file; its first line names the columns.
        column: which one to forecast.
        window: values that a forecast is made from.
        horizon: values that are forecast.
        relative: learns the change from a window's last value, not the value: for series that drift.
    """
    if not file:
        raise BadInput("which CSV file? Give --d.file FILE --d.column NAME")
    check_sizes(window, horizon)
    name, values = read_column(file, column)
    return _dataset("csv", values, window, horizon, name, relative, f"{file}, column {name!r}")


def integrated(tau: int, units: int, parts: int = _PARTS) -> "np.ndarray":
    """The Mackey-Glass series at the times 0, 1, ..., units - 1, float64.

    Args:
        tau: the delay.
        units: of time.
        parts: steps of integration in a unit.
    """
    import numpy as np

    h, delay = 1 / parts, tau * parts
    x, slopes = [_HISTORY] * (delay + 1), [0.0] * delay  # the history, up to time 0
    for i in range((units - 1) * parts):
        old, new = x[i], x[i + 1]
        feed = _feed(old)
        slope = feed - 0.1 * x[-1]
        slopes.append(slope)
        end = slopes[i + 1] if i + 1 != delay else 0.0  # at time 0 the slope jumps, and history comes in flat
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


def _check(steps: int, window: int, horizon: int) -> None:
    within("steps", steps, 1, _MOST)
    check_sizes(window, horizon)


def _dataset(
    name: str, values: "np.ndarray", window: int, horizon: int, target: str, relative: bool, whose: str = ""
) -> Dataset:
    train, test = sliding_windows(values, window, horizon, whose or name)
    return Dataset(
        name, "regression", train, test, features=(target,), target=target, outputs=horizon, relative=relative
    )


def _source(name: str, about: str, load) -> Source:
    return Source(name, about, "series", "regression", (), 0, load)


SOURCES = (
    _source("sine", "a mixture of three sines with noise, to forecast", sine),
    _source("mackey_glass", "a chaotic series, to forecast (Mackey and Glass 1977)", mackey_glass),
    _source("csv", "a column of your CSV file, to forecast: --d.file FILE --d.column NAME", csv_series),
)
