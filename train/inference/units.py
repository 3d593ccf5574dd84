"""Pictures of what excites a unit of a trained model, for `python -m zoo explain`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..data.normalize import scaled
from ..plots.grid import pixels
from ..plots.pairs import pairs
from ..trained.model import Trained
from ..trained.units import excited, layer_paths
from .sample import training_data

__all__ = ["draw_unit", "listed"]

_MOST = 5000  # images among which those are searched that excite a unit


def listed(trained: Trained) -> Iterator[tuple[str, int]]:
    """Yields path and number of units of each layer."""
    x = scaled(trained.scaler, np.zeros((1, *trained.input_shape)))
    for path, shape in layer_paths(trained.model, trained.params, trained.state, x):
        yield path, shape[-1]


def draw_unit(trained: Trained, given: Mapping[str, Any], path: Path) -> str:
    """Draws the training images that excite a unit most above the patterns that do, and returns a line about them.

    Args:
        trained: a model of images.
        given: values of the flags by name.
        path: PNG file.

    Raises:
        BadInput: if there is no such layer or unit.
        DataUnavailable: if the training images cannot be loaded.
    """
    x = training_data(trained, given, "explain").train.x
    some = np.asarray(x[np.linspace(0, len(x) - 1, min(_MOST, len(x))).astype(int)])
    found = excited(trained, some, given["layer"], given["unit"], given["number"])
    images = pixels(np.concatenate([found.images, some]))[: len(found.images)]
    size = np.abs(found.projections).max(axis=(1, 2, 3), keepdims=True)
    patterns = 0.5 + found.projections / (2 * np.where(size > 0, size, 1))
    unit = f"unit {given['unit']} of {found.units} in {given['layer']}"
    pairs({"image": images, "pattern": patterns}, path, f"{trained.about['model']}, {unit}")
    activations = ", ".join(f"{value:.3g}" for value in found.activations[:3])
    return f"{unit}: largest activations {activations} among {len(some):,} training images, in {path}"
