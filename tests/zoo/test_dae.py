"""Denoising autoencoder: damage of each kind by counting, training on damaged and inference on given inputs."""

import jax
import numpy as np
import pytest

from zoo import dae
from zoo.dae import corrupted

KEY = jax.random.key(0)
X = np.random.default_rng(0).uniform(0.2, 0.8, (50, 10, 10, 2)).astype(np.float32)
X[0, 0, 0], X[0, 0, 1] = (0.1, 0.0), (0.9, 1.0)  # the range of each channel


def test_masking_sets_as_many_values_to_0_as_the_level_says():
    made = np.asarray(corrupted(X, KEY, "masking", 0.3))
    changed = made != X
    assert np.all(made[changed] == 0)
    assert changed.mean() == pytest.approx(0.3, abs=0.02)


def test_salt_and_pepper_are_the_extremes_of_their_channel_equally_often():
    made = np.asarray(corrupted(X, KEY, "salt_and_pepper", 0.4))
    for channel, (low, high) in enumerate(((0.1, 0.9), (0.0, 1.0))):
        changed = made[..., channel][made[..., channel] != X[..., channel]]
        assert len(changed) / 5000 == pytest.approx(0.4, abs=0.03)
        np.testing.assert_allclose(np.unique(changed), [low, high], atol=1e-6)
        assert np.mean(changed == changed.max()) == pytest.approx(0.5, abs=0.04)


def test_gaussian_noise_has_its_deviation_and_is_clipped_to_the_range_of_images_alone():
    rows = np.zeros((2000, 3), np.float32)
    noise = np.asarray(corrupted(rows, KEY, "gaussian", 0.5))
    assert noise.std() == pytest.approx(0.5, abs=0.02)
    images = np.asarray(corrupted(X, KEY, "gaussian", 0.5))
    assert images.min() == 0
    assert images.max() == 1


def test_inputs_are_damaged_in_training_and_not_at_inference():
    model = dae((4, 4, 1), hidden=(5,), noise="masking", level=0.5)
    x = X[:3, :4, :4, :1]
    params, state = jax.jit(model.init)(KEY, x)
    apply = jax.jit(model.apply)
    w, b, v, c = (np.asarray(params[part]["0"][leaf]) for part in ("body", "decoder") for leaf in "wb")
    by_hand = np.maximum(x.reshape(3, 16) @ w + b, 0) @ v + c
    np.testing.assert_allclose(apply(params, state, x)[0].reshape(3, 16), by_hand, atol=1e-5)
    np.testing.assert_allclose(model.means(params, x, 1), model.features(params, state, x), atol=1e-6)
    one, other = (apply(params, state, x, jax.random.key(i))[0] for i in (0, 1))
    assert not np.allclose(one, other)
    assert not np.allclose(one.reshape(3, 16), by_hand)


def test_a_level_that_is_no_share_and_a_stack_without_layers_are_refused():
    with pytest.raises(ValueError, match="level"):
        dae((4,), noise="masking", level=1.5)
    with pytest.raises(ValueError, match=r"--m\.hidden"):
        dae((4,), hidden=())
