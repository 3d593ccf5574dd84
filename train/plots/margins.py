"""Margins of a support vector machine of two features, with its support vectors."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .style import GREY, INK, class_names, colour, picture, short, tint
from .surface import plane_around

__all__ = ["margins"]

_SHADE = 0.35  # of the colour of a class, beyond its margin


def margins(
    decide: Callable[[np.ndarray], np.ndarray],
    points: np.ndarray,
    y: np.ndarray,
    vectors: np.ndarray,
    path: Path | str,
    classes: Sequence[str] = (),
) -> None:
    """Draws decision values as colours, lines at -1, 0 and 1, examples as dots and support vectors in rings.

    Args:
        decide: maps unscaled points (n, 2) float32 to decision values (n,).
        points: training examples (n, 2).
        y: their classes (n,), 0 or 1.
        vectors: support vectors (m, 2).
        path: PNG file to write.
        classes: names of the two classes.
    """
    across, up = plane_around(points)
    plane = np.stack(np.meshgrid(across, up), axis=-1).astype(np.float32)
    values = np.asarray(decide(plane.reshape(-1, 2)), np.float64).reshape(len(up), len(across))
    strength = _SHADE * np.clip(np.abs(values), 0, 1)
    shade = np.where(values[..., None] < 0, tint(colour(0), strength), tint(colour(1), strength))
    with picture(path, 5.8, 5.8) as figure:
        axes = figure.subplots()
        extent = (float(across[0]), float(across[-1]), float(up[0]), float(up[-1]))
        axes.imshow(shade, extent=extent, origin="lower", interpolation="bilinear")
        for level, style, width in ((-1, "--", 0.9), (0, "-", 1.4), (1, "--", 0.9)):
            if values.min() < level < values.max():
                axes.contour(across, up, values, levels=[level], colors=INK, linewidths=width, linestyles=style)
        for i, name in enumerate(class_names(classes, 2)):
            axes.scatter(*points[y == i].T, s=16, color=colour(i), edgecolors="white", linewidths=0.4)
            axes.scatter([], [], s=30, color=colour(i), label=short(name))
        axes.scatter(*vectors.T, s=52, facecolors="none", edgecolors=INK, linewidths=0.9)
        axes.scatter([], [], s=52, facecolors="none", edgecolors=INK, label=f"{len(vectors):,} support vectors")
        axes.plot([], [], "--", color=GREY, linewidth=0.9, label="margins at -1 and 1")
        axes.set_aspect("equal")
        axes.grid(False)
        axes.set_title("margins and support vectors")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.06), ncols=4, handletextpad=0.3, columnspacing=1.2)
