"""Forecasts beside the truth and beside simple rules, and how their errors grow with the steps ahead."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from .style import BLUE, GREEN, GREY, INK, PALETTE, RED, picture, short

__all__ = ["forecast"]

_SHOWN = 160  # steps of the truth: more would be a ribbon
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
    """Draws the end of the test part with the forecasts made on the way, one after another, and the error by step.

    Args:
        x: windows in the order of time, one step apart, (windows, window, 1).
        truth: what followed each, (windows, horizon).
        forecasts: by name, each (windows, horizon); the first is the model's, the others are baselines.
        rmse: by the same names, the error at each step ahead.
        path: the PNG to write.
        target: what is forecast, with its unit.
        upcoming: what the model says will follow the last value of all, (horizon,).

    Raises:
        ValueError: if a forecast has not the shape of the truth.
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
    """Each forecast begins where the one before ends; the last one ends with the series."""
    windows, horizon = truth.shape
    starts = _starts(windows, horizon)
    series = np.concatenate([x[starts[0], :, 0], *truth[starts]])
    time = np.arange(len(series)) - (len(series) - 1)
    shown = time >= -max(_SHOWN, 2 * horizon)
    inked = _inked(forecasts)
    ink = inked[0][1]
    for name, colour in reversed(inked):  # the model's lies above the others
        own = colour == ink
        line = {"color": colour, "linewidth": 1.6 if own else 1.0, "linestyle": "-" if own else (0, (3, 2))}
        _pieces(axes, x[starts], forecasts[name][starts], line)
    lines = axes.plot(time[shown], series[shown], color=INK, linewidth=1.1, label="truth")
    if upcoming is not None:
        ahead = np.append(series[-1], upcoming)
        axes.axvspan(0, horizon, color=ink, alpha=0.06, linewidth=0)
        label = "beyond the end"
        lines += axes.plot(np.arange(horizon + 1), ahead, color=ink, linewidth=1.6, linestyle=(0, (1, 1)), label=label)
    axes.margins(x=0.01)
    axes.set_title(f"{horizon} step{'s' * (horizon > 1)} ahead from the values known by then")
    return lines


def _starts(windows: int, horizon: int) -> np.ndarray:
    """The windows whose forecasts are drawn, the last of all among them."""
    count = min((windows - 1) // horizon + 1, max(1, _SHOWN // horizon))
    return windows - 1 - horizon * np.arange(count)[::-1]


def _pieces(axes: Axes, x: np.ndarray, said: np.ndarray, line: dict) -> None:
    """Every forecast with the last known value that it goes on from, gaps between them; those of one step in a row."""
    count, horizon = said.shape
    if horizon == 1:
        axes.plot(np.arange(1 - count, 1), said[:, 0], **line)
        return
    pieces = np.hstack([x[:, -1], said, np.full((count, 1), np.nan)])
    ends = horizon * np.arange(1 - count, 1)[:, None]
    axes.plot((ends + np.arange(-horizon, 2)).ravel(), pieces.ravel(), **line)


def _errors(axes: Axes, rmse: Mapping[str, Sequence[float]]) -> list[Line2D]:
    """A line by step ahead or, of one step, a bar; gives what stands in the legend."""
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
    """Each with its colour; the model is the first."""
    others = iter((RED, *PALETTE[5:]))
    return [(name, BLUE if i == 0 else _COLOURS.get(name) or next(others)) for i, name in enumerate(names)]
