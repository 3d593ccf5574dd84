"""Augmentation: shifts, flips, margins."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.data.augment import augment
from zoo.train.errors import BadInput

pytestmark = pytest.mark.usefixtures("quick_compiler")


def shifted(image, down, right):
    """By hand: pixel (i, j) comes from (i - down, j - right), or the nearest that there is."""
    rows = np.clip(np.arange(image.shape[0]) - down, 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) - right, 0, image.shape[1] - 1)
    return image[rows][:, columns]


@pytest.mark.parametrize(("height", "width", "dtype"), [(28, 28, np.uint8), (8, 8, np.float32), (8, 28, np.uint8)])
def test_shifts_are_within_a_twelfth_and_all_of_them_occur(key, height, width, dtype):
    image = np.random.default_rng(0).integers(0, 255, (height, width, 2)).astype(dtype)
    moved = np.asarray(jax.jit(partial(augment, "shift"))(key, np.stack([image] * 400)))
    assert moved.dtype == dtype
    tall, wide = max(1, height // 12), max(1, width // 12)
    ways = [(i, j) for i in range(-tall, tall + 1) for j in range(-wide, wide + 1)]
    counts = [sum(np.array_equal(shifted(image, *way), one) for one in moved) for way in ways]
    assert sum(counts) == 400
    assert min(counts) > 0


def test_flip_mirrors_about_half_of_the_images_horizontally(key):
    x = np.random.default_rng(0).normal(size=(400, 3, 4, 1)).astype(np.float32)
    y = np.asarray(jax.jit(partial(augment, "flip"))(key, x))
    mirrored = (y == x[:, :, ::-1]).all((1, 2, 3))
    kept = (y == x).all((1, 2, 3))
    assert (mirrored ^ kept).all()
    assert 150 < mirrored.sum() < 250


def test_shift_flip_does_both(key):
    image = np.random.default_rng(0).integers(0, 255, (8, 8, 1)).astype(np.uint8)
    y = np.asarray(jax.jit(partial(augment, "shift_flip"))(key, np.stack([image] * 300)))
    ways = [shifted(image, i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    ways += [way[:, ::-1] for way in ways]
    counts = [sum(np.array_equal(way, one) for one in y) for way in ways]
    assert sum(counts) == 300
    assert min(counts) > 0


@pytest.mark.parametrize("name", ["none", "shift", "flip", "shift_flip"])
def test_it_is_a_pure_function_of_its_key_jitted_or_not(name, key):
    x = jax.random.normal(key, (16, 8, 8, 1))
    once = augment(name, key, x)
    assert np.array_equal(once, jax.jit(partial(augment, name))(key, x))
    if name != "none":
        assert not np.array_equal(once, augment(name, jax.random.key(1), x))
    else:
        assert np.array_equal(once, x)


def test_none_accepts_tables_and_the_others_raise(key):
    x = jnp.ones((4, 3))
    assert augment("none", key, x).shape == (4, 3)
    with pytest.raises(BadInput, match=r"'flip' needs images .* got shape \(4, 3\); set --augment none"):
        augment("flip", key, x)


def test_an_unknown_augmentation_raises(key):
    with pytest.raises(BadInput, match=r"unknown augmentation 'mirror' \(choose from none, shift"):
        augment("mirror", key, jnp.ones((1, 2, 2, 1)))
