"""Inputs of generators: noise, with the class for conditional ones, or an image to change."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .build import ModelSpec

__all__ = ["input_spec", "is_image_to_image", "sample_latents"]


def sample_latents(model: Any, wanted: ModelSpec, n: int, key: jax.Array, y: Any = None) -> np.ndarray:
    """Draws the generator inputs of n samples: noise, followed by the class for a conditional generator.

    Args:
        model: a generator, with the capability `given(key, batch)`.
        wanted: model arguments that the data fixed.
        n: number of samples.
        key: PRNG key.
        y: class of each sample (n,); None: all classes in turn.

    Raises:
        ValueError: if the model does not generate from noise, n is below 1 or a class does not exist.
    """
    if not hasattr(model, "given"):
        raise ValueError("this model makes no samples, it has no capability `given`: use predict")
    if is_image_to_image(model, wanted):
        raise ValueError("this model generates images from images, not from noise: use predict")
    if n < 1:
        raise ValueError(f"the number of samples must be at least 1, got {n}")
    classes = np.arange(n) % max(wanted.outputs, 1) if y is None else np.asarray(y)
    if classes.shape != (n,) or classes.min() < 0 or classes.max() >= max(wanted.outputs, 1):
        raise ValueError(f"y must be {n} classes from 0 to {wanted.outputs - 1}, got {y!r}")
    batch = {"x": jnp.zeros((n, *wanted.shape)), "y": jnp.asarray(classes, jnp.int32)}
    return np.asarray(model.given(key, batch))


def input_spec(model: Any, wanted: ModelSpec) -> jax.ShapeDtypeStruct:
    """Returns shape and type of the generator inputs, without the batch axis."""
    batch = {"x": jax.ShapeDtypeStruct((2, *wanted.shape), np.float32), "y": jax.ShapeDtypeStruct((2,), np.int32)}
    given = jax.eval_shape(model.given, jax.random.key(0), batch)
    return jax.ShapeDtypeStruct(given.shape[1:], given.dtype)


def is_image_to_image(model: Any, wanted: ModelSpec) -> bool:
    """Returns whether the generator inputs are images of the shape of the samples; noise has the shape (latent,)."""
    return len(wanted.shape) > 1 and input_spec(model, wanted).shape == wanted.shape
