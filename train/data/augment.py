"""Augmentation: random changes of images that keep their class. Pure functions of a key, on the device."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax, random

from ..errors import BadInput

__all__ = ["augment", "flip", "shift"]


def augment(name: str, key: jax.Array, x: jax.Array) -> jax.Array:
    """Applies an independent random change to every image of a batch.

    Args:
        name: none, shift, flip or shift_flip.
        key: random key of the changes.
        x: images (batch, height, width, channels), uint8 or float; for "none" any array.

    Raises:
        BadInput: if there is no such augmentation, or x does not hold images.

    >>> x = jnp.arange(8.0).reshape(2, 2, 2, 1)
    >>> augment("flip", random.key(0), x).shape
    (2, 2, 2, 1)
    """
    if name not in _AUGMENTATIONS:
        raise BadInput(f"unknown augmentation {name!r} (choose from {', '.join(_AUGMENTATIONS)})")
    if name != "none" and x.ndim != 4:
        raise BadInput(
            f"augmentation {name!r} needs images (batch, height, width, channels), got shape {x.shape}; "
            "set --augment none"
        )
    for position, change in enumerate(_AUGMENTATIONS[name]):
        x = change(random.fold_in(key, position), x)
    return x


def shift(key: jax.Array, x: jax.Array) -> jax.Array:
    """Moves each image by up to a twelfth of its height and width in each direction (2 pixels of 28, 1 of 8).

    The margin repeats the edge, which is background at any scale of the pixels.
    """
    batch, height, width, _ = x.shape
    tall, wide = max(1, height // 12), max(1, width // 12)
    padded = jnp.pad(x, ((0, 0), (tall, tall), (wide, wide), (0, 0)), mode="edge")
    corners = random.randint(key, (batch, 2), 0, jnp.array([2 * tall + 1, 2 * wide + 1]))
    # One slice per image: an index for every pixel is up to four times slower on a CPU.
    return jax.vmap(lambda image, corner: lax.dynamic_slice(image, (corner[0], corner[1], 0), x.shape[1:]))(
        padded, corners
    )


def flip(key: jax.Array, x: jax.Array) -> jax.Array:
    """Mirrors each image horizontally with probability 1/2."""
    mirrored = random.bernoulli(key, shape=(len(x), 1, 1, 1))
    return jnp.where(mirrored, x[:, :, ::-1], x)


_AUGMENTATIONS: dict[str, tuple[Callable, ...]] = {
    "none": (),
    "shift": (shift,),
    "flip": (flip,),
    "shift_flip": (shift, flip),
}
