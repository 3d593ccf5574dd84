"""Decision surface of a model of two features, with training and test examples."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from .style import BLUE, GREY, INK, RED, class_names, colour, picture, short, tint

__all__ = ["decision_surface", "plane_around"]

_DIVERGING = LinearSegmentedColormap.from_list("orange-white-blue", [RED, "#FFFFFF", BLUE])
_RESOLUTION = 160  # predictions per axis
_POINTS = 1500  # more would hide the surface


def decision_surface(
    predict: Callable[[np.ndarray], np.ndarray],
    train_points: np.ndarray,
    train_y: np.ndarray,
    test_points: np.ndarray,
    test_y: np.ndarray,
    path: Path | str,
    classes: Sequence[str] = (),
) -> None:
    """Draws predictions as colours, boundaries as lines, training examples as dots and test examples as rings.

    Args:
        predict: maps unscaled points (n, 2) float32 to probabilities (n, classes), or to values (n,) or (n, 1).
        train_points: (n, 2).
        train_y: (n,) class indices, or values.
        test_points: (n, 2).
        test_y: (n,) class indices, or values.
        path: PNG file to write.
        classes: class names; none for regression. With two classes, `predict` may return the second probability alone.
    """
    x, y = plane_around(np.concatenate([np.asarray(train_points), np.asarray(test_points)]))
    plane = np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32)
    values = np.asarray(predict(plane.reshape(-1, 2)), np.float64).reshape(len(y), len(x), -1)
    dots = [
        _thin(np.asarray(p), np.asarray(t).reshape(-1)) for p, t in ((train_points, train_y), (test_points, test_y))
    ]
    with picture(path, 5.8 if classes else 6.5, 5.8) as figure:
        axes = figure.subplots()
        if classes:
            _classes(axes, x, y, values, dots, class_names(classes, max(len(classes), values.shape[-1])))
        else:
            _values(figure, axes, x, y, values[..., 0], dots)
        axes.set_aspect("equal")
        axes.grid(False)
        axes.set_title("predictions and examples")
        axes.scatter([], [], s=20, color=GREY, label="train")
        axes.scatter([], [], s=20, facecolors="none", edgecolors=GREY, linewidths=1.3, label="test")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.06), ncols=6, handletextpad=0.2, columnspacing=1.2)


def plane_around(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the coordinates of a square around all points, with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, 0.55 * float((high - low).max() or 1.0)
    x, y = (np.linspace(centre - half, centre + half, _RESOLUTION) for centre in middle)
    return x, y


def _thin(points: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    stride = -(-len(points) // _POINTS) or 1
    return np.asarray(points)[::stride], np.asarray(y).reshape(-1)[::stride]


def _extent(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float, float]:
    return float(x[0]), float(x[-1]), float(y[0]), float(y[-1])


def _classes(axes: Axes, x, y, values: np.ndarray, dots, names: Sequence[str]) -> None:
    values = np.concatenate([1 - values, values], axis=-1) if values.shape[-1] == 1 else values
    values = np.nan_to_num(values)
    count, winner, top = values.shape[-1], values.argmax(axis=-1), values.max(axis=-1)
    hues = np.stack([tint(colour(i), 0.55 * (top - 1 / count) / (1 - 1 / count)) for i in range(count)])
    surface = np.take_along_axis(hues, winner[None, ..., None], axis=0)[0]
    axes.imshow(surface, extent=_extent(x, y), origin="lower", interpolation="bilinear")
    for i in range(1 if count == 2 else count):
        lead = values[..., i] - np.delete(values, i, axis=-1).max(axis=-1)
        if lead.min() < 0 < lead.max():  # else the class is predicted nowhere, or everywhere
            axes.contour(x, y, lead, levels=[0], colors=INK, linewidths=0.9)
    (points, y_train), (unseen, y_test) = dots
    for i, name in enumerate(names):
        own, other = points[y_train == i], unseen[y_test == i]
        axes.scatter(*own.T, s=18, color=colour(i), edgecolors="white", linewidths=0.5)
        axes.scatter(*other.T, s=18, facecolors="none", edgecolors=colour(i), linewidths=1.2)
        axes.scatter([], [], s=30, marker="s", color=colour(i), label=short(name))


def _values(figure: Figure, axes: Axes, x, y, values: np.ndarray, dots) -> None:
    (points, y_train), (unseen, y_test) = dots
    known = np.concatenate([y_train, y_test])
    reach = float(np.abs(known[np.isfinite(known)]).max(initial=0)) or 1.0
    look = {"cmap": _DIVERGING, "norm": Normalize(-reach, reach)}
    shown = axes.imshow(values, extent=_extent(x, y), origin="lower", interpolation="bilinear", **look)
    axes.scatter(*points.T, s=20, c=y_train, edgecolors=INK, linewidths=0.5, **look)
    axes.scatter(*unseen.T, s=20, facecolors="none", edgecolors=INK, linewidths=2.4)
    axes.scatter(*unseen.T, s=20, facecolors="none", edgecolors=_DIVERGING(look["norm"](y_test)), linewidths=1.5)
    figure.colorbar(shown, ax=axes, shrink=0.7, aspect=30).outline.set_visible(False)  # pyright: ignore[reportCallIssue]
