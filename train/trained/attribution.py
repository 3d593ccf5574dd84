"""Attribution by back-propagation: the error of each neuron, and the parts of an image that a prediction rests on.

The error of a neuron is the derivative of the cost with respect to the pre-activation `z = x @ w + b`. It equals the
derivative with respect to the bias, computed for each example alone, so that no layer has to be opened. The features of
an inner layer are reached by rebuilding a composed model from its parts.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer
from zoo.layers.base import Composite

from ..data.normalize import scaled
from ..runtime.compile import jit

__all__ = ["Explanation", "blame", "explain", "grad_cam", "has_feature_map", "neuron_errors", "saliency"]

_CHUNK = 64  # images per call of the compiled program


class Explanation(NamedTuple):
    """Holds the parts of images that predictions rest on.

    Attributes:
        maps: (images, height, width), 0 to 1, the largest value of each image 1.
        method: Grad-CAM or saliency.
    """

    maps: np.ndarray
    method: str


def neuron_errors(
    model: Layer, params: Mapping[str, Any], state: Mapping[str, Any], x: jax.Array, y: jax.Array, loss: Callable
) -> dict[str, jax.Array]:
    """Computes the error of every neuron of every layer that has weights and a bias, at inference.

    For a convolution, a dense layer over time, or a layer that is used twice, it is the sum over positions, steps
    and uses, which share the bias. Errors of the mean cost of the batch are these divided by the batch size.

    Args:
        model: any model.
        params: parameters.
        state: state.
        x: inputs (batch, ...).
        y: targets (batch, ...) of the loss.
        loss: `(outputs, y) -> (batch,)`.

    Returns:
        Arrays (batch, units) by the path of the layer (`body/0`, `head`).

    Raises:
        ValueError: if no layer has a bias.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import dense, serial
    >>> from zoo.train.losses.regression import half_mse
    >>> model, params = serial(dense(1)), {"0": {"w": jnp.full((1, 1), 5.0), "b": jnp.zeros(1)}}
    >>> neuron_errors(model, params, {}, jnp.array([[2.0]]), jnp.array([[6.0]]), half_mse)["0"].tolist()
    [[4.0]]
    """
    biases = dict(_biases(params))
    if not biases:
        raise ValueError("neuron_errors: the model has no layer with weights `w` and a bias `b`; add biases")

    def cost(biases, x, y):
        outputs, _ = model.apply(_with(params, biases), state, x[None])
        return loss(outputs, y[None])[0]

    return jax.vmap(jax.grad(cost), in_axes=(None, 0, 0))(biases, x, y)


blame = neuron_errors
"""Another name of `neuron_errors`."""


def explain(trained: Any, x: np.ndarray) -> Explanation:
    """Computes the parts of raw images that the predicted classes rest on: by Grad-CAM, if the model has feature maps.

    Args:
        trained: a `Trained` classifier of images.
        x: raw images (images, height, width, channels).
    """
    model, size = trained.model, min(_CHUNK, len(x))
    composed = has_feature_map(model, trained.params, trained.state, scaled(trained.scaler, x[:1]))
    method = grad_cam if composed else saliency

    def maps(params, state, x):
        found = method(model, params, state, x, _largest)
        return found / jnp.maximum(found.max(axis=(1, 2), keepdims=True), jnp.finfo(found.dtype).tiny)

    run, parts = jit(maps), []
    for start in range(0, len(x), size):
        rows = np.minimum(np.arange(start, start + size), len(x) - 1)  # of one size, so that one program serves all
        parts.append(np.asarray(run(trained.params, trained.state, scaled(trained.scaler, x[rows]))))
    return Explanation(np.concatenate(parts)[: len(x)], {grad_cam: "Grad-CAM", saliency: "saliency"}[method])


def grad_cam(model: Layer, params: Any, state: Any, x: jax.Array, score: Callable) -> jax.Array:
    """Computes the class activation maps of the last feature maps: their positive mean, weighted by mean gradients.

    Source: Selvaraju et al. 2017, Grad-CAM: visual explanations from deep networks via gradient-based localization.

    Args:
        model: composed model with feature maps, as `has_feature_map` finds.
        params: parameters.
        state: state.
        x: normalised images (batch, height, width, channels).
        score: `outputs -> (batch,)`, of which the gradient is taken.

    Returns:
        Maps (batch, height, width) of the size of the images, not negative.
    """
    place, shape = _last_map(model, params, state, x)

    def total(change):
        kept: list[jax.Array] = []

        def tap(number, y):
            if number != place:
                return y
            kept.append(y)
            return y + change.astype(y.dtype)

        return score(_outputs(_tapped(model, tap), params, state, x)).sum(), kept[0]

    slopes, features = jax.grad(total, has_aux=True)(jnp.zeros(shape, jnp.float32))
    weights = slopes.mean(axis=(1, 2), keepdims=True)
    maps = jax.nn.relu((weights * features.astype(jnp.float32)).sum(axis=-1))
    return jax.image.resize(maps, x.shape[:3], "linear")


def saliency(model: Layer, params: Any, state: Any, x: jax.Array, score: Callable) -> jax.Array:
    """Computes the absolute gradient of a score with respect to each pixel, the largest of its channels.

    Source: Simonyan, Vedaldi & Zisserman 2013, Deep inside convolutional networks. Arguments as in `grad_cam`, of any
    model.
    """
    slopes = jax.grad(lambda x: score(_outputs(model, params, state, x)).sum())(x)
    return jnp.abs(slopes).max(axis=-1)


def has_feature_map(model: Layer, params: Any, state: Any, x: jax.Array) -> bool:
    """Returns whether a layer of a composed model computes feature maps of images x."""
    return _last_map(model, params, state, x)[0] >= 0


def _outputs(model: Layer, params: Any, state: Any, x: jax.Array) -> jax.Array:
    outputs = model.apply(params, state, x)[0]
    return getattr(outputs, "y", outputs)  # without the carry of a recurrent model


def _largest(outputs: jax.Array) -> jax.Array:
    """Returns the output of the predicted class; of one logit its size, which speaks for either class."""
    return jnp.abs(outputs[:, 0]) if outputs.shape[-1] == 1 else outputs.max(axis=-1)


def _last_map(model: Layer, params: Any, state: Any, x: jax.Array) -> tuple[int, tuple[int, ...]]:
    """Returns number and shape of the last innermost layer whose output is feature maps, -1 if there is none."""
    found = (-1, ())

    def tap(number, y):
        nonlocal found
        shape = getattr(y, "shape", ())
        if len(shape) == 4 and shape[1] * shape[2] > 1 and shape[1:] != x.shape[1:]:
            found = number, shape
        return y

    if isinstance(model, Composite):
        jax.eval_shape(_tapped(model, tap).apply, params, state, x)
    return found


def _tapped(model: Layer, tap: Callable[[int, Any], Any]) -> Layer:
    """Returns a model that passes the output of each innermost layer through `tap`, with its number in their order."""
    count = iter(range(1 << 30))

    def lifted(layer):
        if isinstance(layer, Composite):
            return layer.map_parts(lifted)

        def apply(params, state, x, key=None):
            y, state = layer.apply(params, state, x, key)
            return tap(next(count), y), state

        return Layer(layer.init, apply)

    return lifted(model)


def _biases(params: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, jax.Array]]:
    if {"w", "b"} <= params.keys() and not isinstance(params["b"], Mapping):
        yield path, params["b"]
    for name, part in params.items():
        if isinstance(part, Mapping):
            yield from _biases(part, f"{path}/{name}".lstrip("/"))


def _with(params: Mapping[str, Any], biases: Mapping[str, jax.Array], path: str = "") -> dict[str, Any]:
    new = {
        name: _with(part, biases, f"{path}/{name}".lstrip("/")) if isinstance(part, Mapping) else part
        for name, part in params.items()
    }
    return new | {"b": biases[path]} if path in biases else new
