"""PSNR by hand, SSIM by its definition on scipy's windows, and the score made of both."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from zoo.train.evaluation.image_pairs import pair_score
from zoo.train.metrics.image_quality import psnr, ssim

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
real = rng.uniform(-1, 1, (3, 16, 13, 3)).astype(np.float32)
near = np.clip(real + 0.1 * rng.normal(size=real.shape), -1, 1).astype(np.float32)


def told(made, given, x, weight=None):
    judge = pair_score()
    sums = judge.score(
        *map(jnp.asarray, (made, given)), {"x": x, "weight": np.ones(len(x)) if weight is None else weight}
    )
    return judge.finish({name: total / weight for name, (total, weight) in sums.items()})


def test_psnr_is_the_peak_over_the_mean_squared_error_in_decibels():
    want = [10 * np.log10(4 / np.mean((a - b) ** 2)) for a, b in zip(near, real, strict=True)]
    np.testing.assert_allclose(psnr(near, real), want, rtol=1e-5)
    black, white = -np.ones((1, 2, 2, 1)), np.ones((1, 2, 2, 1))
    np.testing.assert_allclose(psnr(black, white), [0], atol=1e-5)
    eight_bits = np.full((1, 2, 2, 1), 2 / 255)  # one step of 255 everywhere: the well-known 48.13 dB
    np.testing.assert_allclose(psnr(eight_bits, 0 * eight_bits), [48.13], atol=0.01)


def test_equal_images_have_a_finite_psnr():
    assert psnr(real, real).tolist() == pytest.approx([106.02] * 3, abs=0.01)


def test_ssim_follows_its_definition():
    def windows(x):  # cut off after 3.5 standard deviations: 11 pixels
        return gaussian_filter(x, 1.5, truncate=3.5)[5:-5, 5:-5]

    def by_definition(a, b):
        a, b = a.astype(np.float64) + 1, b.astype(np.float64) + 1  # black is 0
        mean_a, mean_b = windows(a), windows(b)
        var_a, var_b = windows(a**2) - mean_a**2, windows(b**2) - mean_b**2
        covariance = windows(a * b) - mean_a * mean_b
        c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
        over = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
        return np.mean(over / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)))

    want = [np.mean([by_definition(a[..., c], b[..., c]) for c in range(3)]) for a, b in zip(near, real, strict=True)]
    np.testing.assert_allclose(ssim(near, real), want, rtol=1e-4)
    np.testing.assert_allclose(ssim(real, real), np.ones(3), rtol=1e-5)
    assert ssim(-real, real).max() < 0


def test_ssim_refuses_images_smaller_than_its_window():
    with pytest.raises(ValueError, match=r"at least 11x11 pixels, got shape \(1, 8, 16, 1\)"):
        ssim(np.zeros((1, 8, 16, 1)), np.zeros((1, 8, 16, 1)))


def test_psnr_is_reported_with_its_gain_over_the_input():
    given = np.clip(real + 0.5 * rng.normal(size=real.shape), -1, 1).astype(np.float32)
    found = told(near, given, real)
    assert found == pytest.approx(
        {
            "psnr": float(psnr(near, real).mean()),
            "psnr_given": float(psnr(given, real).mean()),
            "gain": float(psnr(near, real).mean() - psnr(given, real).mean()),
            "ssim": float(ssim(near, real).mean()),
        },
        rel=1e-5,
    )
    assert found["gain"] > 8


def test_padding_does_not_count():
    spoiled = near.copy()
    spoiled[2] = -real[2]
    assert told(spoiled, real, real, np.array([1.0, 1, 0])) == pytest.approx(told(near[:2], real[:2], real[:2]))


def test_values_beyond_the_range_are_clipped():
    white = np.ones((1, 8, 8, 1), np.float32)
    assert told(3 * white, 1.5 * white, white) == pytest.approx(told(white, white, white))


def test_a_grey_image_is_scored_as_three_equal_channels():
    grey = real.mean(-1, keepdims=True)
    assert told(near, grey, real) == pytest.approx(told(near, grey.repeat(3, -1), real))


def test_small_images_are_scored_without_ssim():
    assert set(told(near[:, :8, :8], near[:, :8, :8], real[:, :8, :8])) == {"psnr", "psnr_given", "gain"}


def test_scores_are_explained():
    lines = pair_score().explain({"psnr": 20.0, "psnr_given": 13.5, "gain": 6.5, "ssim": 0.5})
    assert lines[0].endswith("inputs have 13.50 dB, so 6.50 dB were gained")
    assert lines[1].startswith("ssim 0.500")
    (line,) = pair_score().explain({"psnr": 10.0, "psnr_given": 13.5, "gain": -3.5})
    assert line.endswith("3.50 dB were lost")


@pytest.mark.parametrize("score", [psnr, ssim])
def test_scores_of_integer_images_are_refused(score):
    with pytest.raises(TypeError, match=r"expects floating-point images in \[-1, 1\], got uint8\[1,12,12,1\]"):
        score(jnp.zeros((1, 12, 12, 1), jnp.uint8), jnp.ones((1, 12, 12, 1), jnp.uint8))
