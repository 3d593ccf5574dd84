"""Points of a plane, such as the codes of examples, coloured by their class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .style import BLUE, PALETTE, class_names, colour, picture, short

__all__ = ["plane"]

_MARKS = ("o", "^", "s", "D", "v", "P", "X", "*")  # one for each turn of the colours
_NAMED = 24  # classes of a legend


def plane(
    points: np.ndarray,
    labels: np.ndarray | None,
    classes: Sequence[str],
    path: Path | str,
    title: str,
    axes_names: Sequence[str],
) -> None:
    """Draws points, coloured by class.

    Args:
        points: (n, 2).
        labels: class of each point (n,); None: all have one colour.
        classes: names of the classes; a class without a name is shown by its number.
        path: PNG file to write.
        title: title of the plot.
        axes_names: names of both axes.
    """
    with picture(path, 7.0, 5.6) as figure:
        axes = figure.subplots()
        size = float(np.clip(4000 / max(len(points), 1), 4, 20))
        if labels is None:
            axes.scatter(*points.T, s=size, color=BLUE, linewidths=0, alpha=0.8)
        else:
            names = class_names(classes, int(labels.max(initial=0)) + 1)
            for i in np.unique(labels):
                mark = _MARKS[int(i) // len(PALETTE) % len(_MARKS)]
                chosen = points[labels == i]
                style = {"color": colour(int(i)), "marker": mark, "linewidths": 0, "alpha": 0.8}
                axes.scatter(*chosen.T, s=size, label=short(names[int(i)]), **style)
            if len(names) <= _NAMED:
                axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
        axes.set_title(title)
        axes.set_xlabel(axes_names[0])
        axes.set_ylabel(axes_names[1])
