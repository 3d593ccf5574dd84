"""Figure of an associative memory: stored, damaged and recalled patterns, and the energy by sweep."""

from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled
from ..trainer import named_key

__all__ = ["draw_recall"]

_COLUMNS = 10  # patterns


def draw_recall(drawing: Any) -> None:
    """Draws damaged patterns and their recall; patterns of other data than images as nearly square images."""
    from ..plots.recalled import recalled

    model = drawing.model
    batch = {"x": scaled(model.scaler, np.asarray(drawing.data.test.x[:_COLUMNS]))}
    given = model.task.inputs(batch, named_key(drawing.setup.key, "pictures"))["x"]
    energy, traced = None, getattr(model.model, "recall", None)
    if traced is None:
        pattern = model.model.apply(model.params, model.state, given)[0]
    else:
        found = jax.device_get(jax.jit(traced)(model.params, model.state, given))
        pattern, energy = found.pattern, found.energy[: int(found.sweeps.max()) + 2]
    rows = {"stored": model.task.target(batch), "damaged": given, "recalled": model.task.predict(pattern)}
    images = {name: _as_images(np.asarray(each)) / 2 + 0.5 for name, each in rows.items()}
    note = "grey: unknown" if bool((np.asarray(given) == 0).any()) else ""
    recalled(images, energy, drawing.folder / "recalled.png", note)


def _as_images(patterns: np.ndarray) -> np.ndarray:
    """Reshapes patterns (n, ...) to images (n, height, width, 1 or 3), padded with -1."""
    if patterns.ndim == 4 and patterns.shape[-1] in (1, 3):
        return patterns
    flat = patterns.reshape(len(patterns), -1)
    width = int(np.ceil(np.sqrt(flat.shape[1])))
    height = -(-flat.shape[1] // width)
    padded = np.pad(flat, ((0, 0), (0, width * height - flat.shape[1])), constant_values=-1)
    return padded.reshape(-1, height, width, 1)
