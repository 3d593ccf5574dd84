"""Errors of sequences by their length, beyond the lengths of training as well."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .style import GREY, colour, picture

__all__ = ["Errors", "errors_by_length"]


class Errors(NamedTuple):
    """Errors of a model.

    Attributes:
        steps: numbers of steps to answer.
        wrong: mean number of wrong bits in a sequence of each length.
    """

    steps: Sequence[int]
    wrong: Sequence[float]


def errors_by_length(errors: Mapping[str, Errors], path: Path | str, trained: int = 0, chance: float = 0.0) -> None:
    """Draws wrong bits by length.

    Args:
        errors: errors of each model, by name.
        path: PNG file to write.
        trained: largest length in training, which is marked; 0: none is.
        chance: wrong bits of a guess in each step, which are drawn as a line; 0: they are not.
    """
    with picture(path) as figure:
        axes = figure.subplots()
        for i, (name, each) in enumerate(errors.items()):
            axes.plot(each.steps, each.wrong, color=colour(i), marker="o", label=name)
        longest = max(max(each.steps) for each in errors.values())
        if chance:
            at = np.array([0, longest])
            axes.plot(at, chance * at, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="a guess")
        if trained:
            axes.axvline(trained, color=GREY, linewidth=1, linestyle=":", label="longest in training")
        axes.set(xlim=(0, longest * 1.02), xlabel="length of the answer (steps)", ylabel="wrong bits of a sequence")
        axes.set_ylim(bottom=0)
        axes.set_title("errors by length")
        axes.legend(loc="upper left")
