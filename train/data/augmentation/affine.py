"""Rotated, scaled and cropped images: affine maps of their pixels, sampled bilinearly."""

import jax
import jax.numpy as jnp

__all__ = ["crop", "joined", "resample", "rotate", "rotation", "scale"]

_GRAIN = 1024  # parts of a pixel to which places are rounded
_RATIO = 4 / 3  # most extreme proportions of a crop (Szegedy et al. 2015)


def rotate(key: jax.Array, shape: tuple[int, ...], degrees: float) -> jax.Array:
    """Draws rotations of a batch of images by up to `degrees` in either direction; returns maps as `resample` takes."""
    return rotation(jax.random.uniform(key, shape[:1], minval=-degrees, maxval=degrees))


def rotation(degrees: jax.Array) -> jax.Array:
    """Returns the maps (batch, 2, 3) of counter-clockwise rotations about the centre by angles (batch,)."""
    cosine, sine = jnp.cos(jnp.deg2rad(degrees)), jnp.sin(jnp.deg2rad(degrees))
    none = jnp.zeros_like(cosine)
    return _maps([[cosine, sine, none], [-sine, cosine, none]])


def scale(key: jax.Array, shape: tuple[int, ...], gain: float) -> jax.Array:
    """Draws enlargements about the centre by factors from 1 / (1 + gain) to 1 + gain, even in their logarithm."""
    most = jnp.log1p(gain)
    part = jnp.exp(-jax.random.uniform(key, shape[:1], minval=-most, maxval=most))
    none = jnp.zeros_like(part)
    return _maps([[part, none, none], [none, part, none]])


def crop(key: jax.Array, shape: tuple[int, ...], least: float) -> jax.Array:
    """Draws parts of the images, which are scaled to the whole (Szegedy et al. 2015, Going deeper with convolutions).

    Args:
        key: random key.
        shape: shape of the images (batch, height, width, channels).
        least: smallest share of the area; shares are even between it and 1, proportions of the shares of height and
            width from 3:4 to 4:3.
    """
    batch, height, width, _ = shape
    area, ratio, down, right = jax.random.uniform(key, (4, batch))
    area = least + (1 - least) * area
    # Proportions with which a side would be longer than that of the image are none: the area would be smaller.
    ratio = jnp.exp((2 * ratio - 1) * jnp.minimum(jnp.log(_RATIO), -jnp.log(area)))
    tall, wide = (jnp.minimum(jnp.sqrt(each), 1) for each in (area / ratio, area * ratio))
    none = jnp.zeros_like(area)
    places = (down - 0.5) * (1 - tall) * height, (right - 0.5) * (1 - wide) * width
    return _maps([[tall, none, places[0]], [none, wide, places[1]]])


def joined(first: jax.Array, then: jax.Array) -> jax.Array:
    """Returns the maps of two changes, one after the other, so that pixels are sampled once."""
    linear = jnp.einsum("bij,bjk->bik", first[..., :2], then[..., :2], precision="highest")
    offset = jnp.einsum("bij,bj->bi", first[..., :2], then[..., 2], precision="highest") + first[..., 2]
    return jnp.concatenate([linear, offset[..., None]], axis=-1)


def resample(x: jax.Array, maps: jax.Array) -> jax.Array:
    """Samples images at other places, bilinearly; beyond the edge, its pixels are repeated.

    Places are rounded to 1/1024 of a pixel, so that maps from pixels to pixels, such as quarter turns, are exact.

    Args:
        x: images (batch, height, width, channels), float32.
        maps: (batch, 2, 3), from the place of a pixel of the result, (down, right, 1) from the centre, to its place in
            the image.

    >>> turned = resample(jnp.arange(4.0).reshape(1, 2, 2, 1), rotation(jnp.array([90.0])))
    >>> turned[0, :, :, 0].tolist()
    [[1.0, 3.0], [0.0, 2.0]]
    """
    height, width, channels = x.shape[1:]
    down, right = jnp.meshgrid(*(jnp.arange(n) - (n - 1) / 2 for n in (height, width)), indexing="ij")
    row, column = (
        part[:, 0, None, None] * down + part[:, 1, None, None] * right + part[:, 2, None, None]
        for part in (maps[:, 0], maps[:, 1])
    )
    (above, below, lower), (left, beside, further) = _neighbours(row, height), _neighbours(column, width)
    flat = x.reshape(len(x), height * width, channels)

    def pixels(i, j):
        # One index per pixel, not per channel: the rows of `flat` are copied whole.
        return jax.vmap(lambda image, place: image.at[place].get(mode="clip"))(flat, i * width + j)

    lower, further = lower[..., None], further[..., None]
    top = pixels(above, left) * (1 - further) + pixels(above, beside) * further
    bottom = pixels(below, left) * (1 - further) + pixels(below, beside) * further
    return top * (1 - lower) + bottom * lower


def _neighbours(place: jax.Array, n: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Returns the pixels before and behind places from the centre of an axis of n pixels, and the second's weight."""
    place = jnp.clip(jnp.round(place * _GRAIN) / _GRAIN + (n - 1) / 2, 0, n - 1)
    first = jnp.floor(place)
    before = first.astype(jnp.int32)
    return before, jnp.minimum(before + 1, n - 1), place - first


def _maps(rows: list[list[jax.Array]]) -> jax.Array:
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)
