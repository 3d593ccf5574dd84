"""Figure of models with the capability `memory`: what they do to it during one sequence."""

from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled
from ..data.windows import changes

__all__ = ["draw"]

_STEPS = 120  # of a text, or of the pixels of an image


def draw(drawing: Any) -> None:
    """Draws input, answer, weights and memory of the test example with the longest answer."""
    from ..plots.memory import Trace, memory

    trained, data = drawing.model, drawing.data.test
    row, length = _longest(data, trained.about["task"])
    x = np.asarray(data.x[:_STEPS])[None] if drawing.kind == "text" else np.asarray(data.x[row : row + 1])
    x = x if drawing.kind == "image" else x[:, :length]
    raw = x
    x = changes(x) if trained.about.get("relative") else x
    x = x if trained.scaler is None else scaled(trained.scaler, x)
    found = jax.device_get(jax.jit(trained.model.memory)(trained.params, trained.state, x))
    shown = raw[0].astype(float) if raw.ndim == 3 else None
    trace = Trace(shown, *_answers(trained, data, row, raw), found["write"][0], found["read"][0], found["slots"][0])
    memory(trace, drawing.folder / "memory.png", "what the heads do in one test sequence")


def _longest(data: Any, task: str) -> tuple[int, int | None]:
    """Returns the row of the test example with the longest answer, and the number of its steps; None: all."""
    if task != "bits":
        return 0, None if data.lengths is None else int(data.lengths[0])
    there = np.asarray(data.y[..., 0]) >= 0
    row = int(np.argmax(there.sum(axis=1)))
    return row, int(np.flatnonzero(there[row])[-1]) + 1


def _answers(trained: Any, data: Any, row: int, raw: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Returns the bits to answer, 0 at steps without an answer, and their probabilities; None for other tasks."""
    if trained.about["task"] != "bits":
        return None, None
    wanted = np.maximum(np.asarray(data.y[row, : raw.shape[1]], float), 0)
    return wanted, trained.probabilities(raw)[0] * (np.asarray(data.y[row, : raw.shape[1]]) >= 0)
