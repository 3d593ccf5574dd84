"""Sparse autoencoder: activities by hand, the largest units of the k-sparse form, patches of photographs."""

import jax
import numpy as np
import pytest

from zoo import sae
from zoo.train.data.dataset import load_data

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(size=(6, 3, 3, 1)).astype(np.float32)


def test_hidden_units_are_logistic_and_their_layer_begins_an_mlp():
    model = sae((3, 3, 1), hidden=4)
    params, state = jax.jit(model.init)(KEY, X)
    w, b, v, c = (np.asarray(params[part]["0"][leaf], np.float64) for part in ("body", "decoder") for leaf in "wb")
    hidden = 1 / (1 + np.exp(-(X.reshape(6, 9) @ w + b)))
    np.testing.assert_allclose(model.features(params, state, X), hidden, atol=1e-6)
    np.testing.assert_allclose(model.apply(params, state, X)[0].reshape(6, 9), hidden @ v + c, atol=1e-5)


def test_a_k_sparse_code_keeps_the_largest_values():
    model = sae((3, 3, 1), hidden=8, keep=2)
    params, state = jax.jit(model.init)(KEY, X)
    values = X.reshape(6, 9) @ np.asarray(params["body"]["0"]["w"])
    wanted = np.where(values >= np.sort(values, axis=1)[:, -2:-1], values, 0)
    np.testing.assert_allclose(model.features(params, state, X), wanted, atol=1e-5)
    with pytest.raises(ValueError, match="keep must be from 1 to the number of hidden units, 8, got 9"):
        sae((9,), hidden=8, keep=9)


def test_patches_have_no_mean_and_whitening_makes_their_pixels_less_correlated():
    grey, white = (load_data("patches", options={"size": 6, "count": 4000, "whiten": each}) for each in (False, True))
    assert grey.train.x.shape == (4000, 6, 6, 1)
    assert grey.test.x.shape == (800, 6, 6, 1)
    assert np.bincount(grey.train.y).tolist() == [2000, 2000]
    np.testing.assert_allclose(grey.train.x.mean(axis=(1, 2, 3)), 0, atol=1e-6)

    def farthest(data):
        """The largest correlation of two pixels."""
        correlations = np.corrcoef(data.train.x.reshape(4000, 36).T.astype(np.float64))
        return np.abs(correlations - np.eye(36)).max()

    assert farthest(grey) > 0.5
    assert farthest(white) < 0.5 * farthest(grey)
    again = load_data("patches", options={"size": 6, "count": 4000})
    np.testing.assert_array_equal(white.test.x, again.test.x)
