"""The memory of a model during one sequence: inputs, outputs, weights of the heads over time, and its last content."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .style import BLUE, GREEN, GREY, INK, RED, picture, tint

__all__ = ["Trace", "memory"]


class Trace(NamedTuple):
    """Holds what is drawn of one sequence.

    Attributes:
        inputs: (time, features); None: they are not drawn.
        wanted: bits to answer (time, bits); None: none are drawn.
        answered: probabilities of the bits (time, bits); None: none are drawn.
        write: weights of the write heads (time, heads, slots).
        read: weights of the read heads (time, heads, slots).
        slots: memory after the last step (slots, word).
    """

    inputs: np.ndarray | None
    wanted: np.ndarray | None
    answered: np.ndarray | None
    write: np.ndarray
    read: np.ndarray
    slots: np.ndarray


def memory(trace: Trace, path: Path | str, title: str) -> None:
    """Draws the parts of a trace below each other, over one axis of time, and the memory beside the weights.

    Args:
        trace: what is drawn.
        path: PNG file to write.
        title: title of the picture.
    """
    rows = [("input", trace.inputs, INK), ("wanted", trace.wanted, INK), ("answer", trace.answered, GREEN)]
    rows = [(name, values, ink) for name, values, ink in rows if values is not None]
    used = max(4, 1 + int(np.max(np.flatnonzero(_touched(trace)), initial=0)))
    for kind, weights, ink in (("write", trace.write, RED), ("read", trace.read, BLUE)):
        many = weights.shape[1] > 1
        for head in range(weights.shape[1]):
            rows.append((f"{kind} head {head + 1}" if many else f"{kind} head", weights[:, head, :used], ink))
    heights = [1.0 if name in ("input", "wanted", "answer") else 1.6 for name, *_ in rows]
    with picture(path, height=0.5 + sum(heights)) as figure:
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=10)
        grid = figure.add_gridspec(len(rows), 2, width_ratios=(5, 1), height_ratios=heights)
        for i, (name, values, ink) in enumerate(rows):
            _strip(figure.add_subplot(grid[i, 0]), name, values, ink, last=i == len(rows) - 1)
        axes = figure.add_subplot(grid[-1, 1])
        level = np.abs(trace.slots[:used])
        axes.imshow(tint(INK, level / max(level.max(), 1e-12)), aspect="auto", interpolation="nearest")
        axes.grid(visible=False)
        axes.tick_params(length=0, labelsize=8)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_title("memory, last step", weight="normal", color=GREY, size=9)
        axes.set_xlabel("number in the slot")


def _touched(trace: Trace) -> np.ndarray:
    """Returns which slots some head has weighed by a hundredth or more."""
    most = np.maximum(trace.write.max(axis=(0, 1)), trace.read.max(axis=(0, 1)))
    return most >= 0.01


def _strip(axes: Axes, name: str, values: np.ndarray, ink: str, last: bool) -> None:
    """Draws values (time, rows) with time from left to right."""
    level = np.asarray(values, np.float64).T
    low, high = min(level.min(), 0.0), max(level.max(), 1e-12)
    axes.imshow(tint(ink, (level - low) / (high - low)), aspect="auto", interpolation="nearest")
    axes.grid(visible=False)
    axes.tick_params(length=0, labelsize=8, labelbottom=last)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_title(name, weight="normal", color=GREY, size=9)
    axes.set_ylabel("slot" if "head" in name else "channel")
    if last:
        axes.set_xlabel("step")
