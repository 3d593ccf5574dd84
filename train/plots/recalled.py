"""Patterns of an associative memory, how they were damaged and what was recalled, above the energy of each recall."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .grid import draw_grid, grid_height
from .style import WIDTH, colour, picture

__all__ = ["recalled"]

_COLUMNS = 8  # fewer images are not drawn larger
_ENERGY = 2.4  # inches


def recalled(rows: Mapping[str, np.ndarray], energy: np.ndarray | None, path: Path | str, note: str = "") -> None:
    """Draws rows of images, a column for each pattern, and the energy of its recall.

    Args:
        rows: images (patterns, height, width, 1 or 3) in [0, 1], by name.
        energy: energies (sweeps + 1, patterns), before the first sweep and after each; None: they are not drawn.
        path: PNG file to write.
        note: note, behind the title.
    """
    shown = [np.broadcast_to(images, (*images.shape[:3], 3)) for images in rows.values()]
    columns = len(shown[0])
    captions = [name if i == 0 else "" for name in rows for i in range(columns)]
    side = (WIDTH - 0.1) / (max(columns, _COLUMNS) * 1.08)
    heights = [grid_height(captions, columns, side) + 0.4, *([] if energy is None else [_ENERGY])]
    with picture(path, height=sum(heights)) as figure:
        axes = figure.subplots(len(heights), 1, gridspec_kw={"height_ratios": heights}, squeeze=False)[:, 0]
        draw_grid(axes[0], np.concatenate(shown), captions, columns, side)
        axes[0].set_anchor("NW")
        # One title, as the images of few patterns are narrower than two of them.
        axes[0].set_title("recall of damaged patterns" + f" ({note})" * bool(note))
        if energy is None:
            return
        for i, line in enumerate(energy.T):
            axes[1].plot(np.arange(len(line)), line, color=colour(i), marker="o", alpha=0.85)
        axes[1].set_title("energy of each recall")
        axes[1].set_xlabel("sweep")
        axes[1].set_xticks(np.arange(0, len(energy), max(1, len(energy) // 10)))
