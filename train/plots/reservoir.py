"""Pictures of a reservoir: the states of its units, its free run beside the truth, and its memory of past inputs."""

from pathlib import Path

import numpy as np

from .style import BLUE, FAINT, GREY, INK, RED, colour, picture

__all__ = ["capacity", "free_running", "states"]

_UNITS = 8  # units that are drawn
_BEFORE = 100  # true values before a free run


def free_running(series: np.ndarray, made: np.ndarray, path: Path | str, target: str = "") -> None:
    """Draws a free run and its error beside the true values and those of persistence.

    Args:
        series: true values (time,), of which the last are those that were forecast.
        made: forecasts (steps,).
        path: PNG file to write.
        target: name of the values, with their unit.
    """
    steps, start = len(made), len(series) - len(made)
    before = series[max(0, start - _BEFORE) : start]
    with picture(path, height=4.2) as figure:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        top.plot(np.arange(-len(before), steps) + 1, np.append(before, series[start:]), color=INK, label="series")
        ahead = np.arange(1, steps + 1)
        top.plot(ahead, made, color=RED, linestyle=(0, (4, 2)), label="free running")
        top.plot(ahead, np.full(steps, before[-1]), color=GREY, linewidth=1.0, label="persistence")
        top.axvline(0, color=GREY, linewidth=0.8)
        top.set(ylabel=target)
        top.set_title(f"{steps} steps of free running: every forecast is the next input")
        tiny = np.finfo(np.float64).tiny
        bottom.semilogy(ahead, np.maximum(np.abs(made - series[start:]), tiny), color=RED, linewidth=1.2)
        bottom.semilogy(ahead, np.maximum(np.abs(before[-1] - series[start:]), tiny), color=GREY, linewidth=1.0)
        bottom.set(xlabel="steps ahead", ylabel="absolute error")
        bottom.yaxis.set_major_formatter("{x:g}")  # matplotlib's own needs parsed mathematics
        floor = np.abs(made - series[start:])
        bottom.set_ylim(bottom=max(np.quantile(floor, 0.02), tiny) / 3)
        figure.legend(loc="outside lower center", ncols=3)


def states(series: np.ndarray, units: np.ndarray, washout: int, path: Path | str, target: str = "") -> None:
    """Draws a series and the states of some units over time, from the zero state on.

    Args:
        series: inputs (time,).
        units: states (time, units), of which evenly spaced ones are drawn.
        washout: first steps, which are shaded.
        path: PNG file to write.
        target: name of the inputs.
    """
    chosen = np.unique(np.linspace(0, units.shape[1] - 1, _UNITS).round().astype(int))
    with picture(path, height=4.2) as figure:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2.4))
        top.plot(series, color=INK)
        top.set(ylabel=target)
        top.set_title("input")
        for i, unit in enumerate(chosen):
            bottom.plot(units[:, unit], color=colour(i), linewidth=1.2)
        bottom.set(xlabel="steps", ylabel="state")
        bottom.set_title(f"states of {len(chosen)} of {units.shape[1]:,} units")
        for axes in (top, bottom):
            axes.axvspan(0, washout, color=FAINT, linewidth=0)
            axes.set_xlim(0, len(series) - 1)
        bottom.text(washout / 2, 0.02, "washout", color=GREY, ha="center", transform=bottom.get_xaxis_transform())


def capacity(shares: np.ndarray, units: int, path: Path | str) -> None:
    """Draws the memory of a reservoir: the share of the variance of past inputs that its states determine.

    Source: Jaeger 2001, Short term memory in echo state networks.

    Args:
        shares: squared correlations with the inputs 1, 2, ... steps before (lags,).
        units: number of units, the bound of their sum.
        path: PNG file to write.
    """
    lags = np.arange(1, len(shares) + 1)
    shown = min(len(shares), 2 * int(np.count_nonzero(shares > 0.05)) + 10)
    with picture(path) as figure:
        axes = figure.subplots()
        axes.fill_between(lags, shares, color=BLUE, alpha=0.15, linewidth=0)
        axes.plot(lags, shares, color=BLUE)
        axes.set(xlabel="delay in steps", ylabel="squared correlation", xlim=(1, shown), ylim=(0, 1.02))
        axes.set_title(f"memory of past inputs: {shares.sum():.1f} steps in all, with {units:,} units")
