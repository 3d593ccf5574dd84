"""Centres of units among points, with their widths."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.collections import EllipseCollection

from .style import GREY, INK, colour, picture

__all__ = ["centres"]

_POINTS = 1500  # more would hide the circles


def centres(
    places: np.ndarray,
    widths: np.ndarray,
    points: np.ndarray,
    y: np.ndarray,
    classes: Sequence[str],
    path: Path | str,
) -> None:
    """Draws the centres of units among examples, each with a ring at its width.

    Args:
        places: centres (units, 2), in the units of the points.
        widths: widths along both axes (units, 2), in the units of the points.
        points: examples (n, 2).
        y: classes (n,), which decide the colours of the examples; anything else without classes.
        classes: names of the classes; empty for a regression.
        path: PNG file to write.
    """
    stride = -(-len(points) // _POINTS)
    fill = [colour(int(each)) for each in y[::stride]] if classes else GREY
    with picture(path, 5.2, 5.4) as figure:
        axes = figure.subplots()
        axes.scatter(*points[::stride].T, s=9, c=fill, alpha=0.5, linewidths=0)
        axes.scatter(*places.T, s=14, color=INK, linewidths=0, zorder=3)
        look = {"facecolors": "none", "edgecolors": INK, "linewidths": 0.5, "alpha": 0.35}
        width, height = 2 * np.broadcast_to(widths, places.shape).T
        rings = EllipseCollection(
            width, height, np.zeros(len(places)), units="xy", offsets=places, transOffset=axes.transData, **look
        )
        axes.add_collection(rings)
        axes.set_aspect("equal")
        axes.grid(False)
        axes.set_title(f"{len(places)} centres, rings at their widths")
