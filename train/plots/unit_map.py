"""Pictures of a self-organising map: distances between neighbours, examples of each unit, features, and its net."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from .style import GREY, INK, PALETTE, colour, picture, short

__all__ = ["colour_map", "feature_planes", "net", "unit_map"]

_PLANES = 16  # planes in one picture
_LABELLED = 20  # classes that a legend has room for and that have a colour of their own


def unit_map(
    positions: np.ndarray,
    neighbours: np.ndarray,
    units: np.ndarray,
    votes: np.ndarray,
    classes: Sequence[str],
    path: Path | str,
) -> None:
    """Draws the distances between neighbouring units (U-matrix), and the training examples of each unit by class.

    Source: Ultsch and Siemon 1990.

    Args:
        positions: places of the units (units, 2).
        neighbours: whether two units are neighbours, bool (units, units).
        units: their weights (units, features).
        votes: training examples of each unit and class (units, classes).
        classes: names of the classes; empty without labels.
        path: PNG file to write.
    """
    apart = np.linalg.norm(units[:, None] - units, axis=-1)
    away = (apart * neighbours).sum(axis=1) / np.maximum(neighbours.sum(axis=1), 1)
    hits, best = votes.sum(axis=1), votes.argmax(axis=1)
    few = len(classes) <= len(PALETTE)
    colours = [colour(i) if few else colormaps["tab20"](i % 20) for i in range(votes.shape[1])]
    extent = np.ptp(positions, axis=0) + 1
    with picture(path, 9.0, max(2.0, min(9.0, 4.2 * extent[1] / extent[0])) + 0.7) as figure:
        left, right = figure.subplots(1, 2)
        figure.colorbar(_cells(left, positions, away, "bone_r"), ax=left, shrink=0.8)
        left.set_title("mean distance from the neighbours")
        _cells(right, positions, np.zeros(len(units)), "bone_r")
        sizes = 0.9 * np.sqrt(hits / max(hits.max(), 1))  # of the side of a cell
        for unit in hits.nonzero()[0]:
            fill = colours[best[unit]] if len(classes) > 1 else GREY
            right.add_patch(Circle(tuple(positions[unit]), sizes[unit] / 2, color=fill, linewidth=0))
        right.set_title("training examples of each unit" + (", colour of most" if len(classes) > 1 else ""))
        if 1 < len(classes) <= _LABELLED:
            marks = [Line2D([], [], marker="o", linestyle="", color=colours[i]) for i in range(len(classes))]
            names = [short(name, 12) for name in classes]
            right.legend(marks, names, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=5, frameon=False)


def feature_planes(positions: np.ndarray, units: np.ndarray, names: Sequence[str], path: Path | str) -> None:
    """Draws the value of each feature over the map, of the first sixteen.

    Args:
        positions: places of the units (units, 2).
        units: their weights (units, features), in the units of the data.
        names: names of the features.
        path: PNG file to write.
    """
    count = min(len(names), _PLANES)
    columns = min(count, 4)
    rows = -(-count // columns)
    extent = np.ptp(positions, axis=0) + 1
    with picture(path, 2.4 * columns, (2.0 * min(extent[1] / extent[0], 3) + 0.4) * rows) as figure:
        grid = np.ravel(figure.subplots(rows, columns, squeeze=False))
        for i, axes in enumerate(grid):
            axes.axis("off")
            if i < count:
                figure.colorbar(_cells(axes, positions, units[:, i], "viridis"), ax=axes, shrink=0.8)
                axes.set_title(short(names[i], 22), size=8)


def colour_map(positions: np.ndarray, colours: np.ndarray, path: Path | str, title: str = "units") -> None:
    """Draws each unit as a cell in its own colour.

    Args:
        positions: places of the units (units, 2).
        colours: red, green and blue of each unit (units, 3), 0 to 1.
        path: PNG file to write.
        title: title of the picture.
    """
    extent = np.ptp(positions, axis=0) + 1
    with picture(path, 5.0, max(1.5, min(9.0, 4.8 * extent[1] / extent[0])) + 0.4) as figure:
        axes = figure.subplots()
        cells = _cells(axes, positions, np.zeros(len(colours)), "viridis")
        cells.set(facecolor=np.clip(colours, 0, 1), edgecolor="face")
        axes.set_title(title)


def net(
    units: np.ndarray,
    edges: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray | None,
    names: Sequence[str],
    path: Path | str,
    title: str = "map among the examples",
) -> None:
    """Draws the units of a map among examples in the plane, joined to their neighbours.

    Args:
        units: places of the units in the plane of the examples (units, 2).
        edges: pairs of neighbours (edges, 2).
        points: examples (n, 2).
        labels: class of each example (n,), which decides its colour; None without classes.
        names: names of the two axes.
        path: PNG file to write.
        title: title of the picture.
    """
    fill = GREY if labels is None else np.array([to_rgb(colour(i)) for i in range(int(labels.max()) + 1)])[labels]
    with picture(path, 5.2, 5.2) as figure:
        axes = figure.subplots()
        axes.scatter(*points.T, s=9, c=fill, alpha=0.5, linewidths=0)
        axes.add_collection(LineCollection(list(units[edges]), colors=INK, linewidths=0.7))
        axes.scatter(*units.T, s=11, color=INK, linewidths=0, zorder=3)
        axes.grid(False)
        axes.set(xlabel=short(names[0], 40), ylabel=short(names[1], 40), title=title, xticks=[], yticks=[])


def _cells(axes: Axes, positions: np.ndarray, values: np.ndarray, colours: str) -> PolyCollection:
    """Draws a cell for each unit: hexagons where every second row is shifted, else squares."""
    hexagonal = bool(np.any(positions % 1))
    angles = np.arange(6) * np.pi / 3 + np.pi / 6 if hexagonal else np.arange(4) * np.pi / 2 + np.pi / 4
    corner = np.stack([np.cos(angles), np.sin(angles)], axis=1) * (3**-0.5 if hexagonal else 2**-0.5)
    cells = PolyCollection(list(positions[:, None] + corner), cmap=colours, edgecolor=INK, linewidth=0.3)
    cells.set_array(values)
    if not values.any():
        cells.set_array(None)
        cells.set_facecolor("none")
    axes.add_collection(cells)
    axes.set_xlim(positions[:, 0].min() - 0.7, positions[:, 0].max() + 0.7)
    axes.set_ylim(positions[:, 1].max() + 0.7, positions[:, 1].min() - 0.7)
    axes.set_aspect("equal")
    axes.axis("off")
    return cells
