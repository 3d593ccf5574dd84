"""Augmentation: random changes that leave an image's class what it is. Pure functions of a key, on the device."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax, random

from ..errors import BadInput

__all__ = ["augment", "flip", "shift"]


def augment(name: str, key: jax.Array, x: jax.Array) -> jax.Array:
    """Changes every image of a batch at random, of its own accord.

    Args:
        name: none, shift, flip or shift_flip.
        key: decides what happens to each.
        x: images (batch, height, width, channels), or for "none" anything; as stored (uint8) or as float.

    Raises:
        BadInput: if there is no such augmentation, or x holds no images.

    >>> x = jnp.arange(8.0).reshape(2, 2, 2, 1)
    >>> augment("flip", random.key(0), x).shape
    (2, 2, 2, 1)
    """
    if name not in _AUGMENTATIONS:
        raise BadInput(f"unknown augmentation {name!r}; there are {', '.join(_AUGMENTATIONS)}")
    if name != "none" and x.ndim != 4:
        raise BadInput(
            f"augmentation {name!r} is for images (batch, height, width, channels), got shape {x.shape}; "
            "take --augment none"
        )
    for position, change in enumerate(_AUGMENTATIONS[name]):
        x = change(random.fold_in(key, position), x)
    return x


def shift(key: jax.Array, x: jax.Array) -> jax.Array:
    """Moves each image by up to a twelfth of its height and width (2 pixels of 28, 1 of 8), to each side alike.

    What moves in repeats the edge, so it is background in whatever scale the pixels are.
    """
    batch, height, width, _ = x.shape
    tall, wide = max(1, height // 12), max(1, width // 12)
    padded = jnp.pad(x, ((0, 0), (tall, tall), (wide, wide), (0, 0)), mode="edge")
    corners = random.randint(key, (batch, 2), 0, jnp.array([2 * tall + 1, 2 * wide + 1]))
    # One slice an image: an index for every pixel is up to four times slower on a CPU.
    return jax.vmap(lambda image, corner: lax.dynamic_slice(image, (corner[0], corner[1], 0), x.shape[1:]))(
        padded, corners
    )


def flip(key: jax.Array, x: jax.Array) -> jax.Array:
    """Mirrors each image, left to right, with probability one half."""
    mirrored = random.bernoulli(key, shape=(len(x), 1, 1, 1))
    return jnp.where(mirrored, x[:, :, ::-1], x)


_AUGMENTATIONS: dict[str, tuple[Callable, ...]] = {
    "none": (),
    "shift": (shift,),
    "flip": (flip,),
    "shift_flip": (shift, flip),
}
