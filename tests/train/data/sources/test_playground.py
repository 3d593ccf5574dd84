"""The Playground's point sets: targets by its rules, effect of the noise on each."""

import numpy as np
import pytest

from zoo.train.data.dataset import Place, load_data
from zoo.train.errors import BadInput

CLASSES = ["circle", "xor", "gauss", "spiral"]
VALUES = ["plane", "multi_gauss"]


def points(name, **options):
    data = load_data(name, Place(), options)
    x, y = (np.concatenate(both) for both in zip(data.train[:2], data.test[:2], strict=True))
    return x[:, 0].astype(float), x[:, 1].astype(float), y


def test_the_disc_is_class_1_and_the_ring_class_0_with_a_gap():
    x, y, c = points("circle")
    r = np.hypot(x, y)
    assert r[c == 1].max() <= 2.5
    assert r[c == 0].min() >= 3.5
    assert r.max() <= 5
    assert (c == 1).sum() == 250


def test_xor_is_the_sign_of_xy_with_a_gap_along_the_axes():
    x, y, c = points("xor")
    assert np.array_equal(c, (x * y >= 0).astype(int))
    assert min(np.abs(x).min(), np.abs(y).min()) >= 0.3
    assert max(np.abs(x).max(), np.abs(y).max()) <= 5.3


@pytest.mark.parametrize(("noise", "variance"), [(0, 0.5), (25, 2.25), (50, 4.0)])
def test_gauss_is_two_clusters_at_2_and_minus_2_whose_variance_grows_with_noise(noise, variance):
    x, y, c = points("gauss", noise=noise, examples=20000)
    for sign, cloud in ((2, c == 1), (-2, c == 0)):
        for axis in (x[cloud], y[cloud]):
            assert axis.mean() == pytest.approx(sign, abs=0.1)
            assert axis.var() == pytest.approx(variance, rel=0.06)


def test_the_arms_of_the_spiral_equal_their_formula_half_a_turn_apart():
    x, y, c = points("spiral", examples=400)
    for label, start in ((1, 0.0), (0, np.pi)):
        arm = c == label
        r = np.hypot(x[arm], y[arm])
        assert np.allclose(np.sort(r), np.arange(200) / 200 * 5, atol=1e-5)
        angle = 1.75 * r / 5 * 2 * np.pi + start
        assert np.allclose(x[arm], r * np.sin(angle), atol=1e-4)
        assert np.allclose(y[arm], r * np.cos(angle), atol=1e-4)


def test_the_plane_is_a_tenth_of_the_sum():
    x, y, t = points("plane")
    assert np.allclose(t, (x + y) / 10, atol=1e-6)
    assert max(np.abs(x).max(), np.abs(y).max()) <= 6


def test_multi_gauss_is_six_cones_of_radius_2_and_alternate_sign():
    x, y, t = points("multi_gauss", examples=2000)
    for px, py, value in zip(x, y, t, strict=True):
        reach = 0.0
        for cx in (-4, 0, 4):
            for cy in (-2.5, 2.5):
                d = ((px - cx) ** 2 + (py - cy) ** 2) ** 0.5
                sign = (1 if cx else -1) * (1 if cy > 0 else -1)
                if d < 2 and 1 - d / 2 > abs(reach):
                    reach = sign * (1 - d / 2)
        assert value == pytest.approx(reach, abs=1e-5)
    assert t.min() < -0.8
    assert t.max() > 0.8


@pytest.mark.parametrize("name", ["circle", "xor", *VALUES])
def test_noise_keeps_the_points_and_changes_targets_near_borders(name):
    calm, noisy = points(name, examples=2000), points(name, examples=2000, noise=30)
    assert np.array_equal(calm[:2], noisy[:2])
    changed = (calm[2] != noisy[2]).mean()
    assert changed > (0.05 if name in CLASSES else 0.5)
    assert name not in CLASSES or changed < 0.4


def test_noise_moves_the_points_of_a_spiral_by_at_most_its_size_and_keeps_their_classes():
    calm, noisy = points("spiral"), points("spiral", noise=40)
    assert np.array_equal(calm[2], noisy[2])
    moved = np.abs(np.stack(calm[:2]) - np.stack(noisy[:2])).max()
    assert 0.3 < moved <= 0.4 + 1e-6


@pytest.mark.parametrize("name", CLASSES + VALUES)
def test_examples_share_and_seed_have_their_effect(name):
    data = load_data(name, Place(), {"examples": 101, "train_share": 0.3})
    assert (len(data.train.x), len(data.test.x)) == (30, 71)
    assert np.array_equal(data.train.x, load_data(name, Place(), {"examples": 101, "train_share": 0.3}).train.x)
    other = load_data(name, Place(), {"examples": 101, "train_share": 0.3, "seed": 1})
    assert not np.array_equal(data.train.x, other.train.x)


@pytest.mark.parametrize("name", CLASSES)
def test_both_splits_have_both_classes(name):
    data = load_data(name)
    assert set(data.train.y) == set(data.test.y) == {0, 1}


def test_features_are_functions_of_the_same_points():
    names = ("sin_y", "xy", "x2", "y2", "sin_x", "y", "x")
    plain, more = (
        load_data("spiral", Place(), {"noise": 5}),
        load_data("spiral", Place(), {"noise": 5, "features": names}),
    )
    x, y = plain.train.x.T.astype(np.float64)
    wanted = np.stack([np.sin(y), x * y, x * x, y * y, np.sin(x), y, x], axis=-1)
    np.testing.assert_allclose(more.train.x, wanted, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(plain.test.y, more.test.y)
    assert more.features == names


@pytest.mark.parametrize(
    ("names", "told"), [(("x", "z"), "'z' is not known"), ((), "at least one"), (("x", "x"), "x x")]
)
def test_features_that_do_not_exist_or_are_there_twice_are_refused(names, told):
    with pytest.raises(BadInput, match=f"--d.features.*{told}"):
        load_data("xor", Place(), {"features": names})
