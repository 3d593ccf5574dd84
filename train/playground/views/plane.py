"""Arrays that are drawn of a fit: surfaces of output and units over the plane, weights, and places on the plane."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...data.normalize import scaled
from ...data.sources.playground import features_of
from ...inference.layers import Network
from ...runs.setup import Setup
from ...trainer import eval_params, named_key

__all__ = ["SIDE", "Plane", "PlaneView"]

SIDE = 60
"""Places along a side of a surface."""

_COARSE = 2  # places of the output to one of a unit
_SAMPLES = 300
_SHOWN = 16  # units of a layer that are drawn
_SURFACES = ("binary", "multiclass", "regression")


@dataclass(frozen=True)
class Plane:
    """The square that is drawn.

    Attributes:
        low: Least x and y.
        high: Largest x and y.
        features: Names of the features that the model reads.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    features: tuple[str, ...]

    @classmethod
    def around(cls, xy: np.ndarray, features: tuple[str, ...], edge: float = 0.0) -> "Plane":
        """Returns the square around points with a margin, or that of the data sets."""
        if edge:
            return cls((-edge, -edge), (edge, edge), features)
        low, high = xy.min(axis=0), xy.max(axis=0)
        middle, half = (low + high) / 2, 0.6 * float((high - low).max() or 1.0)
        return cls(tuple((middle - half).tolist()), tuple((middle + half).tolist()), features)

    def grid(self) -> np.ndarray:
        """Returns the features of the places of a surface, rows from the least y on: (places, features)."""
        axes = [np.linspace(low, high, SIDE) for low, high in zip(self.low, self.high, strict=True)]
        return features_of(np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2), self.features)


class PlaneView:
    """Draws the fits of a run on points as arrays by name.

    Args:
        parts: Parts of the run.
        plane: What part of the plane is drawn.
        xy: Coordinates of the training and of the test examples (n, 2), by split.
    """

    def __init__(self, parts: Setup, plane: Plane, xy: Mapping[str, np.ndarray]):
        self.parts, self.plane, self._xy = parts, plane, xy
        self.network = Network(parts.model, parts.example)
        self._grid = jnp.asarray(scaled(parts.scaler, plane.grid()))
        self._draw = jax.jit(self._drawn)

    def share(self, other: Any) -> None:
        """Takes the compiled program of a view of a run with the same programs."""
        self._draw, self.network = other._draw, other.network

    def examples(self) -> dict[str, np.ndarray]:
        """Returns coordinates (n, 2) and targets (n,) of training and test examples, which no step changes."""
        found: dict[str, np.ndarray] = {f"{name}_xy": xy.astype(np.float32) for name, xy in self._xy.items()}
        for name, split in (("train", self.parts.data.train), ("test", self.parts.data.test)):
            y = np.asarray(split.y).reshape(len(split.x), -1)[:, 0]
            found[f"{name}_y"] = y.astype(np.int32 if y.dtype.kind in "iu" else np.float32)
        return found

    def __call__(self, fit: dict) -> dict[str, np.ndarray]:
        """Returns the arrays of a frame.

        `surface` (SIDE, SIDE, outputs) float32 holds probabilities of classes, or values; `units` int8 (units shown,
        SIDE / 2, SIDE / 2) activations from -1 to 1 as -127 to 127; `weights` and `biases` float32 those between the
        units shown, layer after layer; `places` (n, 2) what lies on the plane: units of a map, samples, centres,
        support vectors; `decision` the decision values of a support vector machine.
        """
        params, state = eval_params(fit)
        found = jax.device_get(self._draw(params, state, self._grid, self.parts.key))
        return self._in_units(found)

    def about(self) -> dict[str, Any]:
        """Returns what frames have in common: plane, layers, edges of a map, meaning of surface and places."""
        model = self.parts.model
        grid = getattr(model, "grid", None)
        edges = [] if grid is None else np.argwhere(np.triu(_neighbours(grid))).tolist()
        return {
            "low": self.plane.low,
            "high": self.plane.high,
            "side": SIDE,
            "features": self.plane.features,
            "layers": [{"units": size, "shown": min(size, _SHOWN)} for size in self.network.sizes],
            "edges": edges,
            "stage": "points",
            "task": self.parts.task.name,
            "classes": list(self.parts.data.classes),
            "places": self._kind(),
            "surface": self.parts.task.name in _SURFACES or hasattr(model, "discriminator"),
        }

    def _kind(self) -> str:
        model = self.parts.model
        for field, name in (("grid", "map"), ("discriminator", "samples"), ("sample", "samples")):
            if hasattr(model, field):
                return name
        return "centres" if hasattr(model, "centres") else "vectors" if hasattr(model, "decision") else ""

    def _drawn(self, params: Any, state: Any, grid: jax.Array, key: jax.Array) -> dict[str, Any]:
        """Returns the arrays of a frame in the scale of the model, to be compiled."""
        model: Any = self.parts.model
        task, found = self.parts.task, {}
        if task.name in _SURFACES:
            outputs, hidden = self.network(params, state, grid)
            found["surface"] = outputs if task.probabilities is None else task.probabilities(outputs)
            shown = [each[:, :_SHOWN] for each in hidden]
            if shown:
                units = jnp.concatenate(shown, axis=1).T.reshape(-1, SIDE, SIDE)[:, ::_COARSE, ::_COARSE]
                found["units"] = jnp.round(jnp.clip(units, -1, 1) * 127).astype(jnp.int8)
                found |= self.network.weights(params, _SHOWN)
        if hasattr(model, "discriminator"):
            score = model.discriminator.apply(params["discriminator"], state["discriminator"], grid)[0]
            found["surface"] = jax.nn.sigmoid((score - jnp.mean(score)) / (jnp.std(score) + 1e-6))
            batch = {"x": jnp.zeros((_SAMPLES, *self.parts.made_for.shape)), "y": jnp.zeros(_SAMPLES, jnp.int32)}
            noise = model.given(named_key(key, "playground"), batch)
            found["places"] = model.apply(params, state, noise)[0]
        elif hasattr(model, "sample"):
            found["places"] = model.sample(params, state, named_key(key, "playground"), _SAMPLES)
        if hasattr(model, "grid"):
            found["places"] = params["map"]["units"]
        if hasattr(model, "centres"):
            found["places"] = model.centres(params)[0]
        if hasattr(model, "decision") and "vectors" in params["machines"]:
            found["places"] = params["machines"]["vectors"]
            found["used"] = jnp.any(params["machines"]["coefficients"] != 0, axis=1)
            if task.name == "binary":
                found["decision"] = model.decision(params, state, grid)[:, 0]
        return found

    def _in_units(self, found: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the arrays in the units of the data."""
        found, names = dict(found), self.plane.features
        if "surface" in found:
            surface = np.asarray(found["surface"]).reshape(len(self._grid), -1)
            if self.parts.target_scaler is not None and self.parts.task.name == "regression":
                surface = self.parts.target_scaler.invert(surface)
            found["surface"] = surface.astype(np.float32)
        if "places" in found:
            places = np.asarray(found.pop("places")).reshape(-1, len(names))
            if "used" in found:
                places = places[found.pop("used")]
            if {"x", "y"} <= {*names}:
                places = self.parts.scaler.invert(places) if self.parts.scaler else places
                found["places"] = places[:, [names.index("x"), names.index("y")]].astype(np.float32)
        return found


def _neighbours(grid: Any) -> np.ndarray:
    """Returns which units of a map lie side by side, along rows and columns."""
    return (grid.distances > 0) & (grid.distances <= 1.001)
