"""Changes of images that move or replace pixels, or change their colours."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax, random

__all__ = ["adjusted", "cutout", "flip", "jitter", "shift", "turned"]

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_ROUNDING = 1e-6


def shift(key: jax.Array, x: jax.Array, most: float) -> jax.Array:
    """Moves each image by up to a share of its height and width, and at least a pixel, in each direction.

    The margin repeats the edge, which is background at any scale of the pixels.
    """
    batch, height, width, _ = x.shape
    tall, wide = (max(1, int(n * most + _ROUNDING)) for n in (height, width))
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


def jitter(key: jax.Array, x: jax.Array, most: float, levels: tuple[Any, Any]) -> jax.Array:
    """Multiplies brightness, contrast and saturation of each image by factors from 1 - most to 1 + most.

    The hue of a colour image is turned by up to `most` / 6 of a full turn; 1/6 of it leads from red to yellow.

    Args:
        key: random key.
        x: images (batch, height, width, channels), float32.
        most: largest change.
        levels: values of black and white, numbers or (channels,); results are clipped to them.
    """
    factors = random.uniform(key, (3, len(x), 1, 1, 1), minval=1 - most, maxval=1 + most)
    black, white = levels
    changed = adjusted((x - black) / (white - black), *factors)
    if x.shape[-1] == len(_LUMA):
        changed = turned(
            changed, random.uniform(random.fold_in(key, 1), (len(x), 1, 1, 1), minval=-most, maxval=most) / 6
        )
    return black + (white - black) * changed


def adjusted(x: jax.Array, brightness: jax.Array, contrast: jax.Array, saturation: jax.Array) -> jax.Array:
    """Multiplies distances of colours, 0 to 1, by factors (batch, 1, 1, 1): from black, the mean luma, and the luma.

    >>> adjusted(jnp.array([[[[0.25], [0.5]]]]), 1.0, 2.0, 1.0).round(3).ravel().tolist()
    [0.125, 0.625]
    """
    x = jnp.clip(x * brightness, 0, 1)
    mean = _luma(x).mean(axis=(1, 2, 3), keepdims=True)
    x = jnp.clip(mean + (x - mean) * contrast, 0, 1)
    grey = _luma(x)
    return jnp.clip(grey + (x - grey) * saturation, 0, 1)


def turned(x: jax.Array, turn: jax.Array) -> jax.Array:
    """Turns the hue of colours, 0 to 1, on the circle of the HSV model (Smith 1978); value and saturation stay.

    Args:
        x: images (batch, height, width, 3).
        turn: shares of a full turn (batch, 1, 1, 1); 1/3 turns red into green.

    >>> turned(jnp.array([[[[1.0, 0.25, 0.25]]]]), jnp.full((1, 1, 1, 1), 1 / 3)).round(3).ravel().tolist()
    [0.25, 1.0, 0.25]
    """
    red, green, blue = (x[..., i] for i in range(3))
    top, low = x.max(axis=-1), x.min(axis=-1)
    width = jnp.where(top > low, top - low, 1)
    # Place on the circle in sixths of a turn, from red by way of green and blue.
    place = jnp.where(
        top == red, green - blue, jnp.where(top == green, 2 * width + blue - red, 4 * width + red - green)
    )
    place = place / width + 6 * turn[..., 0]
    # Each channel falls from the top to the low over a sixth, two sixths away from its own colour.
    away = jnp.stack([jnp.abs((place - 2 * i + 3) % 6 - 3) for i in range(3)], axis=-1)
    return low[..., None] + (top - low)[..., None] * jnp.clip(2 - away, 0, 1)


def _luma(x: jax.Array) -> jax.Array:
    if x.shape[-1] != len(_LUMA):
        return x.mean(axis=-1, keepdims=True)
    return sum(weight * x[..., i : i + 1] for i, weight in enumerate(_LUMA))  # pyright: ignore[reportReturnType]


def cutout(key: jax.Array, x: jax.Array, side: float) -> jax.Array:
    """Replaces a rectangle in each image by the image's mean colour (DeVries & Taylor 2017, with its zero as the mean).

    Args:
        key: random key.
        x: images (batch, height, width, channels), float32.
        side: share of height and width; the rectangle may stand out over the edge, its middle does not.
    """
    down, right = random.split(key)
    rows, columns = (_hole(each, len(x), n, side) for each, n in ((down, x.shape[1]), (right, x.shape[2])))
    hole = rows[:, :, None, None] & columns[:, None, :, None]
    return jnp.where(hole, x.mean(axis=(1, 2), keepdims=True), x)


def _hole(key: jax.Array, batch: int, n: int, side: float) -> jax.Array:
    """Returns which cells (batch, n) of an axis the hole covers."""
    wide = max(1, int(n * side + 0.5))
    first = random.randint(key, (batch, 1), 0, n) - wide // 2
    place = jnp.arange(n)
    return (place >= first) & (place < first + wide)
