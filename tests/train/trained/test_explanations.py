"""What a prediction for an image rests on: Grad-CAM and saliency against numpy and finite differences."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo.layers import computing_in, conv, dense, flatten, global_avg_pool, relu, serial, tanh
from zoo.train.data.normalize import Scaler
from zoo.train.trained.attribution import explain, grad_cam, has_feature_map, saliency

pytestmark = pytest.mark.usefixtures("quick_compiler")

try:
    from jax import enable_x64
except ImportError:  # before jax 0.8
    from jax.experimental import enable_x64


def made(model, x):
    return jax.jit(model.init)(jax.random.key(0), x)


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_behind_a_mean_over_the_image_the_map_is_the_sum_of_features_by_the_weights_of_the_class():
    model, x = serial(conv(4, 3), tanh, pool=global_avg_pool(), head=dense(3)), images(2, 6, 5, 1)
    params, state = made(model, x)
    features = np.asarray(serial(conv(4, 3), tanh).apply(params, {}, x)[0], np.float64)
    found = jax.jit(lambda x: grad_cam(model, params, state, x, lambda outputs: outputs[:, 1]))(x)
    weights = np.asarray(params["head"]["w"], np.float64)[:, 1]
    np.testing.assert_allclose(found, np.maximum(features @ weights, 0) / 30, atol=1e-6)  # 30 places (Zhou et al. 2016)


def test_the_weights_of_the_map_are_mean_gradients_as_finite_differences_give_them():
    below, above = (conv(3, 3), tanh), serial(flatten, dense(5), tanh, head=dense(2))
    model, x = serial(*below, above=above), images(1, 4, 4, 2)
    with enable_x64(True):
        params, state = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), made(model, x))
        features = np.asarray(serial(*below).apply(params, {}, x)[0])
        score = jax.jit(lambda features: above.apply(params["above"], {}, features)[0][0, 1])
        slopes, step = np.empty(features.shape), 1e-5
        for place in np.ndindex(features.shape):
            shifted = [features.copy(), features.copy()]
            shifted[0][place] -= step
            shifted[1][place] += step
            slopes[place] = (score(shifted[1]) - score(shifted[0])) / (2 * step)
        wanted = np.maximum((slopes.mean((1, 2), keepdims=True) * features).sum(-1), 0)
        assert wanted.max() > 0
        found = jax.jit(lambda x: grad_cam(model, params, state, x, lambda outputs: outputs[:, 1]))(jnp.asarray(x))
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_saliency_is_the_largest_gradient_of_the_channels_as_finite_differences_give_it():
    model, x = serial(flatten, dense(6), tanh, head=dense(3)), images(1, 3, 3, 2)
    with enable_x64(True):
        params, state = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), made(model, x))
        score = jax.jit(lambda x: model.apply(params, state, x)[0][0, 2])
        slopes, step, x = np.empty(x.shape), 1e-5, x.astype(np.float64)
        for place in np.ndindex(x.shape):
            change = np.zeros(x.shape)
            change[place] = step
            slopes[place] = (score(x + change) - score(x - change)) / (2 * step)
        found = jax.jit(lambda x: saliency(model, params, state, x, lambda outputs: outputs[:, 2]))(x)
        np.testing.assert_allclose(found, np.abs(slopes).max(-1), atol=1e-8)


@pytest.mark.parametrize(
    ("model", "has"),
    [
        (zoo.cnn(3, filters=(2, 4)), True),
        (computing_in(jnp.bfloat16, zoo.cnn(3, filters=(2, 4))), True),
        pytest.param(zoo.resnet(3, depth=8, width=2), True, marks=pytest.mark.expensive),
        (zoo.mlp(3), False),
        (zoo.logistic(1), False),
        (zoo.lstm(3, width=2), False),
    ],
    ids=["cnn", "cnn in half precision", "resnet", "mlp", "logistic", "lstm"],
)
def test_feature_maps_are_found_in_models_that_have_them(model, has):
    x = jax.ShapeDtypeStruct((2, 8, 8, 1), jnp.float32)
    params, state = jax.eval_shape(model.init, jax.random.key(0), x)
    assert has_feature_map(model, params, state, x) == has


def test_maps_do_not_depend_on_the_images_beside_and_have_the_size_of_the_images():
    model, x = zoo.cnn(3, filters=(2, 4), hidden=4), images(5, 12, 10, 1)
    params, state = made(model, x)
    cam = jax.jit(lambda x: grad_cam(model, params, state, x, lambda outputs: outputs.max(-1)))
    together, alone = cam(x), cam(x[3:4])
    assert together.shape == (5, 12, 10)
    np.testing.assert_allclose(together[3:4], alone, atol=1e-6)


@pytest.mark.parametrize(("outputs", "method"), [(2, "Grad-CAM"), (1, "saliency")])
def test_explanations_are_scaled_to_their_largest_value_for_any_number_of_images(monkeypatch, outputs, method):
    monkeypatch.setattr("zoo.train.trained.attribution._CHUNK", 3)
    model = serial(conv(2, 3), relu, flatten, dense(2)) if outputs == 2 else serial(flatten, dense(1))
    x = images(7, 4, 4, 1) * 50 + 100
    params, state = made(model, x)
    trained = SimpleNamespace(
        model=model, params=params, state=state, scaler=Scaler(np.full(1, 100.0), np.full(1, 0.02))
    )
    maps, name = explain(trained, x)
    assert (maps.shape, name) == ((7, 4, 4), method)
    largest = maps.max((1, 2))
    assert ((largest == 0) | (np.abs(largest - 1) < 1e-6)).all()
    assert largest.max() > 0.99
    assert maps.min() >= 0
    again, _ = explain(trained, x[6:])
    np.testing.assert_allclose(maps[6:], again, atol=1e-6)
