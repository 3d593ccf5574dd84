"""Pictures of a Boltzmann machine: its code, its weights, and sampled beside exact means."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from .style import BLUE, GREY, INK, RED, picture, short, tint

__all__ = ["code", "marginals"]


def code(patterns: np.ndarray, hidden: np.ndarray, weights: np.ndarray, names: Sequence[str], path: Path | str) -> None:
    """Draws patterns, the probabilities of the hidden units given each of them, and the weights between both.

    Args:
        patterns: states of the visible units (patterns, visible), 0 and 1.
        hidden: probabilities that the hidden units are on (patterns, hidden).
        weights: (hidden, visible).
        names: names of the patterns.
        path: PNG file to write.
    """
    ratios = [patterns.shape[1], max(hidden.shape[1], 4), patterns.shape[1]]
    with picture(path, height=1.2 + 0.3 * max(len(patterns), len(weights))) as figure:
        left, middle, right = figure.subplots(1, 3, gridspec_kw={"width_ratios": ratios})
        _cells(left, tint(INK, patterns), "patterns", "visible unit")
        _cells(middle, tint(BLUE, hidden), "code: P(on)", "hidden unit")
        for (row, column), value in np.ndenumerate(hidden):
            ink = "white" if value > 0.5 else INK
            middle.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, size=8)
        most = np.abs(weights).max() or 1.0
        signed = np.where((weights > 0)[..., None], tint(RED, weights / most), tint(BLUE, -weights / most))
        _cells(right, signed, f"weights, red positive, to {most:.2g}", "visible unit")
        right.set_ylabel("hidden unit")
        for axes, labels in ((left, [short(name) for name in names]), (middle, [])):
            axes.set_yticks(range(len(labels)), labels)
        right.set_yticks(range(len(weights)), [str(i + 1) for i in range(len(weights))])


def marginals(exact: Sequence[np.ndarray], sampled: Sequence[np.ndarray], path: Path | str) -> None:
    """Draws means of samples against exact ones.

    Args:
        exact: exact means of units and of pairs of units.
        sampled: the same from samples.
        path: PNG file to write.
    """
    apart = max(float(np.abs(a - b).max()) for a, b in zip(exact, sampled, strict=True))
    with picture(path, height=4.0, width=4.6) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
        for name, ink, a, b in zip(("of a unit", "of two units"), (BLUE, RED), exact, sampled, strict=True):
            axes.plot(a, b, "o", color=ink, label=name, alpha=0.7)
        axes.set_title("probability to be on")
        axes.set_title(f"largest difference {apart:.3f}", loc="right", color=GREY, weight="normal", size=9)
        axes.set_xlabel("exact, by enumeration")
        axes.set_ylabel("Gibbs sampling")
        axes.set_aspect("equal")
        axes.legend(loc="upper left")


def _cells(axes: Axes, colours: np.ndarray, title: str, label: str) -> None:
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    axes.set_title(title)
    axes.set_xlabel(label)
    axes.set_xticks(range(colours.shape[1]), [str(i + 1) for i in range(colours.shape[1])])
    axes.grid(False)
