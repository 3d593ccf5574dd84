"""Images of a trained generator: samples, interpolations and nearest training images."""

from typing import Any

import jax
import numpy as np

from zoo import _catalogue

from .build import ModelSpec
from .generator_input import sample_latents, samples_by_class
from .model import Trained

__all__ = [
    "as_stored",
    "by_class",
    "decoded",
    "has_latents",
    "interpolate",
    "is_image_generator",
    "nearest_images",
    "sample_images",
]


def is_image_generator(model: Trained) -> bool:
    """Returns whether the model makes images from noise, by a generator or by its capability `sample`."""
    latents = hasattr(model.model, "given") and len(model.input_shape) == 1
    return (latents or hasattr(model.model, "sample")) and len(model.about["made_for"]["shape"]) == 3


def by_class(model: Trained) -> bool:
    """Returns whether the model generates by class: by a generator of classes or by its capability `sample`."""
    if samples_by_class(model.model):
        return True
    return hasattr(model.model, "given") and "outputs" in _catalogue.card(model.about["model"]).decided


def has_latents(model: Trained) -> bool:
    """Returns whether the model makes examples from latents: a generator, or the capability `decode`."""
    return hasattr(model.model, "given") or hasattr(model.model, "decode")


def decoded(model: Trained, z: np.ndarray) -> np.ndarray:
    """Returns the examples of latents (n, latents) by the capability `decode`, in the units of the data."""
    capable: Any = model.model
    made = np.asarray(jax.jit(capable.decode)(model.params, model.state, np.asarray(z, np.float32)))
    return made if model.scaler is None else np.asarray(model.scaler.invert(made))


def sample_images(model: Trained, n: int, key: Any, y: Any = None) -> np.ndarray:
    """Draws samples (n, height, width, channels) in the data's dtype; y are the classes, if any."""
    return as_stored(model, model.sample(n, key, y if by_class(model) else None))


def interpolate(model: Trained, rows: int, steps: int, key: jax.Array, y: Any = None) -> np.ndarray:
    """Generates interpolations between pairs of samples (rows, steps, height, width, channels), in the data's dtype.

    The noise follows the great circle (White 2016, Sampling generative networks), since on the straight line it is
    shorter than any noise of the training. Latents of a learned prior follow it around their mean. The class is
    constant.

    Args:
        model: trained generator.
        rows: number of pairs.
        steps: images per pair.
        key: PRNG key.
        y: class of each pair (rows,), for a conditional generator; None: all classes in turn.
    """
    if hasattr(model.model, "decode"):
        capable: Any = model.model
        centre = np.asarray(capable.moments(model.params)[0])
        ends = [np.asarray(capable.draw(model.params, jax.random.fold_in(key, i), rows)) - centre for i in (0, 1)]
        path = centre + _great_circle(ends[0], ends[1], steps)
        made = as_stored(model, decoded(model, path.reshape(rows * steps, -1)))
        return made.reshape(rows, steps, *made.shape[1:])
    wanted = ModelSpec.of(model.about["made_for"])
    classes = wanted.outputs if by_class(model) else 0
    y = np.arange(rows) % classes if classes and y is None else y if classes else None
    ends = [sample_latents(model.model, wanted, rows, jax.random.fold_in(key, i), y) for i in (0, 1)]
    latent = ends[0].shape[1] - classes
    classes_given = np.repeat(ends[0][:, None, latent:], steps, axis=1)
    path = np.concatenate([_great_circle(ends[0][:, :latent], ends[1][:, :latent], steps), classes_given], axis=-1)
    made = as_stored(model, model.predict(path.reshape(rows * steps, -1)))
    return made.reshape(rows, steps, *made.shape[1:])


def nearest_images(images: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Returns the training image nearest to each image, by the Euclidean distance of the pixels."""
    some = images.reshape(len(images), -1).astype(np.float64)
    middle = some.mean(axis=0)  # far from 0 the difference of squares would lose the digits of a distance
    some -= middle
    best, found = np.full(len(images), np.inf), np.zeros(len(images), np.int64)
    for start in range(0, len(training), 5000):
        others = training[start : start + 5000].reshape(-1, some.shape[1]).astype(np.float64) - middle
        distances = np.sum(others**2, axis=1) - 2 * some @ others.T  # plus the same for all: |some|^2
        at = distances.argmin(axis=1)
        closer = distances[np.arange(len(some)), at] < best
        best, found = np.where(closer, distances.min(axis=1), best), np.where(closer, start + at, found)
    return training[found]


def as_stored(model: Trained, images: np.ndarray) -> np.ndarray:
    """Rounds and clips images to the dtype of the data where it is an integer type."""
    dtype = np.dtype(model.about["input_dtype"])
    if dtype.kind not in "iu":
        return images
    limits = np.iinfo(dtype)
    return np.clip(np.rint(images), limits.min, limits.max).astype(dtype)


def _great_circle(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """Interpolates direction (on the great circle) and length: a, b (rows, latent) to (rows, steps, latent)."""
    lengths = [np.linalg.norm(end, axis=1)[:, None, None] for end in (a, b)]
    first, last = (end[:, None] / np.maximum(length, 1e-12) for end, length in zip((a, b), lengths, strict=True))
    angle = np.arccos(np.clip(np.sum(first * last, axis=-1, keepdims=True), -1, 1))
    at = np.linspace(0, 1, steps)[None, :, None]
    # Parallel vectors: the circle is the line. Opposite vectors: there are many circles, the line is used.
    near = np.sin(angle) < 1e-6
    whole = np.where(near, 1, np.sin(angle))
    shares = (np.where(near, 1 - at, np.sin((1 - at) * angle) / whole), np.where(near, at, np.sin(at * angle) / whole))
    length = (1 - at) * lengths[0] + at * lengths[1]
    return (length * (shares[0] * first + shares[1] * last)).astype(np.float32)
