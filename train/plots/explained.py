"""Images beside the parts of them that a prediction rests on."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from .grid import grid

__all__ = ["explained"]

_STRENGTH = 0.7  # of the map over the image, at most
_ABREAST = 2  # images beside each other, if there are several


def explained(
    images: np.ndarray, maps: np.ndarray, captions: Sequence[str], path: Path | str, title: str, note: str = ""
) -> None:
    """Draws each image, its map, and the map over the image.

    Args:
        images: (images, height, width, 1 or 3), 0 to 1.
        maps: (images, height, width), 0 to 1.
        captions: text above each image.
        path: PNG file to write.
        title: title of the plot.
        note: note, on the right.
    """
    images = np.broadcast_to(images, (*images.shape[:3], 3))
    heat = matplotlib.colormaps["inferno"](maps)[..., :3]
    share = _STRENGTH * maps[..., None]
    shown = np.stack([images, heat, (1 - share) * images + share * heat], axis=1)
    texts = [text for caption in captions for text in (caption, "", "")]
    grid(shown.reshape(-1, *images.shape[1:]), texts, 3 * min(_ABREAST, len(images)), title, note, path)
