"""Generated and real points of the plane, and the animation of sample pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..files import PICTURE_MARK, atomic
from .style import BLUE, GREY, RED, picture

__all__ = ["animation", "cloud", "window"]

_POINTS = 2000  # more would hide each other
_SECONDS = 8.0  # length of an animation


def cloud(
    real: np.ndarray, made: np.ndarray, path: Path | str, title: str, opinion: np.ndarray | None = None, note: str = ""
) -> None:
    """Draws generated points over real ones, with the discriminator's score as background.

    Args:
        real: (n, 2).
        made: generated points (n, 2); those outside the axes are counted below them.
        path: PNG file to write.
        title: title of the plot.
        opinion: scores of the discriminator (rows, columns) over `window(real)`, high where it predicts real.
        note: legend of the background.
    """
    real, made = np.asarray(real)[:_POINTS], np.asarray(made)[:_POINTS]
    low, high = window(real)
    outside = int(np.sum(np.any((made < low) | (made > high), axis=-1)))
    with picture(path, 5.2, 5.4) as figure:
        axes = figure.subplots()
        if opinion is not None:
            extent = (low[0], high[0], low[1], high[1])
            axes.imshow(opinion, extent=extent, origin="lower", cmap="gray", alpha=0.45, interpolation="bilinear")
        axes.scatter(*real.T, s=10, color=BLUE, linewidths=0, label="real")
        axes.scatter(*made.T, s=6, color=RED, linewidths=0, alpha=0.6, label="generated")
        axes.set_xlim(low[0], high[0])
        axes.set_ylim(low[1], high[1])
        axes.set_aspect("equal")
        axes.grid(False)
        axes.set_title(title)
        lost = f"{outside} outside; " if outside else ""
        axes.set_xlabel(lost + note, color=GREY)
        axes.legend(loc="upper right", markerscale=2)


def window(real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Computes the corners of the plotted area: that of the real points, with a margin."""
    low, high = np.min(real, axis=0), np.max(real, axis=0)
    middle, half = (low + high) / 2, 0.65 * float((high - low).max() or 1.0)
    return middle - half, middle + half


def animation(frames: Sequence[Path], path: Path) -> None:
    """Writes a GIF of PNG files of one size; the last frame is shown for two seconds.

    Args:
        frames: PNG files, in order.
        path: GIF file to write.
    """
    from PIL import Image

    pictures = []
    for frame in frames:
        with Image.open(frame) as image:
            pictures.append(image.convert("RGB").quantize(64))
    if not pictures:
        return
    each = int(np.clip(1000 * _SECONDS / len(pictures), 60, 500))
    durations = [each] * (len(pictures) - 1) + [2000]
    with atomic(path) as file:
        pictures[0].save(
            file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, comment=PICTURE_MARK
        )
