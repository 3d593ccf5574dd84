"""What was given, what was made of it, and what it should have become, below each other."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .grid import grid

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
    columns = len(shown[0])
    captions = [name if i == 0 else "" for name in rows for i in range(columns)]
    grid(np.concatenate(shown), captions, columns, title, "", path)
