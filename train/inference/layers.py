"""The layers of units of a model: their activations, and the weights between them."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ..trained.call import call
from ..trained.units import layer_paths, tapped

__all__ = ["Network"]


class Network:
    """Finds the layers of units of a model of vectors.

    A layer of units is a dense layer with what follows it up to the next one, such as its activation function.

    Args:
        model: The model.
        example: Shape and type of an input, without the batch axis.

    Attributes:
        dense: Paths of the dense layers, in the order of the model.
        outputs: Path of the output of each layer of units.
        sizes: Number of units of each layer.
    """

    def __init__(self, model: Any, example: jax.ShapeDtypeStruct):
        self.model = model
        self.dense, self.outputs, self.sizes = (), (), ()
        if hasattr(model, "apply") and not hasattr(model, "discriminator"):
            self._find(example)

    def __call__(self, params: Any, state: Any, x: jax.Array) -> tuple[jax.Array, list[jax.Array]]:
        """Returns the outputs of a model, and the activations (batch, units) of its layers of units."""
        seen: dict[str, jax.Array] = {}
        outputs = self.tapped(params, state, x, lambda path, y: seen.setdefault(path, y))
        if self.outputs:
            return outputs, [seen[path] for path in self.outputs]
        features = getattr(self.model, "features", None)
        return outputs, [] if features is None else [features(params, state, x), outputs]

    def tapped(self, params: Any, state: Any, x: jax.Array, tap: Any) -> jax.Array:
        """Returns the outputs of the model with the output of each layer passed through `tap`."""
        return call(tapped(self.model, tap), params, state, {"x": x})[0]

    def weights(self, params: Any, most: int) -> dict[str, jax.Array]:
        """Returns weights and biases between the first units of each layer, joined to vectors."""
        parts = [self.at(params, path) for path in self.dense]
        if not parts:
            return {}
        w = [each["w"][:most, :most].reshape(-1) for each in parts]
        b = [each["b"][:most] if "b" in each else jnp.zeros(min(most, each["w"].shape[1])) for each in parts]
        return {"weights": jnp.concatenate(w), "biases": jnp.concatenate(b)}

    def at(self, params: Any, path: str) -> Any:
        """Returns the parameters of a layer; an empty dict if it has none."""
        for name in path.split("/"):
            params = params.get(name, {}) if isinstance(params, Mapping) else {}
        return params

    def _find(self, example: jax.ShapeDtypeStruct) -> None:
        x = jax.ShapeDtypeStruct((1, *example.shape), example.dtype)
        params, state = jax.eval_shape(self.model.init, jax.random.key(0), x)
        shapes = dict(layer_paths(self.model, params, state, x))
        inner = [path for path in shapes if not any(other.startswith(f"{path}/") for other in shapes)]
        self.dense = tuple(path for path in inner if _is_dense(self.at(params, path)))
        ends = [inner.index(path) for path in self.dense[1:]] + [len(inner)]
        self.outputs = tuple(inner[end - 1] for end in ends) if self.dense else ()
        self.sizes = tuple(shapes[path][-1] for path in self.outputs)
        if not self.dense and hasattr(self.model, "features"):
            found = jax.eval_shape(self.model.features, params, state, x)
            self.sizes = (found.shape[-1], 1)


def _is_dense(params: Any) -> bool:
    return isinstance(params, Mapping) and "w" in params and params["w"].ndim == 2
