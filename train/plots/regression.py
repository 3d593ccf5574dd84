"""Predicted against true values, and the histogram of the residuals."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from .style import BLUE, GREY, INK, RED, empty, picture

__all__ = ["regression"]


def regression(truth: np.ndarray, predicted: np.ndarray, path: Path | str, target: str = "") -> None:
    """Draws predicted against true values with R2, and the histogram of the residuals.

    Args:
        truth: (examples,) or (examples, outputs).
        predicted: same shape; non-finite predictions are counted and not drawn.
        path: PNG file to write.
        target: name of the predicted quantity, with its unit.

    Raises:
        ValueError: if the two differ in the number of values.
    """
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    if truth.size != predicted.size:
        raise ValueError(f"truth has {truth.size} values, predicted {predicted.size}: give one prediction for each")
    truth, predicted = truth.reshape(len(truth), -1), predicted.reshape(len(truth), -1)
    known = np.isfinite(truth) & np.isfinite(predicted)
    with picture(path) as figure:
        left, right = figure.subplots(1, 2)
        if not known.any():
            empty(left, "no finite prediction")
            empty(right, "no residuals")
            return
        title = f"R2 {_r2(truth, predicted):.3f}" if known.all() else f"{(~known).sum():,} predictions are not finite"
        _scatter(left, truth[known], predicted[known], title, target)
        _residuals(right, (predicted - truth)[known], target)


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Computes 1 - residual / total sum of squares, averaged over the outputs; nan for a constant truth."""
    total = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    rest = ((truth - predicted) ** 2).sum(axis=0)
    return float(np.mean(1 - rest / np.where(total > 0, total, np.nan)))


def _scatter(axes: Axes, truth: np.ndarray, predicted: np.ndarray, title: str, target: str) -> None:
    low, high = min(truth.min(), predicted.min()), max(truth.max(), predicted.max())
    margin = 0.04 * (high - low) or 1.0
    span = (low - margin, high + margin)
    axes.plot(span, span, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="perfect prediction")
    faint = float(np.clip(60 / np.sqrt(len(truth)) / 5, 0.1, 0.7))
    axes.scatter(truth, predicted, s=16, color=BLUE, alpha=faint, linewidths=0)
    axes.set(xlim=span, ylim=span, xlabel=f"true {target}".strip(), ylabel="predicted")
    axes.set_aspect("equal")
    axes.set_title(title)
    axes.legend(loc="upper left")


def _residuals(axes: Axes, residuals: np.ndarray, target: str) -> None:
    bins = int(np.clip(2 * len(residuals) ** (1 / 3), 8, 60))  # Rice's rule
    reach = float(np.abs(residuals).max()) or 1.0
    axes.hist(residuals, bins=bins, range=(-reach, reach), color=BLUE, alpha=0.75, edgecolor="white", linewidth=0.6)
    axes.axvline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    mean = residuals.mean()
    axes.axvline(mean, color=RED, linewidth=1.4, label=f"mean {mean:.3g}")
    axes.set(xlabel=f"predicted - true {target}".strip(), ylabel="examples")
    axes.set_title(f"residuals: RMSE {np.sqrt((residuals**2).mean()):.4g}", color=INK)
    axes.legend(loc="upper right")
