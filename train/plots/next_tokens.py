"""Picture of a language model: a text, and under each token the most likely ones for its place, after Karpathy 2015."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .style import BLUE, GREY, INK, picture, tint

__all__ = ["next_tokens"]

_GUESSES = 5
_CELLS = 40  # of a character each, beside each other
_LONGEST = 8  # characters of a word that is shown
_LINES = 4
_ROW = 0.22  # inches


def next_tokens(
    tokens: np.ndarray, probabilities: np.ndarray, names: Sequence[str], path: Path | str, title: str
) -> None:
    """Draws lines of a text; under each token the five most likely ones, darker for a higher probability.

    Args:
        tokens: numbers of the tokens of the text (time,).
        probabilities: those of every token at each of these steps, from the tokens before it (time, vocabulary).
        names: the vocabulary.
        path: PNG file to write.
        title: title of the picture.
    """
    shown = [_shown(name) for name in names]
    across = _CELLS // min(max(map(len, shown)), 4)
    lines = [slice(start, start + across) for start in range(0, len(tokens), across)][:_LINES]
    guesses = min(_GUESSES, len(names))
    with picture(path, height=0.5 + _ROW * (guesses + 1.7) * len(lines)) as figure:
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=10)
        for axes, line in zip(figure.subplots(len(lines), 1, squeeze=False)[:, 0], lines, strict=True):
            _line(axes, tokens[line], probabilities[line], shown, guesses)
            axes.set(xlim=(0, across), ylim=(guesses, -1.2))
            axes.set_axis_off()


def _line(axes: Axes, tokens: np.ndarray, probabilities: np.ndarray, shown: list[str], guesses: int) -> None:
    size = 8 if max(map(len, shown)) == 1 else 7
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :guesses]
    for step, (token, row) in enumerate(zip(tokens, best, strict=True)):
        axes.text(step + 0.5, -0.6, shown[token], ha="center", va="center", color=INK, weight="bold", size=size + 1)
        for place, guess in enumerate(row):
            share = probabilities[step, guess]
            right = guess == token
            edge, width, above = (INK, 1.2, 2) if right else ("white", 1.0, 1)
            cell = Rectangle(
                (step, place), 1, 1, facecolor=tint(BLUE, share), edgecolor=edge, linewidth=width, zorder=above
            )
            axes.add_patch(cell)
            colour = "white" if share > 0.6 else INK if right or share > 0.15 else GREY
            axes.text(step + 0.5, place + 0.5, shown[guess], ha="center", va="center", color=colour, size=size)


def _shown(name: str) -> str:
    """Returns a token as it is drawn.

    >>> _shown("a"), _shown("  "), _shown("a line"), _shown("incomprehensible")
    ('a', '␣␣', 'a␣line', 'incompr…')
    """
    seen = name.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥")
    return seen if len(seen) <= _LONGEST else seen[: _LONGEST - 1] + "…"
