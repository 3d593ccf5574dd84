"""Rotation, scale and crop: exact where pixels fall on pixels, bilinear elsewhere."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.data.augmentation.affine import crop, joined, resample, rotate, rotation, scale

pytestmark = pytest.mark.usefixtures("quick_compiler")
sample = jax.jit(resample)
turned = jax.jit(lambda x, degrees: resample(x, rotation(degrees)))


def sampled(image, linear, offset):
    """By hand in float64: every pixel from its place in the image, between the four that surround it."""
    height, width = image.shape[:2]
    middle = np.array([height - 1, width - 1]) / 2
    out = np.empty(image.shape)
    for i in range(height):
        for j in range(width):
            place = linear @ (np.array([i, j]) - middle) + offset + middle
            row, column = np.clip(place, 0, [height - 1, width - 1])
            above, left = int(row), int(column)
            below, beside = min(above + 1, height - 1), min(left + 1, width - 1)
            lower, further = row - above, column - left
            out[i, j] = (1 - lower) * ((1 - further) * image[above, left] + further * image[above, beside]) + lower * (
                (1 - further) * image[below, left] + further * image[below, beside]
            )
    return out


@pytest.mark.parametrize("side", [7, 64])
@pytest.mark.parametrize("turns", [0, 1, 2, 3, -1])
def test_a_quarter_turn_is_that_of_numpy_to_the_bit(side, turns):
    x = np.random.default_rng(0).normal(size=(2, side, side, 3)).astype(np.float32)
    y = turned(jnp.asarray(x), jnp.full(2, 90.0 * turns))
    assert np.asarray(y).tobytes() == np.rot90(x, turns, (1, 2)).tobytes()


@pytest.mark.parametrize(
    ("linear", "offset"),
    [
        ([[1, 0], [0, 1]], [0.25, -1.5]),
        ([[0.5, 0], [0, 0.75]], [1, -2]),
        ([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]], [0, 0]),
        ([[1.3, 0.4], [-0.2, 0.9]], [3, 3]),
    ],
)
def test_other_maps_are_sampled_bilinearly_with_repeated_edges(linear, offset):
    x = np.random.default_rng(0).random((1, 9, 6, 2))
    maps = np.concatenate([np.array(linear, float), np.array(offset, float)[:, None]], axis=1)[None]
    y = sample(jnp.asarray(x, jnp.float32), jnp.asarray(maps, jnp.float32))
    # Places are rounded to 1/1024 of a pixel.
    np.testing.assert_allclose(y[0], sampled(x[0], np.array(linear), np.array(offset)), atol=2e-3)


def test_a_rotation_of_a_slope_is_a_slope_in_the_new_direction():
    rows, columns = np.meshgrid(np.arange(41) - 20.0, np.arange(41) - 20.0, indexing="ij")
    slope = turned(jnp.asarray(columns[None, :, :, None], jnp.float32), jnp.array([30.0]))
    # Counter-clockwise: the slope to the right rises to the right and upwards.
    expected = np.cos(np.pi / 6) * columns - np.sin(np.pi / 6) * rows
    np.testing.assert_allclose(slope[0, 8:-8, 8:-8, 0], expected[8:-8, 8:-8], atol=2e-3)


def test_joined_maps_are_one_after_the_other():
    first, then = np.random.default_rng(0).normal(size=(2, 5, 2, 3)).astype(np.float32)
    place = np.array([1.5, -2.0])
    inner = then[..., :2] @ place + then[..., 2]
    outer = np.einsum("bij,bj->bi", first[..., :2], inner) + first[..., 2]
    both = np.asarray(jax.jit(joined)(first, then))
    np.testing.assert_allclose(both[..., :2] @ place + both[..., 2], outer, atol=1e-5)


def test_drawn_maps_are_within_their_strength(key):
    shape = (4000, 20, 30, 3)
    turns, gains = jax.jit(lambda: (rotate(key, shape, 25), scale(key, shape, 0.25)))()
    angles = np.rad2deg(np.arctan2(*np.asarray(turns)[:, 0, 1::-1].T))
    assert -25 <= angles.min() < -24
    assert 24 < angles.max() <= 25.01
    gains = 1 / np.asarray(gains)[:, 0, 0]
    assert 0.8 - 1e-6 <= gains.min() < 0.81
    assert 1.24 < gains.max() <= 1.25 + 1e-6
    assert abs(np.log(gains).mean()) < 0.01


def test_a_crop_is_a_part_of_the_image_of_the_wanted_area(key):
    _, height, width, _ = shape = (4000, 20, 30, 3)
    maps = np.asarray(jax.jit(lambda: crop(key, shape, 0.3))(), np.float64)
    tall, wide = maps[:, 0, 0], maps[:, 1, 1]
    area = tall * wide
    assert area.min() > 0.3 - 1e-6
    assert area.max() <= 1 + 1e-6
    assert np.quantile(area, 0.5) == pytest.approx(0.65, abs=0.05)
    for part, place, n in ((tall, maps[:, 0, 2], height), (wide, maps[:, 1, 2], width)):
        assert (np.abs(place) + part * n / 2 <= n / 2 + 1e-4).all()
    ratio = wide / tall
    assert 0.7499 < ratio.min() < ratio.max() < 1.3334


def test_a_crop_that_keeps_nearly_all_has_the_wanted_area_too_at_every_proportion(key):
    maps = np.asarray(jax.jit(lambda: crop(key, (4000, 20, 30, 3), 0.9))(), np.float64)
    area = maps[:, 0, 0] * maps[:, 1, 1]
    assert area.min() > 0.9 - 1e-6
    assert area.mean() == pytest.approx(0.95, abs=0.002), "even between 0.9 and 1"
