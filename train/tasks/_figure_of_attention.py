"""Figure of models with the capability `attention`: what each step of one example attends to."""

from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled
from ..data.windows import changes

__all__ = ["draw"]

_STEPS = 40  # of a text
_HEADS, _BLOCKS = 4, 4


def draw(drawing: Any) -> None:
    """Draws the attention of the first heads of the first and last blocks, for the first test example."""
    from ..plots.attention import Map, attention_maps

    trained, x, lengths = drawing.model, drawing.data.test.x, drawing.data.test.lengths
    if drawing.kind == "text":
        x, length = np.asarray(x[:_STEPS])[None], None
    else:
        x, length = np.asarray(x[:1]), None if lengths is None else int(lengths[0])
        x = x if length is None else x[:, :length]
    names = [trained.about["vocabulary"][token] for token in x[0]] if trained.about["vocabulary"] else ()
    x = changes(x) if trained.about.get("relative") else x
    x = x if trained.scaler is None else scaled(trained.scaler, x)
    found = jax.device_get(jax.jit(trained.model.attention)(trained.params, trained.state, x))
    blocks = np.unique(np.linspace(0, len(found) - 1, min(len(found), _BLOCKS)).round().astype(int))
    heads = min(_HEADS, found[0].shape[1])
    maps = [
        Map(found[block][0, head], names, names, f"block {block + 1}, head {head + 1}")
        for block in blocks
        for head in range(heads)
    ]
    title = "attention of each step (row) to the steps of one test example (columns)"
    attention_maps(maps, drawing.folder / "attention.png", title, columns=heads)
