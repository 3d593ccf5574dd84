"""What was given, what was made of it, and what it should have become, below each other."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .samples import mosaic
from .style import WIDTH, picture

__all__ = ["pairs"]


def pairs(rows: Mapping[str, np.ndarray], path: Path | str, title: str = "") -> None:
    """Draws rows of pictures, one below the other: each column is one picture in its several forms.

    Args:
        rows: by name, each (n, height, width, 1 or 3) from 0, black, to 1; what lies beyond is cut off.
        path: the PNG to write.
        title: of the picture.

    Raises:
        ValueError: if the rows differ in shape by more than 1 or 3 channels.
    """
    shown = [np.broadcast_to(images, (*images.shape[:3], 3)) for images in rows.values()]
    if len({each.shape for each in shown}) != 1:
        raise ValueError(f"pairs wants rows of one shape, got {', '.join(str(each.shape) for each in shown)}")
    whole = mosaic(np.concatenate(shown), len(shown[0]))
    row = whole.shape[0] / len(rows)
    wide = WIDTH - 0.8  # inches; the rest is for the names
    with picture(path, height=wide * whole.shape[0] / whole.shape[1] + 0.4) as figure:
        axes = figure.subplots()
        axes.imshow(whole, interpolation="nearest")
        axes.set_yticks([row * (i + 0.5) - 0.5 for i in range(len(rows))], list(rows))
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_title(title)
