"""A grid of small pictures: the ground that filters, mistakes and samples are drawn on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from .style import GREY, WIDTH, picture

__all__ = ["grid", "pixels"]

_PITCH = 1.08  # from picture to picture, in sides


def pixels(images: np.ndarray) -> np.ndarray:
    """Images (examples, height, width, channels) of any scale in [0, 1]; the whole set decides which it is.

    Whole numbers from 0 on reach to 1, 16 or 255; other numbers are taken from the least to the largest, unless they
    lie in [0, 1] already.

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
    """Draws pictures in rows.

    Args:
        pictures: (pictures, height, width, channels) in [0, 1], of 1 or 3 channels; of others the mean.
        captions: one above each, "" for none.
        columns: pictures in a row.
        title: above all, to the left.
        note: above all, to the right.
        path: the PNG to write.
    """
    # One set of axes for all: far faster than one for each. Its unit is the side of a picture.
    side = (WIDTH - 0.1) / (columns * _PITCH)  # inches
    texts = [captions[i : i + columns] for i in range(0, len(pictures), columns)]
    above = [max(0.15 * text.count("\n") + 0.17 if text else 0 for text in row) / side for row in texts]
    tops = np.cumsum(above) + _PITCH * np.arange(len(above))
    with picture(path, height=(tops[-1] + _PITCH) * side + 0.4) as figure:
        axes = figure.subplots()
        for index, (pixels, caption) in enumerate(zip(pictures, captions, strict=True)):
            _place(axes, pixels, caption, index % columns * _PITCH, tops[index // columns])
        axes.set_xlim(-0.04, columns * _PITCH - 0.04)
        axes.set_ylim(tops[-1] + _PITCH, -0.04)
        axes.set_aspect("equal", anchor="N")
        axes.set_axis_off()
        axes.set_title(title)
        axes.set_title(note, loc="right", color=GREY, weight="normal", size=9)


def _place(axes: Axes, pixels: np.ndarray, caption: str, left: float, top: float) -> None:
    height, width = pixels.shape[:2]
    tall, wide = height / max(height, width), width / max(height, width)
    pixels = pixels if pixels.shape[-1] == 3 else pixels.mean(axis=-1)
    extent = (left, left + wide, top + tall, top)
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest", aspect="auto")
    axes.text(left + wide / 2, top - 0.03, caption, ha="center", va="bottom", size=7.5, linespacing=1.1)
