"""Pictures of a liquid: a raster of its spikes, and distances of its states for inputs that differ."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from .style import BLUE, GREY, INK, RED, colour, picture

__all__ = ["curves", "raster"]


def raster(given: np.ndarray, spikes: np.ndarray, excitatory: int, path: Path | str) -> None:
    """Draws a mark for every spike, those of the input above those of the units.

    Args:
        given: spikes of the input (time, channels), in steps of 1 ms.
        spikes: spikes of the units (time, units), the excitatory ones first.
        excitatory: number of excitatory units.
        path: PNG file to write.
    """
    channels = given.shape[1]
    with picture(path, height=4.4) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[min(1 + channels, 24), 60])
        _marks(above, given, INK)
        above.set(ylim=(-0.9, channels - 0.1), yticks=[0, channels - 1] if channels > 1 else [0], ylabel="channel")
        above.set_title(f"input: {int(np.count_nonzero(given)):,} spikes")
        _marks(below, spikes[:, :excitatory], BLUE)
        _marks(below, spikes[:, excitatory:], RED, first=excitatory)
        rates = (1000 * each.mean() if each.size else 0 for each in np.split(spikes, [excitatory], axis=1))
        below.set_title(
            "liquid: {:.0f} Hz in excitatory units (blue), {:.0f} Hz in inhibitory ones (orange)".format(*rates)
        )
        below.set(xlabel="time (ms)", ylabel="unit", xlim=(0, len(given)), ylim=(-1, spikes.shape[1]))


def curves(
    separation: Mapping[str, np.ndarray], memory: Mapping[str, np.ndarray], same_from: int, path: Path | str
) -> None:
    """Draws the mean distance of the states of a liquid over time, for inputs that differ always, or only at first.

    Args:
        separation: distances (time,) in steps of 1 ms, by the difference of the inputs.
        memory: distances (time,) of inputs that are the same from a moment on.
        same_from: this moment in ms.
        path: PNG file to write.
    """
    with picture(path) as figure:
        left, right = figure.subplots(1, 2)
        _lines(left, separation)
        left.set_title("separation: two inputs that differ")
        _lines(right, memory)
        right.axvline(same_from, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        right.set_title(f"memory: the same input from {same_from} ms on")
        left.set_ylabel("distance of the states")


def _marks(axes: Axes, spikes: np.ndarray, colour: str, first: int = 0) -> None:
    when, which = spikes.nonzero()
    axes.plot(when, which + first, "|", color=colour, markersize=3, markeredgewidth=0.9)
    axes.grid(False)


def _lines(axes: Axes, distances: Mapping[str, np.ndarray]) -> None:
    for i, (name, values) in enumerate(distances.items()):
        axes.plot(np.arange(1, len(values) + 1), values, color=colour(i), label=name)
    axes.set(xlabel="time (ms)", ylim=(0, None))
    if len(distances) > 1:
        axes.legend(loc="upper right")
