"""Figure of a sequence-to-sequence model: which part of the input each written token attends to."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Sequence

from ._beam_search import compiled_search

__all__ = ["draw_alignments", "text_of"]

_SHOWN = 4  # examples


def draw_alignments(drawing: Any) -> None:
    """Draws the attention weights of the first test examples, as the model writes the most likely token each time."""
    from ..plots.attention import Map, attention_maps

    model, x, lengths = drawing.model, drawing.data.test.x, drawing.data.test.lengths
    x, end = np.asarray(x[:_SHOWN]), len(model.classes)
    lengths = np.full(len(x), x.shape[1]) if lengths is None else np.asarray(lengths[:_SHOWN])
    source = Sequence(jnp.asarray(x), jnp.asarray(lengths))
    found = jax.device_get(compiled_search(model.model, model.params, model.state, source, end=end))
    names, maps = model.about["vocabulary"], []
    for row, length, tokens, weights in zip(x, lengths, found.tokens[:, 0], found.weights[:, 0], strict=True):
        written = text_of(tokens, model.classes)
        count = min(int(np.sum(tokens < end)) + 1, len(tokens))
        labels = [*(model.classes[token] for token in tokens[:count] if token < end), "end"][:count]
        read = [names[token] for token in row[:length]]
        maps.append(Map(weights[:count, :length], read, labels, written))
    attention_maps(
        maps,
        drawing.folder / "alignment.png",
        "attention of each written token (row) to the tokens read (columns)",
        "read",
        "written",
    )


def text_of(tokens: np.ndarray, names: tuple[str, ...]) -> str:
    """Returns the tokens before the end as a text, with spaces between tokens of several characters.

    >>> text_of(np.array([1, 0, 2, 2]), ("a", "b")), text_of(np.array([1, 0]), ("one", "two"))
    ('ba', 'two one')
    """
    some = [names[token] for token in tokens[: int(np.argmax([*(tokens >= len(names)), True]))]]
    return ("" if all(len(name) == 1 for name in names) else " ").join(some)
