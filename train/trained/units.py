"""Projections of a unit's activation back to the pixels: the patterns of an image that excite it.

Source: Zeiler & Fergus 2013, Visualizing and understanding convolutional networks. The activation at its largest place
passes back through transposed convolutions, and through max pooling to the places of the maxima; at a rectifier the
positive part of the signal passes, whatever the activation there.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer, relu
from zoo.layers.base import Composite

from ..data.normalize import scaled
from ..errors import BadInput
from ..option_types import did_you_mean
from ..runtime.compile import jit

__all__ = ["Excited", "excited", "layer_paths", "tapped"]

_CHUNK = 100  # images per call of the compiled program
_PROBE = (-2.0, -0.5, 0.0, 0.5, 3.0)


class Excited(NamedTuple):
    """Images that excite a unit most, the largest activation first.

    Attributes:
        rows: indices of the images (n,).
        activations: largest activation of the unit in each (n,).
        images: the raw images (n, height, width, channels).
        projections: the patterns that excite the unit, of the same shape, in the scale of the model.
        units: number of units of the layer.
    """

    rows: np.ndarray
    activations: np.ndarray
    images: np.ndarray
    projections: np.ndarray
    units: int


def excited(trained: Any, x: Any, path: str, unit: int, count: int) -> Excited:
    """Finds the images that excite a unit most, and projects the activation back to their pixels.

    Args:
        trained: a `Trained` model of images.
        x: raw images (images, height, width, channels).
        path: path of a layer, such as stage1 or stage1/0.
        unit: number of the unit, from 0: of feature maps the channel.
        count: number of images.

    Raises:
        BadInput: if there is no such layer or unit.
    """
    model, params, state = trained.model, trained.params, trained.state
    paths = dict(layer_paths(model, params, state, scaled(trained.scaler, np.asarray(x[:1]))))
    if path not in paths:
        raise BadInput(f"--layer {path!r} is no layer{did_you_mean(path, paths)}; choose from {', '.join(paths)}")
    if not 0 <= unit < (units := paths[path][-1]):
        raise BadInput(f"--unit {unit}: layer {path} has units from 0 to {units - 1}")
    largest, project = _programs(model, path)
    found = [np.asarray(largest(params, state, scaled(trained.scaler, part), unit)) for part in _chunks(x)]
    activations = np.concatenate(found)[: len(x)]
    rows = np.argsort(-activations, kind="stable")[:count]
    images = np.asarray(x[np.sort(rows)])[np.argsort(np.argsort(rows))]
    projections = np.asarray(project(params, state, scaled(trained.scaler, images), unit))
    return Excited(rows, activations[rows], images, projections, units)


def layer_paths(model: Layer, params: Any, state: Any, x: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yields path and shape of the output of every layer that gives features of images x, in the order of the model."""
    found: dict[str, tuple[int, ...]] = {}

    def tap(path, y):
        shape = getattr(y, "shape", ())
        if path and len(shape) in (2, 4):
            found[path] = shape
        return y

    jax.eval_shape(tapped(model, tap).apply, params, state, x)
    yield from sorted(found.items(), key=lambda each: list(found).index(each[0]))


def _programs(model: Layer, path: str) -> tuple[Callable, Callable]:
    """Returns the compiled functions from images to the largest activation of a unit, and to its projection."""

    def largest(params, state, x, unit, lift=lambda layer: layer):
        kept = []

        def tap(name, y):
            if name == path:
                kept.append(y)
            return y

        tapped(model, tap, lift).apply(params, state, x)
        of_unit = jnp.take(kept[-1], unit, axis=-1)
        return jnp.max(of_unit.reshape(len(x), -1), axis=-1)

    def project(params, state, x, unit):
        return jax.grad(lambda x: jnp.sum(largest(params, state, x, unit, _rectified)))(x)

    return jit(largest), jit(project)


def _rectified(layer: Layer) -> Layer:
    """Returns a rectifier whose backward signal is rectified, too; any other layer as it is."""
    return Layer(layer.init, lambda params, state, x, key=None: (_relu(x), state)) if _is_relu(layer) else layer


@jax.custom_vjp
def _relu(x: jax.Array) -> jax.Array:
    return relu(x)


_relu.defvjp(lambda x: (relu(x), None), lambda rest, signal: (relu(signal),))


def _is_relu(layer: Layer) -> bool:
    """Returns whether a layer computes the rectifier, found by its values."""
    probe = np.asarray(_PROBE, np.float32)
    try:
        with jax.ensure_compile_time_eval():
            found = np.asarray(layer.apply({}, {}, jnp.asarray(probe))[0])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):  # it needs parameters, or more axes
        return False
    return found.shape == probe.shape and bool(np.array_equal(found, np.maximum(probe, 0)))


def tapped(model: Layer, tap: Callable[[str, Any], Any], lift: Callable[[Layer], Layer] = lambda layer: layer) -> Layer:
    """Returns a model that passes the output of each layer through `tap`, with its path; innermost ones are lifted.

    Args:
        model: a model that consists of layers; of any other only the output is passed.
        tap: `(path, output) -> output`; the path of the whole model is "".
        lift: `layer -> layer`, applied to each layer that has no parts.
    """

    def wrapped(layer: Layer, path: str) -> Layer:
        if isinstance(layer, Composite):
            names = iter(layer.names)
            inner = layer.map_parts(lambda part: wrapped(part, "/".join(filter(None, (path, next(names, ""))))))
        else:
            inner = lift(layer)

        def apply(params, state, x, key=None):
            y, state = inner.apply(params, state, x, key)
            return tap(path, y), state

        return Layer(layer.init, apply)

    return wrapped(model, "")


def _chunks(x: Any) -> Iterator[np.ndarray]:
    """Yields images in batches of one size; the last one repeats its last image."""
    size = min(_CHUNK, len(x))
    for start in range(0, len(x), size):
        yield np.asarray(x[np.minimum(np.arange(start, start + size), len(x) - 1)])
