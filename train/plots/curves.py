"""How a run went: the loss and the headline metric over the epochs, of each split."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from .style import BLUE, GREEN, GREY, INK, RED, empty, picture

__all__ = ["curves"]

Row = Mapping[str, Any]

_COLOURS = {"train": BLUE, "val": GREEN, "test": RED}
_NOT_METRICS = ("split", "step", "epoch", "loss", "lr")
_PREFERRED = ("accuracy", "r2")
_DECADES = 30.0  # a loss that spans more than this factor is shown on a log scale
_MANY = 60  # from so many measurements on the raw ones are drawn faint, under their moving mean


def curves(rows: Iterable[Row], path: Path | str, best_epoch: float | None = None, headline: str | None = None) -> None:
    """Draws the learning curves of `metrics.jsonl`.

    Args:
        rows: `{"split", "step", "epoch", "loss", ...}`; values that are missing, None or not finite leave gaps.
        path: the PNG to write.
        best_epoch: is marked.
        headline: the metric of the second panel; otherwise accuracy, R2 or the first other metric found.
    """
    rows = list(rows)
    headline = headline or _headline(rows)
    names = ["loss", headline] if headline else ["loss"]
    with picture(path) as figure:
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            if rows:
                _panel(axes, rows, name, best_epoch)
            else:
                empty(axes, "nothing measured yet")


def _headline(rows: Sequence[Row]) -> str | None:
    found = dict.fromkeys(name for row in rows for name in row if name not in _NOT_METRICS)
    numbers = [name for name in found if any(isinstance(row.get(name), int | float) for row in rows)]
    return next((name for name in (*_PREFERRED, *numbers) if name in numbers), None)


def _panel(axes: Axes, rows: Sequence[Row], name: str, best_epoch: float | None) -> None:
    unit, per_step = _clock(rows)
    axes.set_title(name)
    axes.set_xlabel(unit)
    if name == "loss" and _spans_decades(_column(rows, name)):
        _log_scale(axes, _column(rows, name))
    for split in dict.fromkeys(("train", "val", "test", *(str(row.get("split")) for row in rows))):
        own = [row for row in rows if row.get("split") == split and name in row]
        if own:
            _line(axes, _column(own, "step") * per_step, _column(own, name), split)
    if best_epoch is not None and unit == "epoch":
        axes.axvline(best_epoch, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label=f"best: epoch {best_epoch:g}")
    if name == "loss":
        _mark_failure(axes, rows, per_step)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    steps = {row["step"] for row in rows}
    if len(steps) > 1:
        axes.margins(x=0.03)
    else:
        axes.set_xlim(0, 2 * steps.pop() * per_step or 1)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best")


def _clock(rows: Sequence[Row]) -> tuple[str, float]:
    """The unit of the time axis, and what a step is in it: only an evaluation says how long an epoch is."""
    ends = [(row["step"], row["epoch"]) for row in rows if row.get("split") != "train" and row.get("epoch")]
    step, epoch = max(ends, default=(0, 0))
    return ("epoch", epoch / step) if step else ("step", 1.0)


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    values = (row.get(name) for row in rows)
    return np.array([value if isinstance(value, int | float) else np.nan for value in values], np.float64)


def _line(axes: Axes, x: np.ndarray, y: np.ndarray, split: str) -> None:
    y = np.where(np.isfinite(y), y, np.nan)
    known = y[np.isfinite(y)]
    label = f"{split} {known[-1]:.4g}" if known.size else f"{split} (not finite)"
    ink = _COLOURS.get(split, INK)
    if len(y) < _MANY:
        axes.plot(x, y, color=ink, label=label, marker="o")
        return
    stride = -(-len(y) // 2000)
    axes.plot(x[::stride], y[::stride], color=ink, alpha=0.22, linewidth=0.8)
    axes.plot(x[::stride], _moving_mean(y)[::stride], color=ink, label=label)


def _moving_mean(y: np.ndarray) -> np.ndarray:
    """Over a fortieth of the curve; gaps stay gaps."""
    window = np.ones(2 * (len(y) // 80) + 1)
    known = np.isfinite(y)
    weight = np.convolve(known, window, "same")
    mean = np.convolve(np.where(known, y, 0), window, "same") / np.maximum(weight, 1)
    return np.where(known, mean, np.nan)


def _spans_decades(y: np.ndarray) -> bool:
    known = y[np.isfinite(y)]
    return known.size > 0 and known.min() > 0 and known.max() / known.min() > _DECADES


def _log_scale(axes: Axes, y: np.ndarray) -> None:
    """With 0.1 and 0.03 on the axis rather than powers of ten."""
    known = y[np.isfinite(y)]
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0) if known.max() < 1e4 * known.min() else (1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _mark_failure(axes: Axes, rows: Sequence[Row], per_step: float) -> None:
    lost = [row["step"] for row in rows if "loss" in row and not np.isfinite(_column([row], "loss")[0])]
    if lost:
        first = min(lost)
        axes.axvline(first * per_step, color=INK, linewidth=1.2, linestyle=":", label=f"not finite: step {first}")
