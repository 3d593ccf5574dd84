"""Samples of trained models, and inputs of generators: noise, with the class for conditional ones, or an image."""

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .build import ModelSpec
from .inputs import as_key

__all__ = ["input_spec", "is_image_to_image", "sample", "sample_latents", "samples_by_class"]


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
    batch = {"x": jnp.zeros((n, *wanted.shape)), "y": jnp.asarray(_classes(n, wanted.outputs, y), jnp.int32)}
    return np.asarray(model.given(key, batch))


def input_spec(model: Any, wanted: ModelSpec) -> jax.ShapeDtypeStruct:
    """Returns shape and type of the generator inputs, without the batch axis."""
    batch = {"x": jax.ShapeDtypeStruct((2, *wanted.shape), np.float32), "y": jax.ShapeDtypeStruct((2,), np.int32)}
    given = jax.eval_shape(model.given, jax.random.key(0), batch)
    return jax.ShapeDtypeStruct(given.shape[1:], given.dtype)


def is_image_to_image(model: Any, wanted: ModelSpec) -> bool:
    """Returns whether the generator inputs are images of the shape of the samples; noise has the shape (latent,)."""
    return len(wanted.shape) > 1 and input_spec(model, wanted).shape == wanted.shape


def sample(trained: Any, n: int, key: Any, y: Any = None) -> np.ndarray:
    """Draws samples (n, ...) of a generator or of a model with the capability `sample`, in the units of the data.

    Args:
        trained: a `Trained` model.
        n: number of samples.
        key: a seed, or a PRNG key.
        y: class of each sample (n,); None: all classes in turn.

    Raises:
        ValueError: if the model makes no samples from noise, n is below 1 or a class does not exist.
    """
    key = as_key(key)
    model, wanted = trained.model, ModelSpec.of(trained.about["made_for"])
    if not hasattr(model, "sample"):
        return trained.predict(sample_latents(model, wanted, n, key, y))
    if n < 1:
        raise ValueError(f"the number of samples must be at least 1, got {n}")
    given = (jnp.asarray(_classes(n, wanted.outputs, y)),) if samples_by_class(model) else ()
    draw = jax.jit(model.sample, static_argnums=3)
    samples = np.asarray(draw(trained.params, trained.state, key, n, *given))
    return samples if trained.scaler is None else np.asarray(trained.scaler.invert(samples))


def samples_by_class(model: Any) -> bool:
    """Returns whether the capability `sample` of a model has the argument `y`, the classes of the samples."""
    return hasattr(model, "sample") and "y" in inspect.signature(model.sample).parameters


def _classes(n: int, outputs: int, y: Any) -> np.ndarray:
    """Returns the classes of n samples, by default all in turn; raises ValueError if one does not exist."""
    classes = np.arange(n) % max(outputs, 1) if y is None else np.asarray(y)
    if classes.shape != (n,) or classes.min() < 0 or classes.max() >= max(outputs, 1):
        raise ValueError(f"y must be {n} classes from 0 to {outputs - 1}, got {y!r}")
    return classes
