"""Spike trains: jittered templates keep their spikes, and digits have the rates or times of their pixels."""

import numpy as np
import pytest

from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput


def test_without_noise_every_version_is_its_template():
    data = load_data("spike_templates", options={"jitter": 0, "examples": 60, "segments": 1, "back": 0})
    x, y = data.train.x, data.train.y
    assert x.shape == (60, 100, 4)
    assert set(np.unique(x)) == {0, 1}
    for which in (0, 1):
        assert (x[y == which] == x[y == which][0]).all()
    assert (x[y == 0][0] != x[y == 1][0]).any()


def test_the_noise_has_its_standard_deviation_and_the_templates_their_rate():
    given = {"steps": 2000, "channels": 1, "rate": 5.0, "examples": 400, "segments": 1, "back": 0}
    exact, noisy = (load_data("spike_templates", options=given | {"jitter": jitter}) for jitter in (0, 6.0))
    for which in (0, 1):
        times = exact.train.x[exact.train.y == which][0, :, 0].nonzero()[0]
        assert len(times) == pytest.approx(10, abs=10)
        alone = [t for t in times if 40 < t < 1960 and np.sort(np.abs(times - t))[1] > 80]
        assert alone
        for t in alone:
            row, when = noisy.train.x[noisy.train.y == which][:, t - 39 : t + 40, 0].nonzero()
            assert len(row) == (noisy.train.y == which).sum()
            assert when.mean() == pytest.approx(39, abs=1.5)
            assert when.std() == pytest.approx(6, rel=0.2)


def test_the_class_is_the_template_of_the_segment_that_is_named():
    given = {"segments": 3, "jitter": 0, "examples": 50}
    for back in range(3):
        data = load_data("spike_templates", options=given | {"back": back})
        segment = data.train.x[:, (2 - back) * 100 : (3 - back) * 100]
        for which in (0, 1):
            own = segment[data.train.y == which]
            assert (own == own[0]).all()
    with pytest.raises(BadInput, match=r"--d.back 3 of spike_templates must be below.*--d.segments 4"):
        load_data("spike_templates", options=given | {"back": 3})


def test_rows_and_rates_of_a_digit_are_those_of_its_pixels():
    pixels = load_data("digits").train.x[..., 0] / 16
    rows = load_data("spike_digits", options={"steps": 80, "rate": 400}).train
    assert rows.x.shape == (len(pixels), 80, 8)
    seen = rows.x.reshape(-1, 8, 10, 8).mean(axis=2)
    np.testing.assert_allclose(seen.mean(axis=0), 0.4 * pixels.mean(axis=0), atol=0.01)
    assert np.corrcoef(seen.ravel(), pixels.ravel())[0, 1] > 0.8
    rate = load_data("spike_digits", options={"steps": 30, "rate": 400, "coding": "rate"}).train
    np.testing.assert_allclose(rate.x.mean(axis=(0, 1)), 0.4 * pixels.mean(axis=0).ravel(), atol=0.01)
    np.testing.assert_array_equal(rate.y, load_data("digits").train.y)
    with pytest.raises(BadInput, match="a multiple of 8, the number of rows: give 88"):
        load_data("spike_digits", options={"steps": 81})


def test_a_brighter_pixel_spikes_earlier_and_a_black_one_never():
    data = load_data("spike_digits", options={"coding": "latency", "steps": 33, "fold": 1}).test
    pixels = load_data("digits", options={"fold": 1}).test.x.reshape(len(data.x), 64)
    np.testing.assert_array_equal(data.x.sum(axis=1), pixels > 0)
    row, channel = (pixels > 0).nonzero()
    np.testing.assert_array_equal(data.x.argmax(axis=1)[row, channel], np.rint(32 * (1 - pixels[row, channel] / 16)))


def test_other_seeds_give_other_spikes_and_the_same_seed_the_same():
    for name in ("spike_templates", "spike_digits"):
        first, again, other = (load_data(name, options={"seed": seed}).test.x for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()
