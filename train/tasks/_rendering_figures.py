"""Figures of rendered images: beside the true ones, and what each attribute changes."""

from math import isqrt
from typing import Any

import numpy as np

__all__ = ["draw_knobs", "draw_rendered", "knobs"]

_COLUMNS, _STEPS = 10, 9  # images beside each other


def draw_rendered(drawing: Any) -> None:
    """Draws test images above those that the model renders of their attributes."""
    from ..plots.pairs import pairs

    x, y = drawing.data.test[:2]
    if (shape := _square(drawing.model)) is None:
        return
    rows = {"true": np.asarray(y[:_COLUMNS]), "rendered": drawing.model.predict(np.asarray(x[:_COLUMNS]))}
    shown = {name: each.reshape(-1, *shape) for name, each in rows.items()}
    pairs(shown, drawing.folder / "rendered.png", "test images, rendered from their attributes")


def draw_knobs(drawing: Any) -> None:
    """Draws what each attribute changes: a row for each, over its range, while the others are those of a test image."""
    from ..plots.grid import grid

    x, names = drawing.data.train.x, drawing.data.features
    if (shape := _square(drawing.model)) is None or x.ndim != 2:
        return
    example, images, captions = np.asarray(drawing.data.test.x[0], np.float64), [], []
    for columns in knobs(np.asarray(x)):
        turned = _turned(example, columns, np.asarray(x))
        images.append(drawing.model.predict(turned.astype(np.float32)).reshape(-1, *shape))
        captions += _captions(turned, columns, names) + [""] * (_STEPS - len(turned))
        images.append(np.ones((_STEPS - len(turned), *shape)))
    title = "each attribute, while the others are those of one test image"
    grid(np.concatenate(images), captions, _STEPS, title, "", drawing.folder / "knobs.png")


def knobs(x: np.ndarray) -> list[tuple[int, ...]]:
    """Returns the columns of each attribute: one with numbers, or neighbours of which exactly one is 1 in every row.

    >>> knobs(np.array([[1, 0, 5.0], [0, 1, 7.0]]))
    [(0, 1), (2,)]
    """
    found, column = [], 0
    while column < x.shape[1]:
        end = column + 1
        if np.isin(x[:, column], (0, 1)).all():
            sums = np.cumsum(np.where(np.isin(x[:, column:], (0, 1)), x[:, column:], 2), axis=1)
            ones = np.flatnonzero((sums == 1).all(axis=0))
            end = column + int(ones[0]) + 1 if ones.size else end
        found.append(tuple(range(column, end)))
        column = end
    return found


def _turned(example: np.ndarray, columns: tuple[int, ...], x: np.ndarray) -> np.ndarray:
    """Returns copies of an example in which one attribute takes its values."""
    column, *others = columns
    if others:
        turned = np.tile(example, (min(len(columns), _STEPS), 1))
        turned[:, columns] = np.eye(len(columns))[: len(turned)]
        return turned
    turned = np.tile(example, (_STEPS, 1))
    turned[:, column] = np.linspace(x[:, column].min(), x[:, column].max(), _STEPS)
    return turned


def _captions(turned: np.ndarray, columns: tuple[int, ...], names: tuple[str, ...]) -> list[str]:
    names = tuple(names) or tuple(f"column {i}" for i in range(turned.shape[1]))
    column, *others = columns
    if others:
        return [names[column] for column in columns[: len(turned)]]
    values = [f"{value:.3g}" for value in np.round(turned[:, column], 3)]
    return [f"{names[column]} {values[0]}", *values[1:]]


def _square(model: Any) -> tuple[int, int, int] | None:
    """Returns the shape of the images that a model gives in rows; None if they are not square."""
    outputs = int(model.about["made_for"]["outputs"])
    for channels in (1, 3):
        side = isqrt(outputs // channels)
        if channels * side**2 == outputs:
            return side, side, channels
    return None
