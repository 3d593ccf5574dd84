"""Routing by agreement: how it decides from iteration to iteration."""

from pathlib import Path

import numpy as np

from .style import BLUE, GREY, RED, picture

__all__ = ["routing"]


def routing(shares: np.ndarray, agreement: np.ndarray, equal: float, path: Path | str) -> None:
    """Draws the mean share of the predicted class and the mean agreement with its capsule, by iteration.

    Args:
        shares: share of the inputs that goes to the predicted class (iterations,).
        agreement: scalar product of their predictions with its capsule (iterations,).
        equal: share of each class before the first agreement.
        path: PNG file to write.
    """
    steps = np.arange(1, len(shares) + 1)
    with picture(path, height=2.8) as figure:
        left, right = figure.subplots(1, 2)
        left.plot(steps, shares, color=BLUE, marker="o")
        left.axhline(equal, color=GREY, linewidth=1.0, linestyle=(0, (4, 2)))
        left.text(steps[0], equal, " equal shares", color=GREY, va="bottom", size=8)
        left.set(xlabel="iteration", ylabel="share", ylim=(0, None), xticks=steps)
        left.set_title("share of an input that the predicted class gets")
        right.plot(steps, agreement, color=RED, marker="o")
        right.set(xlabel="iteration", ylabel="scalar product", xticks=steps)
        right.set_title("agreement of predictions with its capsule")
