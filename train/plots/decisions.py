"""ROC, precision-recall and calibration curves of a classifier beside each other."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from .style import BLUE, FAINT, GREY, colour, empty, picture, short

__all__ = ["decisions"]

_POINTS = 2000  # of a curve; more lie upon each other
Curves = Mapping[str, tuple[np.ndarray, np.ndarray]]


def decisions(
    roc: Curves,
    precision_recall: Curves,
    calibration: tuple[np.ndarray, np.ndarray, np.ndarray],
    path: Path | str,
    positive: float | None = None,
    event: str = "the predicted class",
    note: str = "",
) -> None:
    """Draws ROC, precision-recall and calibration curves.

    Args:
        roc: false and true positive rate by label, from (0, 0) to (1, 1); without curves they are undefined.
        precision_recall: recall and precision by label.
        calibration: mean probability, share of the event and number of examples of each bin.
        path: PNG file to write.
        positive: share of the positive examples, of two classes.
        event: the event that the calibrated probability is of.
        note: title of the ROC panel beside its name.
    """
    with picture(path, height=3.3) as figure:
        left, middle, right = figure.subplots(1, 3)
        _curves(left, roc, f"ROC {note}".strip(), ("false positive rate", "true positive rate"), "lower right")
        if roc:
            _dashed(left, (0, 1), "chance")
        _curves(middle, precision_recall, "precision and recall", ("recall", "precision"), "lower left", steps=True)
        if positive is not None and precision_recall:
            _dashed(middle, (positive, positive), f"all positive {positive:.3g}")
        _calibration(right, *calibration, event)
        for axes in (left, middle, right):
            if axes.axison:
                axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc=axes.get_gid(), fontsize=7, handlelength=1.2)


def _curves(
    axes: Axes, curves: Curves, title: str, labels: tuple[str, str], place: str, *, steps: bool = False
) -> None:
    axes.set_gid(place)
    if not curves:
        empty(axes, f"{title} undefined:\nthe test examples\nhave one class")
        return
    for i, (name, (x, y)) in enumerate(curves.items()):
        chosen = np.unique(np.linspace(0, len(x) - 1, _POINTS).astype(int)) if len(x) > _POINTS else slice(None)
        x, y = x[chosen], y[chosen]
        if steps:  # the precision of a score holds back to the recall of the score before
            x, y = np.append(0, x), np.append(y[:1], y)
        label = short(name, 18)
        axes.plot(x, y, color=colour(i), linewidth=1.4, drawstyle="steps-pre" if steps else "default", label=label)
    axes.set_title(title)
    axes.set(xlabel=labels[0], ylabel=labels[1])


def _dashed(axes: Axes, ends: tuple[float, float], label: str) -> None:
    axes.plot((0, 1), ends, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label=label, zorder=1)


def _calibration(axes: Axes, confidence: np.ndarray, share: np.ndarray, count: np.ndarray, event: str) -> None:
    axes.set_gid("upper left")
    axes.bar(confidence, count / count.sum(), width=0.03, color=FAINT, edgecolor=GREY, linewidth=0.4, label="examples")
    _dashed(axes, (0, 1), "calibrated")
    axes.plot(confidence, share, color=BLUE, marker="o", linewidth=1.4, label="observed")
    axes.set_title("calibration")
    axes.set(xlabel=f"probability of {short(event, 20)}", ylabel="share that came true")
