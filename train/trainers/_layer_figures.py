"""Figures of a deep belief network: its layers as images, and samples of each class."""

from typing import Any

import numpy as np

from ..trainer import named_key

__all__ = ["draw_classes", "draw_layers"]

_UNITS = 20  # units of a layer beside each other
_ROWS = 8  # samples of each class


def draw_layers(drawing: Any) -> None:
    """Draws the weights of some units of each machine as images, those of higher layers through the layers below."""
    from ..plots.grid import grid

    model, shape = drawing.model, drawing.model.input_shape
    if drawing.kind != "image" or shape[-1] not in (1, 3):
        return
    machines, shown, seen = model.params["generator"], [], np.eye(int(np.prod(shape)))
    for i in range(len(machines)):
        seen = seen @ np.asarray(machines[str(i)]["w"], np.float64)
        some = seen[:, :_UNITS].T
        shown.append(0.5 + some / (2 * np.maximum(np.abs(some).max(axis=1, keepdims=True), 1e-12)))
    captions = [f"layer {i + 1}" if j == 0 else "" for i in range(len(shown)) for j in range(len(shown[i]))]
    images = np.concatenate(shown).reshape(-1, *shape)
    grid(
        images,
        captions,
        _UNITS,
        "units of each layer",
        "grey is 0; each on its own scale",
        drawing.folder / "layers.png",
    )


def draw_classes(drawing: Any) -> None:
    """Draws samples of each class, a column for each."""
    from ..plots.generated_images import samples

    if drawing.kind != "image" or drawing.model.input_shape[-1] not in (1, 3):
        return
    classes = drawing.data.classes
    made = drawing.model.sample(_ROWS * len(classes), named_key(drawing.setup.key, "pictures"))
    samples(made, drawing.folder / "samples.png", classes, "samples of each class")
