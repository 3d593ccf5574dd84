"""Inputs, outputs and targets of an image-to-image model, in rows."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .grid import grid

__all__ = ["pairs"]


def pairs(rows: Mapping[str, np.ndarray], path: Path | str, title: str = "") -> None:
    """Draws rows of images; a column holds the versions of one image.

    Args:
        rows: images (n, height, width, 1 or 3) in [0, 1] by name; other values are clipped.
        path: PNG file to write.
        title: title of the plot.

    Raises:
        ValueError: if the rows differ in shape, apart from 1 or 3 channels.
    """
    shown = [np.broadcast_to(images, (*images.shape[:3], 3)) for images in rows.values()]
    if len({each.shape for each in shown}) != 1:
        raise ValueError(f"expected rows of one shape, got {', '.join(str(each.shape) for each in shown)}")
    columns = len(shown[0])
    captions = [name if i == 0 else "" for name in rows for i in range(columns)]
    grid(np.concatenate(shown), captions, columns, title, "", path)
