"""Confusion matrix: correct predictions in blue, errors in orange."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from .style import BLUE, GREY, INK, RED, class_names, picture, short, tint

__all__ = ["confusion"]

_LEGIBLE = 4.0  # points; counts that would be smaller are omitted


def confusion(matrix: np.ndarray, classes: Sequence[str], path: Path | str) -> None:
    """Draws a confusion matrix, coloured by row: row `i`, column `j` counts examples of class `i` predicted as `j`.

    Args:
        matrix: (classes, classes) counts.
        classes: class names; a class without a name is shown by its number.
        path: PNG file to write.

    Raises:
        ValueError: if the matrix is not square.
    """
    matrix = np.asarray(matrix).astype(np.int64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"expected a (classes, classes) matrix of counts, got shape {matrix.shape}")
    count = len(matrix)
    names = [short(name) for name in class_names(classes, count)]
    size = min(float(np.clip(2.2 + 0.42 * count, 4, 8)) + 0.08 * max(0, count - 24), 12)
    with picture(path, size, size) as figure:
        axes = figure.subplots()
        axes.imshow(_colours(matrix), aspect="equal", interpolation="nearest")
        _label(axes, matrix, names, size)
        _counts(axes, matrix, cell=72 * 0.82 * size / count)


def _shares(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def _colours(matrix: np.ndarray) -> np.ndarray:
    """Returns RGB colours; those of errors grow with the square root of their share, because errors are rare."""
    shares = _shares(matrix)
    hit = np.eye(len(matrix), dtype=bool)[..., None]
    return np.where(hit, tint(BLUE, 0.9 * shares), tint(RED, np.where(shares > 0, 0.08 + 0.9 * np.sqrt(shares), 0)))


def _label(axes: Axes, matrix: np.ndarray, names: Sequence[str], size: float) -> None:
    count, total = len(names), matrix.sum()
    ticks = min(9.0, 0.8 * 72 * 0.8 * size / count)
    crowded = max(map(len, names)) * 0.62 * ticks > 72 * 0.78 * size / count
    axes.set_xticks(range(count), names, rotation=90 if crowded else 0, size=ticks)
    axes.set_yticks(range(count), names, size=ticks)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"accuracy {100 * np.trace(matrix) / max(total, 1):.1f} % ({np.trace(matrix):,} of {total:,})")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    between = np.arange(count - 1) + 0.5
    axes.hlines(between, -0.5, count - 0.5, color="white", linewidth=min(2, 12 / count))
    axes.vlines(between, -0.5, count - 0.5, color="white", linewidth=min(2, 12 / count))


def _counts(axes: Axes, matrix: np.ndarray, cell: float) -> None:
    """Writes the counts as large as fits a cell, whose side is given in points."""
    digits = max(2, len(str(matrix.max())))
    size = min(10.0, 0.6 * cell, 0.9 * cell / (0.64 * digits))
    if size < _LEGIBLE:
        return
    # Excluded from the layout: texts inside cells never leave the axes, and checking them is slow.
    write = partial(axes.text, ha="center", va="center_baseline", size=size, in_layout=False)
    shares = _shares(matrix)
    for i, j in np.argwhere(matrix):
        write(j, i, f"{matrix[i, j]}", color="white" if shares[i, j] > (0.55 if i == j else 0.45) else INK)
    if len(matrix) <= 10:
        for i, j in np.argwhere(matrix == 0):
            write(j, i, "0", color=GREY, alpha=0.35)
