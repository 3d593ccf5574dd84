"""Importance of columns as bars."""

from collections.abc import Sequence
from pathlib import Path

from .style import BLUE, GREY, INK, picture, short

__all__ = ["importance"]

_MOST = 25  # more columns are not legible


def importance(rows: Sequence[tuple[str, float, float]], metric: str, path: Path | str) -> None:
    """Draws the importance of columns, the largest at the top, with the standard deviation of its repeats.

    Args:
        rows: name, mean and standard deviation of each column, in order.
        metric: name of the score that falls.
        path: PNG file to write.
    """
    shown = list(rows[:_MOST])
    with picture(path, height=1.0 + 0.24 * max(len(shown), 3)) as figure:
        axes = figure.subplots()
        names, means, spreads = zip(*shown, strict=True)
        style = {"ecolor": INK, "elinewidth": 1, "capsize": 2}
        axes.barh(range(len(shown)), means, xerr=spreads, color=BLUE, alpha=0.8, height=0.7, error_kw=style)
        axes.set_yticks(range(len(shown)), [short(str(name), 28) for name in names])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.axvline(0, color=GREY, linewidth=1)
        axes.set_xlabel(f"fall of {metric} when the column is permuted")
        cut = f", the first {len(shown)} of {len(rows)} columns" if len(rows) > len(shown) else ""
        axes.set_title(f"importance of columns{cut}")
