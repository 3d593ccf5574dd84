"""Sequences of bits over time, and what a network with an external memory does at each step."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from .style import BLUE, GREEN, GREY, INK, RED, WIDTH, picture, tint

__all__ = ["Memory", "Tape", "tape"]

_LEAST = 0.05  # weight of a slot that counts as used
_AROUND = 2  # unused slots that are drawn beside the used ones


class Memory(NamedTuple):
    """An external memory over time.

    Attributes:
        lengths: Euclidean length of each slot after each step (time, slots).
        reading: weights of the heads that read (time, heads, slots).
        writing: weights of the heads that write (time, heads, slots).
    """

    lengths: np.ndarray
    reading: np.ndarray
    writing: np.ndarray


class Tape(NamedTuple):
    """One sequence.

    Attributes:
        given: inputs (time, features).
        wanted: bits to be answered (time, bits), -1 where there are none.
        shares: probability of each bit (time, bits).
        memory: what the network keeps; None without an external memory.
    """

    given: np.ndarray
    wanted: np.ndarray
    shares: np.ndarray
    memory: Memory | None = None


def tape(found: Tape, path: Path | str, title: str) -> None:
    """Draws inputs, right and given answers below each other over time; with a memory its slots and the heads' weights.

    Of the slots those are drawn that a head uses, and all between them.

    Args:
        found: the sequence.
        path: PNG file to write.
        title: title of the picture.
    """
    counts = found.wanted >= 0
    wrong = counts & ((found.shares > 0.5) != (found.wanted > 0))
    panels = [
        ("read", _shaded(INK, found.given)),
        ("right answer", _shaded(INK, np.where(counts, found.wanted, 0))),
        (f"answer, {wrong.sum()} wrong bits in red", _answer(found.shares, counts, wrong)),
    ]
    first, tall = 0, 1.0
    if found.memory is not None:
        first, more = _memory_panels(found.memory)
        panels, tall = panels + more, 1.6
    sizes = [1.0] * 3 + [tall] * (len(panels) - 3)
    with picture(path, WIDTH, height=0.4 + 0.95 * sum(sizes)) as figure:
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=10)
        axes = figure.subplots(len(panels), 1, sharex=True, height_ratios=sizes, squeeze=False).ravel()
        for i, (each, (name, pixels)) in enumerate(zip(axes, panels, strict=True)):
            bottom = first if i >= 3 else 0
            high = bottom + pixels.shape[0] - 0.5
            each.imshow(pixels, aspect="auto", interpolation="nearest", origin="lower",
                        extent=(-0.5, pixels.shape[1] - 0.5, bottom - 0.5, high))  # fmt: skip
            each.grid(visible=False)
            each.set_title(name, weight="normal", color=GREY, size=9)
            each.set_ylabel("slot" if i >= 3 else "bit")
        axes[-1].set_xlabel("step")


def _memory_panels(found: Memory) -> tuple[int, list[tuple[str, np.ndarray]]]:
    """Returns the number of the first slot that is drawn, and a picture for the memory and for each sort of heads."""
    reading, writing = found.reading.max(axis=1), found.writing.max(axis=1)
    used = np.flatnonzero(np.maximum(reading, writing).max(axis=0) >= _LEAST)
    low, high = (used[0], used[-1]) if len(used) else (0, reading.shape[1] - 1)
    rows = slice(max(0, low - _AROUND), high + _AROUND + 1)
    named = (("memory: length of each slot", GREEN, found.lengths), ("weights of writing", RED, writing),
             ("weights of reading", BLUE, reading))  # fmt: skip
    return rows.start, [(name, _shaded(color, values[:, rows])) for name, color, values in named]


def _shaded(color: str, values: np.ndarray) -> np.ndarray:
    """Returns pixels (rows, time, 3) of values (time, rows), white for 0 and below, full for the largest."""
    values = np.asarray(values, np.float64).T
    return tint(color, values / max(values.max(), 1e-12))


def _answer(shares: np.ndarray, counts: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Returns the probabilities in black at the steps of the answer, in red where the more likely bit is wrong."""
    shown = np.where(counts, shares, 0).T
    return np.where(wrong.T[..., None], tint(RED, np.maximum(shown, 0.35)), tint(INK, shown))
