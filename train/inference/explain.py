"""Pictures of what the predictions for images rest on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..plots.explained import explained
from ..plots.grid import pixels
from ..trained.attribution import explain
from ..trained.model import Trained
from .inputs.batch import Batch

__all__ = ["draw_explanations"]


def draw_explanations(
    trained: Trained, batch: Batch, predictions: Sequence[Mapping[str, Any]], paths: Sequence[Path]
) -> None:
    """Draws image, map and overlay of each example, with the predicted class and its probability.

    Args:
        trained: classifier of images.
        batch: raw images.
        predictions: those of `predictions` for the batch.
        paths: PNG file of each example.

    Raises:
        BadInput: if a file cannot be written.
    """
    found = explain(trained, batch.x)
    low, high = trained.about.get("input_range") or (batch.x.min(), batch.x.max())
    shown = pixels(((batch.x.astype("float64") - low) / ((high - low) or 1)).clip(0, 1))
    for i, (path, told) in enumerate(zip(paths, predictions, strict=True)):
        caption = f"{told['class']}  {100 * told['probability']:.1f} %"
        try:
            explained(shown[i : i + 1], found.maps[i : i + 1], [caption], path, told["input"], found.method)
        except OSError as error:
            raise BadInput(f"--explain {path} cannot be written: {error.strerror or error}") from error
