"""Differentiable augmentation, each policy by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.errors import BadInput
from zoo.train.trainers.diff_augment import POLICIES, diff_augment

pytestmark = pytest.mark.usefixtures("quick_compiler")

IMAGES = np.random.default_rng(0).uniform(-1, 1, (64, 8, 10, 3)).astype(np.float32)


def test_translation_moves_each_image_by_up_to_an_eighth_and_fills_with_zeros(key):
    moved = np.asarray(diff_augment(("translation",), key, IMAGES))
    seen = set()
    for before, after in zip(IMAGES, moved, strict=True):
        fits = []
        for down in range(-2, 3):
            for right in range(-2, 3):
                want = np.zeros_like(before)
                want[max(down, 0) : 8 + min(down, 0), max(right, 0) : 10 + min(right, 0)] = before[
                    max(-down, 0) : 8 + min(-down, 0), max(-right, 0) : 10 + min(-right, 0)
                ]
                if np.array_equal(want, after):
                    fits.append((down, right))
        assert len(fits) == 1
        seen.add(fits[0])
    assert seen == {(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)}


def test_cutout_makes_a_hole_of_half_the_side_with_its_middle_inside(key):
    cut = np.asarray(diff_augment(("cutout",), key, IMAGES))
    sizes = set()
    for before, after in zip(IMAGES, cut, strict=True):
        hole = (after == 0).all(axis=-1)
        np.testing.assert_array_equal(after[~hole], before[~hole])
        rows, columns = hole.any(axis=1), hole.any(axis=0)
        np.testing.assert_array_equal(hole, np.outer(rows, columns))
        sizes.add((rows.sum(), columns.sum()))
        assert 2 <= rows.sum() <= 4
        assert 2 <= columns.sum() <= 5
    assert (4, 5) in sizes


def test_color_keeps_contrast_and_saturation_affine_in_each_image(key):
    """Every step is `mean + factor (x - mean)`: differences between the channels of a pixel shrink by one factor."""
    changed = np.asarray(diff_augment(("color",), key, IMAGES), np.float64)
    for before, after in zip(IMAGES.astype(np.float64), changed, strict=True):
        chroma, new = before - before.mean(-1, keepdims=True), after - after.mean(-1, keepdims=True)
        grey, lit = before.mean(-1), after.mean(-1)
        both = np.sum(chroma * new) / np.sum(chroma**2)
        contrast = np.std(lit) / np.std(grey)
        assert 0.5 <= contrast <= 1.5
        assert 0 <= both / contrast <= 2
        assert abs(after.mean() - before.mean()) <= 0.5
        np.testing.assert_allclose(new, both * chroma, atol=1e-5)
        np.testing.assert_allclose(lit - lit.mean(), contrast * (grey - grey.mean()), atol=1e-5)
    assert np.ptp(changed.mean(axis=(1, 2, 3)) - IMAGES.mean(axis=(1, 2, 3))) > 0.8


@pytest.mark.parametrize("name", POLICIES)
def test_the_gradient_goes_through_every_policy(name, key):
    x = jnp.asarray(IMAGES[:2])
    direction = jax.random.normal(jax.random.key(1), x.shape)
    changed = jax.jit(lambda x: jnp.sum(jnp.sin(diff_augment((name,), key, x))))
    slope = jnp.vdot(jax.grad(changed)(x), direction)
    by_difference = (changed(x + 1e-2 * direction) - changed(x - 1e-2 * direction)) / 2e-2
    assert float(slope) == pytest.approx(float(by_difference), rel=1e-2)
    assert abs(float(slope)) > 0.1


def test_a_policy_chooses_alike_whatever_stands_beside_it(key):
    both = diff_augment(("cutout", "translation"), key, IMAGES)
    np.testing.assert_array_equal(both, diff_augment(("cutout",), key, diff_augment(("translation",), key, IMAGES)))


def test_no_policy_changes_nothing(key):
    assert diff_augment((), key, IMAGES) is IMAGES


def test_an_unknown_policy_names_the_nearest(key):
    with pytest.raises(BadInput, match="did you mean translation"):
        diff_augment(("translate",), key, IMAGES)


def test_what_is_no_image_is_refused(key):
    with pytest.raises(BadInput, match=r"cutout is for images .*got shape \(4, 2\)"):
        diff_augment(("cutout",), key, jnp.ones((4, 2)))
