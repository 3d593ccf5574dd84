"""Forecasts of the model and of baselines compared with the series, and their errors by step ahead."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from .style import BLUE, GREEN, GREY, INK, PALETTE, RED, picture, short

__all__ = ["forecast"]

_SHOWN = 160  # steps of the series that are drawn
_COLOURS = {"persistence": GREY, "seasonal": PALETTE[4], "linear": GREEN}


def forecast(
    x: np.ndarray,
    truth: np.ndarray,
    forecasts: Mapping[str, np.ndarray],
    rmse: Mapping[str, Sequence[float]],
    path: Path | str,
    target: str = "",
    upcoming: np.ndarray | None = None,
) -> None:
    """Draws the end of the test series with successive forecasts, and the error by step ahead.

    Args:
        x: windows in chronological order, one step apart, (windows, window, 1).
        truth: values that followed each window, (windows, horizon).
        forecasts: forecasts (windows, horizon) by name; the first is the model's, the others are baselines.
        rmse: root mean squared errors at each step ahead, by the same names.
        path: PNG file to write.
        target: name of the forecast quantity, with its unit.
        upcoming: forecast beyond the end of the series, (horizon,).

    Raises:
        ValueError: if a forecast differs in shape from the truth.
    """
    for name, values in forecasts.items():
        if values.shape != truth.shape:
            raise ValueError(f"the truth has the shape {truth.shape}, the forecast of {name} {values.shape}")
    with picture(path, height=3.8) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(2.3, 1))
        truth_line, *others = _walk(left, x, truth, forecasts, upcoming)
        left.set(xlabel="steps from the end of the series", ylabel=target)
        handles = [truth_line, *_errors(right, rmse), *others]
        figure.legend(handles=handles, loc="outside lower center", ncols=3 if len(handles) > 5 else 5)


def _walk(axes: Axes, x: np.ndarray, truth: np.ndarray, forecasts: Mapping[str, np.ndarray], upcoming) -> list[Line2D]:
    """Draws non-overlapping forecasts, the last of which ends with the series."""
    windows, horizon = truth.shape
    starts = _starts(windows, horizon)
    series = np.concatenate([x[starts[0], :, 0], *truth[starts]])
    time = np.arange(len(series)) - (len(series) - 1)
    shown = time >= -max(_SHOWN, 2 * horizon)
    inked = _inked(forecasts)
    ink = inked[0][1]
    for name, colour in reversed(inked):  # the model's line is drawn last, on top
        own = colour == ink
        line = {"color": colour, "linewidth": 1.6 if own else 1.0, "linestyle": "-" if own else (0, (3, 2))}
        _pieces(axes, x[starts], forecasts[name][starts], line)
    lines = axes.plot(time[shown], series[shown], color=INK, linewidth=1.1, label="series")
    if upcoming is not None:
        ahead = np.append(series[-1], upcoming)
        axes.axvspan(0, horizon, color=ink, alpha=0.06, linewidth=0)
        label = "beyond the end"
        lines += axes.plot(np.arange(horizon + 1), ahead, color=ink, linewidth=1.6, linestyle=(0, (1, 1)), label=label)
    axes.margins(x=0.01)
    axes.set_title(f"forecasts {horizon} step{'s' * (horizon > 1)} ahead")
    return lines


def _starts(windows: int, horizon: int) -> np.ndarray:
    """Chooses the windows whose forecasts are drawn; the last window is among them."""
    count = min((windows - 1) // horizon + 1, max(1, _SHOWN // horizon))
    return windows - 1 - horizon * np.arange(count)[::-1]


def _pieces(axes: Axes, x: np.ndarray, values: np.ndarray, line: dict) -> None:
    """Draws each forecast joined to the last known value; one-step forecasts form one line."""
    count, horizon = values.shape
    if horizon == 1:
        axes.plot(np.arange(1 - count, 1), values[:, 0], **line)
        return
    pieces = np.hstack([x[:, -1], values, np.full((count, 1), np.nan)])
    ends = horizon * np.arange(1 - count, 1)[:, None]
    axes.plot((ends + np.arange(-horizon, 2)).ravel(), pieces.ravel(), **line)


def _errors(axes: Axes, rmse: Mapping[str, Sequence[float]]) -> list[Line2D]:
    """Draws the errors as lines by step ahead, or as bars for one step, and returns the legend entries."""
    steps = np.arange(1, 1 + max(map(len, rmse.values())))
    marker = {"marker": "o", "markersize": 3} if len(steps) < 25 else {}
    lines = []
    for i, (name, ink) in enumerate(_inked(rmse)):
        label = f"{short(name)}, RMSE {np.sqrt(np.mean(np.square(rmse[name]))):.3g}"
        style = {"color": ink, "linewidth": 1.8 if i == 0 else 1.2, "label": label}
        if len(steps) > 1:
            lines += axes.plot(steps, rmse[name], **style, **marker)
        else:
            axes.bar(i, rmse[name][0], color=ink, width=0.6)
            lines.append(Line2D([], [], **style))
    axes.set(xlabel="steps ahead" if len(steps) > 1 else "one step ahead", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True) if len(steps) > 1 else NullLocator())
    axes.set_title("RMSE by step" if len(steps) > 1 else "RMSE")
    return lines


def _inked(names: Mapping) -> list[tuple[str, str]]:
    """Returns the names with their colours; the first is the model."""
    others = iter((RED, *PALETTE[5:]))
    return [(name, BLUE if i == 0 else _COLOURS.get(name) or next(others)) for i, name in enumerate(names)]
