"""Scores of a sweep by each hyperparameter: a dot per run, and a line through the means."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from .style import BLUE, GREY, WIDTH, empty, picture, short

__all__ = ["sweep"]

_ACROSS = 3  # maximum number of panels in a row
_MANY = 12  # with this many numbers the axis is numeric instead of categorical


def sweep(found: Sequence[tuple[Mapping[str, Any], Sequence[float]]], metric: str, path: Path | str) -> None:
    """Draws the scores of a sweep.

    Each panel shows all runs by one hyperparameter; a wide column means that the other ones matter more.

    Args:
        found: for each setting its values by name, and the scores of its seeds.
        metric: name of the metric that the scores measure.
        path: PNG file to write.
    """
    names = list(found[0][0]) if found else []
    down = max(1, -(-len(names) // _ACROSS))
    with picture(path, WIDTH, 0.4 + 2.6 * down) as figure:
        panels = figure.subplots(down, min(_ACROSS, max(1, len(names))), squeeze=False, sharey=True).ravel()
        for axes, name in zip(panels, names, strict=False):
            _panel(axes, [(given[name], score) for given, scores in found for score in scores], name)
        for axes in panels[len(names) :]:
            empty(axes, "" if names else "one setting: nothing to compare")
        panels[0].set_ylabel(metric)


def _panel(axes: Axes, runs: Sequence[tuple[Any, float]], name: str) -> None:
    axes.set_title(name)
    values = _ordered({value for value, _ in runs})
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    by_value = [[score for other, score in runs if other == value] for value in values]
    place = list(values) if numbers and len(values) >= _MANY else list(range(len(values)))
    for x, scores in zip(place, by_value, strict=True):
        axes.plot([x] * len(scores), scores, "o", color=BLUE, alpha=0.35, markeredgewidth=0)
    if not (numbers and len(values) >= _MANY):
        axes.plot(place, [np.mean(scores) for scores in by_value], color=GREY, linewidth=1.2)
        axes.set_xticks(place, [short(_typed(value), 10) for value in values])
        axes.margins(x=0.15)
    elif min(values) > 0 and max(values) > 10 * min(values):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())


def _ordered(values: set) -> list:
    try:
        return sorted(values)
    except TypeError:  # None among numbers
        return sorted(values, key=str)


def _typed(value: Any) -> str:
    return "x".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)
