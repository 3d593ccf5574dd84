"""Pictures of what the predictions for images rest on."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput
from ..plots.explained import explained
from ..plots.grid import grid, pixels
from ..trained.attribution import explain
from ..trained.model import Trained
from .inputs.batch import Batch

__all__ = ["draw_explanations"]


def draw_explanations(
    trained: Trained, batch: Batch, predictions: Sequence[Mapping[str, Any]], paths: Sequence[Path]
) -> None:
    """Draws image, map and overlay of each example, with the predicted class and its probability.

    Of a task that has pictures of its own, such as `reconstruct`, these are drawn beside each other.

    Args:
        trained: model of images.
        batch: raw images.
        predictions: those of `predictions` for the batch.
        paths: PNG file of each example.

    Raises:
        BadInput: if a file cannot be written.
    """
    if trained.task.pictured is not None:
        for i, path in enumerate(paths):
            shown = trained.task.pictured(trained, batch.x[i : i + 1])
            _drawn(path, partial(_row, shown, batch.names[i], path))
        return
    found = explain(trained, batch.x)
    low, high = trained.about.get("input_range") or (batch.x.min(), batch.x.max())
    shown = pixels(((batch.x.astype("float64") - low) / ((high - low) or 1)).clip(0, 1))
    for i, (path, told) in enumerate(zip(paths, predictions, strict=True)):
        caption = f"{told['class']}  {100 * told['probability']:.1f} %"
        draw = partial(explained, shown[i : i + 1], found.maps[i : i + 1], [caption], path, told["input"], found.method)
        _drawn(path, draw)


def _row(images: Mapping[str, Any], title: str, path: Path) -> None:
    shown = [np.broadcast_to(each, (*each.shape[:3], 3)) for each in images.values()]
    grid(np.concatenate(shown), list(images), len(images), title, "", path)


def _drawn(path: Path, draw: Callable[[], None]) -> None:
    try:
        draw()
    except OSError as error:
        raise BadInput(f"--explain {path} cannot be written: {error.strerror or error}") from error
