"""Attention weights as pictures: which steps (columns) each step (row) attends to."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .style import BLUE, GREY, WIDTH, picture, tint

__all__ = ["Map", "attention_maps"]

_COLUMNS = 2
_MOST_NAMES = 40  # along an axis


class Map(NamedTuple):
    """Weights of one example or head.

    Attributes:
        weights: (rows, columns), each row with the sum 1.
        columns: names of the steps that are attended to; empty for numbers.
        rows: names of the steps that attend; empty for numbers.
        title: name of the map.
    """

    weights: np.ndarray
    columns: Sequence[str] = ()
    rows: Sequence[str] = ()
    title: str = ""


def attention_maps(
    maps: Sequence[Map], path: Path | str, title: str, read: str = "", written: str = "", columns: int = _COLUMNS
) -> None:
    """Draws maps beside each other, white for 0 and blue for the largest weight of each.

    Args:
        maps: the maps.
        path: PNG file to write.
        title: title of the picture.
        read: name of the axis that is attended to.
        written: name of the axis that attends.
        columns: maps beside each other.
    """
    columns = min(columns, len(maps))
    count, side = -(-len(maps) // columns), WIDTH / columns
    with picture(path, height=0.3 + 0.9 * side * count) as figure:
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=10)
        panels = figure.subplots(count, columns, squeeze=False).ravel()
        for axes in panels[len(maps) :]:
            axes.set_axis_off()
        for axes, each in zip(panels, maps, strict=False):
            weights = np.asarray(each.weights, np.float64)
            axes.imshow(tint(BLUE, weights / max(weights.max(), 1e-12)), aspect="auto", interpolation="nearest")
            axes.grid(visible=False)
            axes.set_title(each.title, weight="normal", color=GREY, size=9)
            for names, put in ((each.columns, axes.set_xticks), (each.rows, axes.set_yticks)):
                if names and len(names) <= _MOST_NAMES:
                    put(range(len(names)), ["␣" if name == " " else name.replace("\n", "⏎") for name in names])
            axes.tick_params(length=0, labelsize=8)
        for axes in panels[max(0, len(maps) - columns) : len(maps)]:
            axes.set_xlabel(read)
        for axes in panels[: len(maps) : columns]:
            axes.set_ylabel(written)
