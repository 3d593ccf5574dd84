"""Figure of a language model: a part of the test text, and the most likely tokens at each of its places."""

from typing import Any

import numpy as np

from ..data.vocabulary import Vocabulary

__all__ = ["draw_next_tokens"]

_BEFORE, _STEPS = 40, 80  # tokens that are read before the first one that is drawn, and those that are drawn


def draw_next_tokens(drawing: Any) -> None:
    """Draws the most likely next tokens along the beginning of the test text."""
    from ..plots.next_tokens import next_tokens

    trained, text = drawing.model, np.asarray(drawing.data.test.x[: _BEFORE + _STEPS + 1])
    before = min(_BEFORE, (len(text) - 1) // 2)
    tokens, names = text[1:][before:], trained.about["vocabulary"]
    probabilities = trained.probabilities(text[None, :-1])[0, before:]
    unit = Vocabulary(tuple(names)).level.removesuffix("s")
    title = f"each {unit} of a test text (bold), and the most likely ones for its place; right ones are framed"
    next_tokens(tokens, probabilities, names, drawing.folder / "next_tokens.png", title)
