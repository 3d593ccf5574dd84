"""What a generator makes, beside what is real: points of the plane, tiles of images, and how they came to be."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .style import BLUE, GREY, RED, picture

__all__ = ["animation", "cloud", "mosaic", "tiles"]

_POINTS = 2000  # more dots than this hide each other
_GAP = 2  # pixels between two tiles, and a wider gap between made and real
_SECONDS = 8.0  # that an animation takes


def cloud(
    real: np.ndarray, made: np.ndarray, path: Path | str, title: str, opinion: np.ndarray | None = None, note: str = ""
) -> None:
    """Draws made points over real ones, and behind them what the discriminator thinks of every place.

    Args:
        real: (n, 2).
        made: (n, 2); those outside the picture are counted in its title.
        path: the PNG to write.
        title: of the picture.
        opinion: (rows, columns) over `window(real)`, light where it takes points for real.
        note: what light and dark mean.
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
        axes.scatter(*made.T, s=6, color=RED, linewidths=0, alpha=0.6, label="made")
        axes.set_xlim(low[0], high[0])
        axes.set_ylim(low[1], high[1])
        axes.set_aspect("equal")
        axes.grid(False)
        axes.set_title(title)
        lost = f"{outside} outside; " if outside else ""
        axes.set_xlabel(lost + note, color=GREY)
        axes.legend(loc="upper right", markerscale=2)


def window(real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the part of the plane that is shown: the real points with a margin."""
    low, high = np.min(real, axis=0), np.max(real, axis=0)
    middle, half = (low + high) / 2, 0.65 * float((high - low).max() or 1.0)
    return middle - half, middle + half


def tiles(made: np.ndarray, path: Path | str, title: str, columns: int = 10, real: np.ndarray | None = None) -> None:
    """Draws images in rows, and real ones of the same number beside them.

    Args:
        made: (n, height, width, 1 or 3), from 0, black, to 1.
        path: the PNG to write.
        title: of the picture.
        columns: images in a row.
        real: likewise.
    """
    blocks = [mosaic(np.asarray(made), columns)]
    names = ["made"]
    if real is not None:
        blocks.append(mosaic(np.asarray(real)[: len(made)], columns))
        names.append("real")
    height, width = blocks[0].shape[:2]
    with picture(path, 5.2 * len(blocks), 5.2 * height / width + 0.35) as figure:
        figure.get_layout_engine().set(wspace=0.05)  # pyright: ignore[reportOptionalMemberAccess, reportCallIssue]
        for axes, block, name in zip(figure.subplots(1, len(blocks), squeeze=False)[0], blocks, names, strict=True):
            axes.imshow(block, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_axis_off()
            axes.set_title(title if name == "made" else "real ones")


def mosaic(images: np.ndarray, columns: int) -> np.ndarray:
    """One picture of images (n, height, width, 1 or 3) in rows, white between them and where the last row ends."""
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    whole = np.ones((rows * columns, height + _GAP, width + _GAP, channels))
    whole[:n, :height, :width] = np.clip(np.nan_to_num(images), 0, 1)
    joined = whole.reshape(rows, columns, height + _GAP, width + _GAP, channels).swapaxes(1, 2)
    joined = joined.reshape(rows * (height + _GAP), columns * (width + _GAP), channels)[:-_GAP, :-_GAP]
    return joined if channels == 3 else joined.mean(axis=-1)


def animation(frames: Sequence[Path], path: Path) -> None:
    """Makes a GIF of PNGs of one size, in order; the last one stays a while.

    Args:
        frames: the PNGs.
        path: the GIF to write.
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
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=durations, loop=0)
