"""What a generator starts from: noise, which is drawn when it is asked for samples, or a picture that it changes."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer, Players

from .build import ModelSpec

__all__ = ["input_spec", "is_image_to_image", "sample_latents"]


def sample_latents(model: Layer, wanted: ModelSpec, n: int, key: jax.Array, y: Any = None) -> np.ndarray:
    """What n samples are made of: noise, with the class behind it if the model makes what it is told to.

    Args:
        model: two players.
        wanted: what the model was made for.
        n: how many.
        key: all that is random.
        y: the class of each (n,); None: as many of each as can be, in order.

    Raises:
        ValueError: if the model makes no samples, n is no number of samples, or a class does not exist.
    """
    if not isinstance(model, Players):
        raise ValueError("this model answers, it makes no samples: use predict")
    if is_image_to_image(model, wanted):
        raise ValueError("this model makes pictures of pictures, not of noise: use predict")
    if n < 1:
        raise ValueError(f"at least one sample must be asked for, got {n}")
    classes = np.arange(n) % max(wanted.outputs, 1) if y is None else np.asarray(y)
    if classes.shape != (n,) or classes.min() < 0 or classes.max() >= max(wanted.outputs, 1):
        raise ValueError(f"y must be {n} classes from 0 to {wanted.outputs - 1}, got {y!r}")
    batch = {"x": jnp.zeros((n, *wanted.shape)), "y": jnp.asarray(classes, jnp.int32)}
    return np.asarray(model.given(key, batch))


def input_spec(model: Players, wanted: ModelSpec) -> jax.ShapeDtypeStruct:
    """Shape and type of what a generator starts from, without the batch axis."""
    batch = {"x": jax.ShapeDtypeStruct((2, *wanted.shape), np.float32), "y": jax.ShapeDtypeStruct((2,), np.int32)}
    given = jax.eval_shape(model.given, jax.random.key(0), batch)
    return jax.ShapeDtypeStruct(given.shape[1:], given.dtype)


def is_image_to_image(model: Players, wanted: ModelSpec) -> bool:
    """Whether the generator starts from a picture of the shape that it makes; noise has the shape (latent,)."""
    return len(wanted.shape) > 1 and input_spec(model, wanted).shape == wanted.shape
