"""Grid of small images, used for filters, misclassified examples and samples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from .style import GREY, WIDTH, picture

__all__ = ["draw_grid", "grid", "grid_height", "pixels"]

_PITCH = 1.08  # distance between images, in sides of an image


def pixels(images: np.ndarray) -> np.ndarray:
    """Scales images (examples, height, width, channels) to [0, 1]; the range of the whole set decides how.

    Non-negative integers are divided by 1, 16 or 255; other numbers are scaled from their minimum and maximum, unless
    they already lie in [0, 1].

    >>> pixels(np.array([[[[0], [4], [16]]]])).ravel().tolist()
    [0.0, 0.25, 1.0]
    """
    low, top = float(np.nanmin(images)), float(np.nanmax(images))
    if np.issubdtype(images.dtype, np.integer) and low >= 0:
        low, top = 0.0, next((depth for depth in (1.0, 16.0, 255.0) if top <= depth), top)
    elif low >= 0 and top <= 1:
        low, top = 0.0, 1.0
    return np.clip(np.nan_to_num((images.astype(np.float64) - low) / ((top - low) or 1.0)), 0, 1)


def grid(pictures: np.ndarray, captions: Sequence[str], columns: int, title: str, note: str, path: Path | str) -> None:
    """Draws a grid of images.

    Args:
        pictures: (images, height, width, channels), 0 black, 1 white; other than 3 channels are averaged.
        captions: text above each image, "" for none.
        columns: images per row.
        title: title, on the left.
        note: note, on the right.
        path: PNG file to write.
    """
    side = (WIDTH - 0.1) / (columns * _PITCH)  # inches; the unit of what follows
    with picture(path, height=grid_height(captions, columns, side) + 0.4) as figure:
        axes = figure.subplots()
        draw_grid(axes, pictures, captions, columns, side)
        axes.set_title(title)
        axes.set_title(note, loc="right", color=GREY, weight="normal", size=9)


def grid_height(captions: Sequence[str], columns: int, side: float) -> float:
    """Returns the height in inches of a grid of images with captions, whose sides have a length in inches."""
    return float((_tops(captions, columns, side)[-1] + _PITCH) * side)


def draw_grid(axes: Axes, pictures: np.ndarray, captions: Sequence[str], columns: int, side: float) -> None:
    """Draws a grid of images on axes; arguments as in `grid`, and the side of an image in inches."""
    tops, lefts = _tops(captions, columns, side), _PITCH * np.arange(columns)
    height, width = pictures.shape[1:3]
    tall, wide = height / max(height, width), width / max(height, width)
    # One mesh with cells of different sizes: far faster than one artist per image.
    axes.pcolorfast(_edges(lefts, wide, width), _edges(tops, tall, height), _joined(pictures, columns))
    for index, caption in enumerate(captions):
        if caption:
            place = lefts[index % columns] + wide / 2, tops[index // columns] - 0.03
            axes.text(*place, caption, ha="center", va="bottom", size=7.5, linespacing=1.1)
    axes.set_xlim(-0.04, columns * _PITCH - 0.04)
    axes.set_ylim(tops[-1] + _PITCH, -0.04)
    axes.set_aspect("equal", anchor="N")
    axes.set_axis_off()


def _tops(captions: Sequence[str], columns: int, side: float) -> np.ndarray:
    """Returns the upper edge of each row, in sides of an image; above it there is room for its captions."""
    texts = [captions[i : i + columns] for i in range(0, len(captions), columns)]
    above = [max(0.15 * text.count("\n") + 0.17 if text else 0 for text in row) / side for row in texts]
    return np.cumsum(above) + _PITCH * np.arange(len(above))


def _edges(starts: np.ndarray, extent: float, pixels: int) -> np.ndarray:
    """Returns the edges of all pixels along an axis; the gap between two images is one wide pixel."""
    return (starts[:, None] + np.linspace(0, extent, pixels + 1)).ravel()


def _joined(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Joins the images into one RGBA array of bytes, transparent between them."""
    count, height, width, channels = pictures.shape
    rows = -(-count // columns)
    shown = pictures if channels == 3 else pictures.mean(axis=-1, keepdims=True)
    whole = np.zeros((rows * columns, height + 1, width + 1, 4), np.uint8)
    whole[:count, :height, :width, :3] = np.round(255 * np.clip(np.nan_to_num(shown), 0, 1))
    whole[:count, :height, :width, 3] = 255
    joined = whole.reshape(rows, columns, height + 1, width + 1, 4).swapaxes(1, 2)
    return joined.reshape(rows * (height + 1), columns * (width + 1), 4)[:-1, :-1]
