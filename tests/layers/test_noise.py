import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import dropout, gaussian_noise

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.mark.parametrize("layer", [dropout(0.3), gaussian_noise(2.0)], ids=["dropout", "gaussian"])
def test_without_a_key_there_is_no_noise(layer):
    x = jnp.arange(6.0)
    np.testing.assert_array_equal(layer.apply({}, {}, x)[0], x)


@pytest.mark.parametrize("layer", [dropout(0.3), gaussian_noise(2.0)], ids=["dropout", "gaussian"])
def test_another_key_makes_another_noise(layer, key):
    x = jnp.ones(50)
    first, again = layer.apply({}, {}, x, key)[0], layer.apply({}, {}, x, key)[0]
    np.testing.assert_array_equal(first, again)
    assert (first != layer.apply({}, {}, x, jax.random.fold_in(key, 1))[0]).any()


def test_dropout_drops_its_rate_and_scales_the_others(key):
    y = np.asarray(dropout(0.2).apply({}, {}, jnp.full(20_000, 4.0), key)[0])
    assert (y == 0).mean() == pytest.approx(0.2, abs=0.015)  # 5 standard deviations
    np.testing.assert_allclose(y[y != 0], 5.0, rtol=1e-6)


def test_dropout_at_rate_0_returns_x(key):
    np.testing.assert_array_equal(dropout(0).apply({}, {}, jnp.arange(4), key)[0], [0, 1, 2, 3])


def test_gaussian_noise_has_mean_0_and_its_standard_deviation(key):
    x = jnp.full(20_000, 7.0)
    noise = np.asarray(gaussian_noise(0.5).apply({}, {}, x, key)[0]) - 7
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(0.5, rel=0.03)


def test_gaussian_noise_rejects_integers(key):
    with pytest.raises(TypeError, match="gaussian_noise expects floating-point inputs, got int32"):
        gaussian_noise(0.5).apply({}, {}, jnp.arange(4), key)


@pytest.mark.parametrize("rate", [1, -0.1, 50, float("nan"), "0.5"])
def test_a_rate_outside_0_to_1_raises(rate):
    with pytest.raises(ValueError, match=r"dropout: rate must be in \[0, 1\), got"):
        dropout(rate)


@pytest.mark.parametrize("stddev", [-1, float("inf"), float("nan"), True])
def test_a_negative_standard_deviation_raises(stddev):
    with pytest.raises(ValueError, match="gaussian_noise: stddev must be a number >= 0, got"):
        gaussian_noise(stddev)
