"""Shifts, flips, colours and holes, against numpy."""

import colorsys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.data.augmentation.apply import augment
from zoo.train.data.augmentation.pixels import adjusted, turned

pytestmark = pytest.mark.usefixtures("quick_compiler")


def shifted(image, down, right):
    """By hand: pixel (i, j) comes from (i - down, j - right), or the nearest that there is."""
    rows = np.clip(np.arange(image.shape[0]) - down, 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) - right, 0, image.shape[1] - 1)
    return image[rows][:, columns]


@pytest.mark.parametrize(
    ("text", "height", "width", "dtype", "part"),
    [("shift", 28, 28, np.uint8, 12), ("shift", 8, 28, np.float32, 12), ("shift=0.25", 8, 12, np.uint8, 4)],
)
def test_shifts_are_within_their_share_of_the_side_and_all_of_them_occur(key, text, height, width, dtype, part):
    image = np.random.default_rng(0).integers(0, 255, (height, width, 2)).astype(dtype)
    moved = np.asarray(jax.jit(partial(augment, text))(key, np.stack([image] * 600)))
    assert moved.dtype == dtype
    tall, wide = max(1, height // part), max(1, width // part)
    ways = [(i, j) for i in range(-tall, tall + 1) for j in range(-wide, wide + 1)]
    counts = [sum(np.array_equal(shifted(image, *way), one) for one in moved) for way in ways]
    assert sum(counts) == 600
    assert min(counts) > 0


def test_flip_mirrors_about_half_of_the_images_horizontally(key):
    x = np.random.default_rng(0).normal(size=(400, 3, 4, 1)).astype(np.float32)
    y = np.asarray(jax.jit(partial(augment, "flip"))(key, x))
    mirrored = (y == x[:, :, ::-1]).all((1, 2, 3))
    kept = (y == x).all((1, 2, 3))
    assert (mirrored ^ kept).all()
    assert 150 < mirrored.sum() < 250


def test_two_changes_are_both_done_also_under_the_name_of_earlier_versions(key):
    image = np.random.default_rng(0).integers(0, 255, (8, 8, 1)).astype(np.uint8)
    y = np.asarray(jax.jit(partial(augment, "shift+flip"))(key, np.stack([image] * 300)))
    ways = [shifted(image, i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    ways += [way[:, ::-1] for way in ways]
    counts = [sum(np.array_equal(way, one) for one in y) for way in ways]
    assert sum(counts) == 300
    assert min(counts) > 0
    np.testing.assert_array_equal(augment("shift_flip", key, np.stack([image] * 300)), y)


def by_hand(x, brightness, contrast, saturation):
    """In float64: from black, from the mean luma of the image, from the luma of the pixel; each clipped."""
    weights = np.array([0.299, 0.587, 0.114])
    x = np.clip(x * brightness, 0, 1)
    mean = (x @ weights).mean()
    x = np.clip(mean + (x - mean) * contrast, 0, 1)
    grey = (x @ weights)[..., None]
    return np.clip(grey + (x - grey) * saturation, 0, 1)


@pytest.mark.parametrize("factors", [(1, 1, 1), (1.3, 1, 1), (1, 0.5, 1), (1, 1, 0), (0.8, 1.4, 1.7)])
def test_colours_are_adjusted_as_numpy_does(factors):
    x = np.random.default_rng(0).random((2, 5, 4, 3))
    given = [jnp.full((2, 1, 1, 1), each) for each in factors]
    np.testing.assert_allclose(
        adjusted(jnp.asarray(x), *given), np.stack([by_hand(each, *factors) for each in x]), atol=1e-6
    )


def turned_by_hand(rgb, turn):
    hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
    return colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)


@pytest.mark.parametrize("turn", [0.0, 0.05, -0.05, 1 / 3, -0.7])
def test_the_hue_is_turned_as_in_float64_and_grey_stays(turn):
    x = np.random.default_rng(0).random((2, 4, 5, 3))
    x[0, 0] = [[1, 1, 0], [0, 1, 1], [1, 0, 1], [0.5, 0.5, 0.5], [0, 0, 0]]
    found = turned(jnp.asarray(x), jnp.array([turn, 2 * turn]).reshape(2, 1, 1, 1))
    wanted = [[[turned_by_hand(rgb, (i + 1) * turn) for rgb in row] for row in image] for i, image in enumerate(x)]
    np.testing.assert_allclose(found, wanted, atol=2e-6)


def test_the_hue_of_each_image_is_turned_by_up_to_a_sixth_of_the_strength(key):
    colour = (110, 90, 80)  # so grey that no other change reaches white
    x = np.broadcast_to(np.array(colour, np.uint8), (200, 2, 2, 3))
    y = np.asarray(augment("jitter=0.3", key, x)) / 255
    hues = np.array([colorsys.rgb_to_hsv(*rgb)[0] for rgb in y[:, 0, 0].tolist()]) - colorsys.rgb_to_hsv(*colour)[0]
    hues = (hues + 0.5) % 1 - 0.5
    assert 0.04 < np.abs(hues).max() <= 0.05 + 1e-4
    assert hues.min() < -0.03
    grey = np.full((5, 2, 2, 1), 100, np.uint8)
    assert np.asarray(augment("jitter=0.3", key, grey)).shape == grey.shape


def test_colours_change_within_the_levels_of_black_and_white(key):
    x = np.random.default_rng(0).integers(0, 17, (64, 6, 6, 3)).astype(np.uint8)
    y = np.asarray(augment("jitter=0.9", key, x, (np.zeros(3, np.float32), np.full(3, 16, np.float32))))
    assert y.dtype == np.float32
    assert (y.min(), y.max()) == (0, 16)
    assert np.abs(y.mean((1, 2, 3)) - x.mean((1, 2, 3))).max() > 2
    normalised = (x / 8 - 1).astype(np.float32)  # the same image on another scale changes in the same way
    other = augment("jitter=0.9", key, normalised, (np.full(3, -1, np.float32), np.ones(3, np.float32)))
    np.testing.assert_allclose((np.asarray(other) + 1) * 8, y, atol=1e-4)


def test_cutout_replaces_a_rectangle_by_the_mean_colour_wherever_its_middle_lies(key):
    x = np.random.default_rng(0).random((300, 8, 12, 3)).astype(np.float32)
    y = np.asarray(jax.jit(partial(augment, "cutout=0.5"))(key, x))
    holes = (y != x).all(-1)
    sizes = set()
    for before, after, hole in zip(x, y, holes, strict=True):
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        assert hole.sum() == len(rows) * len(columns)
        np.testing.assert_array_equal(after[~hole], before[~hole])
        np.testing.assert_allclose(after[hole], np.broadcast_to(before.mean((0, 1)), (hole.sum(), 3)), rtol=1e-5)
        sizes.add((len(rows), len(columns)))
    assert max(sizes) == (4, 6)
    assert holes.mean(0).min() > 0
