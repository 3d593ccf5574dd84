"""What a generator starts from: noise, which is drawn when it is asked for samples, or a picture that it changes."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer, Players

from .build import MadeFor

__all__ = ["drawn", "example_given", "from_pictures"]


def drawn(model: Layer, wanted: MadeFor, n: int, key: jax.Array, y: Any = None) -> np.ndarray:
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
    if from_pictures(model, wanted):
        raise ValueError("this model makes pictures of pictures, not of noise: use predict")
    if n < 1:
        raise ValueError(f"at least one sample must be asked for, got {n}")
    classes = np.arange(n) % max(wanted.outputs, 1) if y is None else np.asarray(y)
    if classes.shape != (n,) or classes.min() < 0 or classes.max() >= max(wanted.outputs, 1):
        raise ValueError(f"y must be {n} classes from 0 to {wanted.outputs - 1}, got {y!r}")
    batch = {"x": jnp.zeros((n, *wanted.shape)), "y": jnp.asarray(classes, jnp.int32)}
    return np.asarray(model.given(key, batch))


def example_given(model: Players, wanted: MadeFor) -> jax.ShapeDtypeStruct:
    """Shape and type of what a generator starts from, without the batch axis."""
    batch = {"x": jax.ShapeDtypeStruct((2, *wanted.shape), np.float32), "y": jax.ShapeDtypeStruct((2,), np.int32)}
    given = jax.eval_shape(model.given, jax.random.key(0), batch)
    return jax.ShapeDtypeStruct(given.shape[1:], given.dtype)


def from_pictures(model: Players, wanted: MadeFor) -> bool:
    """Whether the generator starts from a picture of the shape that it makes; noise has the shape (latent,)."""
    return len(wanted.shape) > 1 and example_given(model, wanted).shape == wanted.shape
