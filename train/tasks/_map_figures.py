"""Figures of a self-organising map: of a finished run, and of one in training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled
from ..trainer import eval_params

__all__ = ["draw_map", "draw_net", "draw_units", "growth"]

_POINTS = 1500  # examples among which a map is drawn; more would hide it
_COLOURS = ("red", "green", "blue")  # features of a table of colours


def draw_map(drawing: Any) -> None:
    """Draws the distances between neighbouring units, and the training examples of each."""
    from ..plots.unit_map import unit_map

    model, data = drawing.model, drawing.data
    grid, votes = model.model.grid, np.asarray(model.state["votes"])
    neighbours = (grid.distances <= grid.reach) & (grid.distances > 0)
    units = np.asarray(model.params["map"]["units"], np.float64)
    unit_map(grid.positions, neighbours, units, votes, data.classes, drawing.folder / "map.png")


def draw_units(drawing: Any) -> None:
    """Draws the units as images or colours, and the value of each feature over the map (component planes)."""
    from ..plots.unit_map import feature_planes

    model, grid, data = drawing.model, drawing.model.model.grid, drawing.data
    units = _in_units_of_data(model.params, model.scaler)
    draw = _cell_view(grid, data, drawing.kind, model.input_shape)
    if draw is not None:
        draw(units, drawing.folder / ("colours.png" if _is_colours(data) else "units.png"), "units")
    if drawing.kind != "image" or draw is None:
        names = data.features or tuple(f"feature {i}" for i in range(units.shape[1]))
        feature_planes(grid.positions, units, names, drawing.folder / "features.png")


def draw_net(drawing: Any) -> None:
    """Draws the map among examples in the plane: that of points, or of their two principal components."""
    model = drawing.model
    view = _net_view(model.model.grid, drawing.data, drawing.kind, model.scaler)
    if view is not None:
        view(_in_units_of_data(model.params, model.scaler), drawing.folder / "net.png", "map among the examples")


def growth(setup: Any) -> Callable[[dict, Path, str], None] | None:
    """Returns the function that draws the map of a fit: its units as images or colours, else its net."""
    data, grid, kind = setup.data, setup.model.grid, setup.source.kind
    view = _cell_view(grid, data, kind, setup.example.shape) or _net_view(grid, data, kind, setup.scaler)
    if view is None:
        return None

    def draw(fit, path, title):
        view(_in_units_of_data(jax.device_get(eval_params(fit)[0]), setup.scaler), path, title)

    return draw


def _in_units_of_data(params: Any, scaler: Any) -> np.ndarray:
    """Returns the units (units, features) in the units of the data, float64."""
    units = np.asarray(params["map"]["units"], np.float64)
    if scaler is None:
        return units
    return scaler.invert(units.reshape(len(units), -1, len(scaler.shift))).reshape(units.shape)


def _is_colours(data: Any) -> bool:
    return tuple(name.lower() for name in data.features) == _COLOURS


def _cell_view(
    grid: Any, data: Any, kind: str, shape: tuple[int, ...]
) -> Callable[[np.ndarray, Path, str], None] | None:
    """Returns the function that draws units as colours, or as images on a square grid; None for other data."""
    if _is_colours(data):
        from ..plots.unit_map import colour_map

        top = 1 if np.max(data.train.x) <= 1 else 255
        return lambda units, path, title: colour_map(grid.positions, units / top, path, title)
    if kind != "image" or shape[-1] not in (1, 3) or np.any(grid.positions % 1):
        return None
    from ..plots.grid import grid as tiles

    low, high = float(np.min(data.train.x)), float(np.max(data.train.x))

    def draw(units, path, title):
        images = np.clip((units - low) / ((high - low) or 1), 0, 1).reshape(-1, *shape)
        tiles(images, [""] * len(images), grid.shape[1], title, "", path)

    return draw


def _net_view(grid: Any, data: Any, kind: str, scaler: Any) -> Callable[[np.ndarray, Path, str], None] | None:
    """Returns the function that draws units joined to their neighbours among training examples; None for images."""
    from ..plots.unit_map import net

    if kind == "image" or data.train.x.ndim != 2 or data.train.x.shape[1] < 2:
        return None
    stride = -(-len(data.train.x) // _POINTS)
    x, y = np.asarray(data.train.x[::stride], np.float64), np.asarray(data.train.y)[::stride]
    plane, names = (lambda rows: rows), (data.features or ("x", "y"))
    if x.shape[1] > 2:
        plane, names = _principal_axes(scaled(scaler, x), scaler), ("first principal component", "second")
    classes = y if len(data.classes) > 1 and y.ndim == 1 and y.dtype.kind in "iu" else None
    edges = np.argwhere(np.triu((grid.distances < 1.001) & (grid.distances > 0)))
    points = plane(x)
    return lambda units, path, title: net(plane(units), edges, points, classes, names, path, title)


def _principal_axes(z: Any, scaler: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function from rows in the units of the data to the two principal components of normalised rows."""
    z = np.asarray(z, np.float64)
    mean = z.mean(axis=0)
    axes = np.linalg.svd(z - mean, full_matrices=False)[2][:2].T
    return lambda rows: (np.asarray(scaled(scaler, rows), np.float64) - mean) @ axes
