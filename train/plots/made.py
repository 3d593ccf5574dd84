"""What a generator makes of images, in grids: samples, also beside real ones, ways between them, nearest neighbours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .grid import grid, pixels

__all__ = ["beside", "interpolation", "nearest", "samples"]

_ROW = 16  # pictures that a row holds at the most


def samples(images: np.ndarray, path: Path | str, classes: Sequence[str] = (), title: str = "") -> None:
    """Draws samples in a grid.

    Args:
        images: (samples, height, width, 1 or 3), as the data are stored.
        path: the PNG to write.
        classes: if the samples were asked for by class, in turn, the name of each class: every column is one.
        title: above them.
    """
    by_class = 1 < len(classes) <= _ROW
    columns = len(classes) if by_class else 8 if len(images) <= 32 else _ROW
    captions = [str(classes[i]) if by_class and i < columns else "" for i in range(len(images))]
    grid(pixels(images), captions, columns, title or f"{len(images)} samples", "", path)


def beside(made: np.ndarray, real: np.ndarray, path: Path | str, title: str, columns: int = 10) -> None:
    """Draws samples to the left and real images to the right.

    Args:
        made: (samples, height, width, 1 or 3) from 0, black, to 1; what lies beyond is cut off.
        real: as many, likewise.
        path: the PNG to write.
        title: above them.
        columns: samples in a row.
    """
    blank = np.ones_like(made[:1])
    ordered, captions = [], []
    for start in range(0, len(made), columns):
        for images, name in ((made, "made"), (real, "real")):
            here = images[start : start + columns]
            empty = columns - len(here) + (name == "made")  # one more between the two
            ordered += [here, *[blank] * empty]
            captions += [name if start == 0 else "", *[""] * (len(here) + empty - 1)]
    grid(np.concatenate(ordered), captions, 2 * columns + 1, title, "", path)


def interpolation(strips: np.ndarray, path: Path | str, title: str = "") -> None:
    """Draws the way from one sample to another, a row each.

    Args:
        strips: (rows, steps, height, width, 1 or 3), as the data are stored.
        path: the PNG to write.
        title: above them.
    """
    rows, steps = strips.shape[:2]
    flat = pixels(strips.reshape(rows * steps, *strips.shape[2:]))
    grid(flat, [""] * len(flat), steps, title or "from one sample to another", "", path)


def nearest(images: np.ndarray, neighbours: np.ndarray, path: Path | str, title: str = "") -> None:
    """Draws samples, each above the training image that is nearest to it: whether the generator copies.

    Args:
        images: (samples, height, width, 1 or 3), as the data are stored.
        neighbours: the training images, as images.
        path: the PNG to write.
        title: above them.
    """
    columns = 8 if len(images) <= 32 else _ROW
    rows = -(-len(images) // columns)
    both = pixels(np.concatenate([images, neighbours]))
    blank = np.ones_like(both[:1])
    ordered, captions = [], []
    for row in range(rows):
        here = range(row * columns, min((row + 1) * columns, len(images)))
        empty = [blank] * (columns - len(here))
        for offset, name in ((0, "made"), (len(images), "nearest")):
            ordered += [both[offset + i][None] for i in here] + empty
            captions += [name if i == here[0] else "" for i in here] + [""] * len(empty)
    title = title or "samples and the training images nearest to them"
    grid(np.concatenate(ordered), captions, columns, title, "by the distance of their pixels", path)
