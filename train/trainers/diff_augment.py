"""Differentiable augmentation: random changes of all inputs of the discriminator (Zhao 2020).

With few images, a discriminator memorises them. If only the real images were augmented, the generator would learn the
augmentation; if both are, and the gradient passes through, it does not.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from ..errors import BadInput
from ..option_types import did_you_mean
from ..trainer import named_key

__all__ = ["POLICIES", "check_policy", "diff_augment"]

_SHIFT = 1 / 8  # of height and width, at most
_HOLE = 1 / 2  # of height and width


def diff_augment(policy: Sequence[str], key: jax.Array, images: jax.Array) -> jax.Array:
    """Changes each image at random, differentiably (Zhao et al. 2020, Differentiable augmentation for GAN training).

    Args:
        policy: "color" (brightness, saturation, contrast), "translation" (by up to an eighth of the side) and "cutout"
            (a hole of half the side), done in this order; pixels moved in or cut out are 0.
        key: random key; the numbers of one policy do not depend on the others.
        images: (batch, height, width, channels), from -1 to 1, so that 0 is grey.

    Raises:
        BadInput: if there is no such policy, or the shape is not that of images.

    >>> diff_augment(("translation",), jax.random.key(0), jnp.ones((2, 8, 8, 1))).shape
    (2, 8, 8, 1)
    """
    check_policy(policy)
    if policy and images.ndim != 4:
        raise BadInput(f"{', '.join(policy)} is for images (batch, height, width, channels), got shape {images.shape}")
    for name, change in POLICIES.items():
        if name in policy:
            images = change(named_key(key, name), images)
    return images


def check_policy(policy: Sequence[str]) -> None:
    """Raises BadInput with the nearest name if one of the policies is unknown."""
    for name in policy:
        if name not in POLICIES:
            raise BadInput(
                f"unknown augmentation {name!r}{did_you_mean(name, POLICIES)} (choose from {', '.join(POLICIES)})"
            )


def _color(key: jax.Array, x: jax.Array) -> jax.Array:
    """Adds a brightness of -0.5 to 0.5, then scales saturation by 0 to 2 and contrast by 0.5 to 1.5."""
    brightness, saturation, contrast = jax.random.uniform(key, (3, len(x), 1, 1, 1), x.dtype)
    x = x + (brightness - 0.5)
    grey = x.mean(axis=-1, keepdims=True)
    x = grey + (x - grey) * (2 * saturation)
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    return mean + (x - mean) * (contrast + 0.5)


def _translation(key: jax.Array, x: jax.Array) -> jax.Array:
    """Shifts images by products with matrices of 0 and 1, as the gradient of a gather is a slow scatter on CPUs."""
    down, right = jax.random.split(key)
    rows = _shifts(down, len(x), x.shape[1], x.dtype)
    columns = _shifts(right, len(x), x.shape[2], x.dtype)
    return jnp.einsum("bri,bijc,bsj->brsc", rows, x, columns, precision="highest")


def _shifts(key: jax.Array, batch: int, side: int, dtype: jnp.dtype) -> jax.Array:
    """Returns matrices (batch, side, side) that shift an axis by -most to most cells."""
    most = int(side * _SHIFT + 0.5)
    by = jax.random.randint(key, (batch, 1, 1), -most, most + 1)
    place = jnp.arange(side)
    return (place[:, None] - by == place[None, :]).astype(dtype)


def _cutout(key: jax.Array, x: jax.Array) -> jax.Array:
    down, right = jax.random.split(key)
    rows, columns = _hole(down, len(x), x.shape[1]), _hole(right, len(x), x.shape[2])
    return jnp.where(rows[:, :, None, None] & columns[:, None, :, None], 0, x)


def _hole(key: jax.Array, batch: int, side: int) -> jax.Array:
    """Which cells (batch, side) of an axis the hole covers; it may stand out over the edge, its middle does not."""
    wide = int(side * _HOLE + 0.5)
    first = jax.random.randint(key, (batch, 1), 0, side + (1 - wide % 2)) - wide // 2
    place = jnp.arange(side)
    return (place >= first) & (place < first + wide)


POLICIES: dict[str, Callable] = {"color": _color, "translation": _translation, "cutout": _cutout}
"""By name, in the order in which they are done."""
