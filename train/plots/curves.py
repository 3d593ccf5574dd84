"""Learning curves: the loss and the headline metric of each split by epoch."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from .style import BLUE, GREEN, GREY, INK, PALETTE, RED, empty, picture

__all__ = ["PLAYERS", "Panel", "curves"]

Row = Mapping[str, Any]


class Panel(NamedTuple):
    """Panel of related curves.

    Attributes:
        title: title of the panel; without `curves` also the name of the metric whose splits are drawn.
        curves: labels of metrics of the training rows, by name.
        log: use a logarithmic scale if the values span decades.
    """

    title: str
    curves: Mapping[str, str] = MappingProxyType({})
    log: bool = False


_COLOURS = {"train": BLUE, "val": GREEN, "test": RED}
_NOT_METRICS = ("split", "step", "epoch", "loss", "lr")
_PREFERRED = ("accuracy", "r2")
# Panels of adversarial training.
PLAYERS = (
    Panel("loss", {"loss": "generator", "d_loss": "discriminator"}),
    Panel("D(x)", {"d_real": "real", "d_fake": "generated"}),
    Panel("gradient norm", {"g_norm": "generator", "d_norm": "discriminator"}, log=True),
)
_DECADES = 30.0  # a loss whose maximum exceeds its minimum by this factor has a log scale
_MANY = 60  # longer curves are drawn faint, with their moving mean on top


def curves(
    rows: Iterable[Row],
    path: Path | str,
    best_epoch: float | None = None,
    headline: str | None = None,
    panels: Sequence[Panel] = (),
) -> None:
    """Draws the learning curves of `metrics.jsonl`.

    Args:
        rows: `{"split", "step", "epoch", "loss", ...}`; missing and non-finite values leave gaps.
        path: PNG file to write.
        best_epoch: epoch to mark.
        headline: metric of the second panel; by default accuracy, R2 or the first other metric.
        panels: panels that replace the one of the loss.
    """
    rows = list(rows)
    headline = headline or _headline(rows)
    plain = [Panel(name) for name in ((headline,) if panels else ("loss", headline)) if name]
    several = [*panels, *plain]
    down = -(-len(several) // 2)
    with picture(path, height=3.4 if down == 1 else 2.9 * down) as figure:
        places = figure.subplots(down, min(2, len(several)), squeeze=False).ravel()
        for axes, panel in zip(places, several, strict=False):
            if rows:
                _panel(axes, rows, panel, best_epoch)
            else:
                empty(axes, "no metrics yet")


def _headline(rows: Sequence[Row]) -> str | None:
    found = dict.fromkeys(name for row in rows for name in row if name not in _NOT_METRICS)
    numbers = [name for name in found if any(isinstance(row.get(name), int | float) for row in rows)]
    return next((name for name in (*_PREFERRED, *numbers) if name in numbers), None)


def _panel(axes: Axes, rows: Sequence[Row], panel: Panel, best_epoch: float | None) -> None:
    name, (unit, per_step) = panel.title, _clock(rows)
    axes.set_title(name)
    axes.set_xlabel(unit)
    known = np.concatenate([_column(rows, each) for each in panel.curves or (name,)])
    if (panel.log or (name == "loss" and not panel.curves)) and _spans_decades(known):
        _log_scale(axes, known)
    for each, split, label, ink in _lines(rows, panel):
        own = [row for row in rows if row.get("split") == split and each in row]
        if own:
            _line(axes, _column(own, "step") * per_step, _column(own, each), label, ink)
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


def _lines(rows: Sequence[Row], panel: Panel) -> list[tuple[str, str, str, str]]:
    """Returns the metric, split, label and colour of each curve."""
    if panel.curves:
        return [(name, "train", label, PALETTE[i]) for i, (name, label) in enumerate(panel.curves.items())]
    splits = dict.fromkeys(("train", "val", "test", *(str(row.get("split")) for row in rows)))
    return [(panel.title, split, split, _COLOURS.get(split, INK)) for split in splits]


def _clock(rows: Sequence[Row]) -> tuple[str, float]:
    """Returns the unit of the horizontal axis and the length of a step in it, read from the last evaluation."""
    ends = [(row["step"], row["epoch"]) for row in rows if row.get("split") != "train" and row.get("epoch")]
    step, epoch = max(ends, default=(0, 0))
    return ("epoch", epoch / step) if step else ("step", 1.0)


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    values = (row.get(name) for row in rows)
    return np.array([value if isinstance(value, int | float) else np.nan for value in values], np.float64)


def _line(axes: Axes, x: np.ndarray, y: np.ndarray, name: str, ink: str) -> None:
    y = np.where(np.isfinite(y), y, np.nan)
    known = y[np.isfinite(y)]
    label = f"{name} {known[-1]:.4g}" if known.size else f"{name} (not finite)"
    if len(y) < _MANY:
        axes.plot(x, y, color=ink, label=label, marker="o")
        return
    stride = -(-len(y) // 2000)
    axes.plot(x[::stride], y[::stride], color=ink, alpha=0.22, linewidth=0.8)
    axes.plot(x[::stride], _moving_mean(y)[::stride], color=ink, label=label)


def _moving_mean(y: np.ndarray) -> np.ndarray:
    """Averages over a fortieth of the curve; gaps remain."""
    window = np.ones(2 * (len(y) // 80) + 1)
    known = np.isfinite(y)
    weight = np.convolve(known, window, "same")
    mean = np.convolve(np.where(known, y, 0), window, "same") / np.maximum(weight, 1)
    return np.where(known, mean, np.nan)


def _spans_decades(y: np.ndarray) -> bool:
    known = y[np.isfinite(y)]
    return known.size > 0 and known.min() > 0 and known.max() / known.min() > _DECADES


def _log_scale(axes: Axes, y: np.ndarray) -> None:
    """Sets a log scale labelled 0.1, 0.03 instead of powers of ten."""
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
