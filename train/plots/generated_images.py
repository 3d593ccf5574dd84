"""Grids of generated images: samples, comparison with real images, interpolations and nearest neighbours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .grid import grid, pixels

__all__ = ["beside", "interpolation", "nearest", "samples"]

_ROW = 16  # maximum number of images in a row


def samples(images: np.ndarray, path: Path | str, classes: Sequence[str] = (), title: str = "") -> None:
    """Draws samples in a grid.

    Args:
        images: (samples, height, width, 1 or 3), in the scale of the data.
        path: PNG file to write.
        classes: names of the classes of a conditional generator whose samples are ordered by class; a column each.
        title: title of the plot.
    """
    by_class = 1 < len(classes) <= _ROW
    columns = len(classes) if by_class else 8 if len(images) <= 32 else _ROW
    captions = [str(classes[i]) if by_class and i < columns else "" for i in range(len(images))]
    grid(pixels(images), captions, columns, title or f"{len(images)} samples", "", path)


def beside(made: np.ndarray, real: np.ndarray, path: Path | str, title: str, columns: int = 10) -> None:
    """Draws generated images on the left and real images on the right.

    Args:
        made: generated images (samples, height, width, 1 or 3) in [0, 1]; other values are clipped.
        real: the same number of real images.
        path: PNG file to write.
        title: title of the plot.
        columns: generated images per row.
    """
    blank = np.ones_like(made[:1])
    ordered, captions = [], []
    for start in range(0, len(made), columns):
        for images, name in ((made, "generated"), (real, "real")):
            here = images[start : start + columns]
            empty = columns - len(here) + (name == "generated")  # one more as the gap between the two
            ordered += [here, *[blank] * empty]
            captions += [name if start == 0 else "", *[""] * (len(here) + empty - 1)]
    grid(np.concatenate(ordered), captions, 2 * columns + 1, title, "", path)


def interpolation(strips: np.ndarray, path: Path | str, title: str = "") -> None:
    """Draws interpolations between samples, one per row.

    Args:
        strips: (rows, steps, height, width, 1 or 3), in the scale of the data.
        path: PNG file to write.
        title: title of the plot.
    """
    rows, steps = strips.shape[:2]
    flat = pixels(strips.reshape(rows * steps, *strips.shape[2:]))
    grid(flat, [""] * len(flat), steps, title or "interpolation between samples", "", path)


def nearest(images: np.ndarray, neighbours: np.ndarray, path: Path | str, title: str = "") -> None:
    """Draws samples, each above its nearest training image, which shows whether the generator copies.

    Args:
        images: (samples, height, width, 1 or 3), in the scale of the data.
        neighbours: nearest training image of each sample, of the same shape.
        path: PNG file to write.
        title: title of the plot.
    """
    columns = 8 if len(images) <= 32 else _ROW
    rows = -(-len(images) // columns)
    both = pixels(np.concatenate([images, neighbours]))
    blank = np.ones_like(both[:1])
    ordered, captions = [], []
    for row in range(rows):
        here = range(row * columns, min((row + 1) * columns, len(images)))
        empty = [blank] * (columns - len(here))
        for offset, name in ((0, "generated"), (len(images), "nearest")):
            ordered += [both[offset + i][None] for i in here] + empty
            captions += [name if i == here[0] else "" for i in here] + [""] * len(empty)
    title = title or "samples and their nearest training images"
    grid(np.concatenate(ordered), captions, columns, title, "by Euclidean distance of pixels", path)
