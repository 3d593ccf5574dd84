import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import batch_norm, group_norm, layer_norm

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
PARAMS = {"scale": np.array([1.0, 2.0, 3.0, 4.0], np.float32), "b": np.array([0.5, 0.0, -1.0, 9.0], np.float32)}


def data(*shape):
    return (3 * rng.normal(size=shape) + 2).astype(np.float32)


def by_hand(x, mean, var, epsilon=1e-5):
    return (x - mean) / np.sqrt(var + epsilon) * PARAMS["scale"] + PARAMS["b"]


@pytest.mark.parametrize("shape", [(8, 4), (2, 5, 4), (2, 3, 2, 4)])
def test_batch_norm_in_training_normalises_by_the_batch_and_updates_its_state(shape, key):
    x = data(*shape)
    axes = tuple(range(x.ndim - 1))
    state = {"mean": np.array([0.0, 1.0, 2.0, 3.0], np.float32), "var": np.array([1.0, 2.0, 3.0, 4.0], np.float32)}
    y, new = batch_norm(momentum=0.8).apply(PARAMS, state, x, key)
    np.testing.assert_allclose(y, by_hand(x, x.mean(axes), x.var(axes)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(new["mean"], 0.8 * state["mean"] + 0.2 * x.mean(axes), rtol=1e-5)
    np.testing.assert_allclose(new["var"], 0.8 * state["var"] + 0.2 * x.var(axes, ddof=1), rtol=1e-5)


def test_batch_norm_at_inference_normalises_by_its_state():
    x, mean, var = data(3, 4), np.full(4, 2.0, np.float32), np.full(4, 9.0, np.float32)
    y, _ = batch_norm(epsilon=1e-3).apply(PARAMS, {"mean": mean, "var": var}, x)
    np.testing.assert_allclose(y, by_hand(x, mean, var, 1e-3), rtol=1e-5, atol=1e-5)


def test_batch_norm_starts_with_mean_0_and_variance_1(key):
    params, state = batch_norm().init(key, data(2, 3))
    assert jax.tree.map(lambda leaf: leaf.tolist(), state) == {"mean": [0, 0, 0], "var": [1, 1, 1]}
    assert jax.tree.map(lambda leaf: leaf.tolist(), params) == {"scale": [1, 1, 1], "b": [0, 0, 0]}


def test_batch_norm_learns_the_statistics_of_its_inputs(key):
    layer, x = batch_norm(momentum=0.5), data(64, 4)
    params, state = layer.init(key, x)
    for _ in range(20):
        _, state = layer.apply(params, state, x, key)
    np.testing.assert_allclose(state["mean"], x.mean(0), rtol=1e-4)
    np.testing.assert_allclose(state["var"], x.var(0, ddof=1), rtol=1e-4)


@pytest.mark.fault(row=16)
def test_batch_norm_cannot_train_on_a_batch_of_one_but_infers_on_it(key):
    layer, x = batch_norm(), jnp.ones((1, 4))
    params, state = layer.init(key, x)
    with pytest.raises(ValueError, match=r"batch_norm cannot train on one value per feature \(shape \(1, 4\)\)"):
        layer.apply(params, state, x, key)
    assert layer.apply(params, state, x)[0].shape == (1, 4)
    assert layer.apply(params, state, jnp.ones((1, 2, 4)), key)[0].shape == (1, 2, 4)


def test_batch_norm_is_accurate_far_from_zero(key):
    layer, x = batch_norm(), (rng.normal(size=(256, 1)) + 1e4).astype(np.float32)
    y, _ = layer.apply(*layer.init(key, x), x, key)
    assert np.std(y) == pytest.approx(1, abs=0.01)


def test_layer_norm_normalises_the_last_axis_of_each_example():
    x = data(2, 3, 4)
    want = by_hand(x, x.mean(-1, keepdims=True), x.var(-1, keepdims=True))
    np.testing.assert_allclose(layer_norm().apply(PARAMS, {}, x)[0], want, rtol=1e-4, atol=1e-4)


def test_group_norm_normalises_neighbouring_channels_over_all_space():
    x = data(2, 3, 5, 4)
    want = np.empty_like(x)
    for row in range(2):
        for part in (slice(0, 2), slice(2, 4)):
            group = x[row, ..., part]
            want[row, ..., part] = (group - group.mean()) / np.sqrt(group.var() + 1e-5)
    want = want * PARAMS["scale"] + PARAMS["b"]
    np.testing.assert_allclose(group_norm(2).apply(PARAMS, {}, x)[0], want, rtol=1e-4, atol=1e-4)


def test_one_group_without_space_is_the_layer_norm():
    x = data(3, 4)
    np.testing.assert_allclose(group_norm(1).apply(PARAMS, {}, x)[0], layer_norm().apply(PARAMS, {}, x)[0], rtol=1e-5)


@pytest.mark.parametrize("layer", [batch_norm(), layer_norm(), group_norm(2)], ids=["batch", "layer", "group"])
def test_half_precision_stays_half_and_is_normalised_in_float32(layer, key):
    x = jnp.asarray(data(4, 6, 4) * 100, jnp.bfloat16)
    params, state = layer.init(key, x)
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), params)
    y, _ = layer.apply(half, state, x, key)
    full, _ = layer.apply(params, state, x.astype(jnp.float32), key)
    assert y.dtype == jnp.bfloat16
    np.testing.assert_allclose(y.astype(np.float32), full, atol=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: batch_norm(momentum=1.0), r"batch_norm: momentum must be in \[0, 1\), got 1.0"),
        (lambda: batch_norm(epsilon=0), "batch_norm: epsilon must be a number > 0, got 0"),
        (lambda: layer_norm(-1e-5), "layer_norm: epsilon must be a number > 0"),
        (lambda: group_norm(0), "group_norm: groups must be a positive integer, got 0"),
    ],
)
def test_invalid_arguments_raise_when_the_layer_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_group_norm_rejects_channels_not_divisible_by_its_groups(key):
    with pytest.raises(ValueError, match=r"group_norm\(3\): 4 channels are not divisible"):
        group_norm(3).init(key, jnp.ones((2, 4)))


def test_an_empty_batch_is_normalised_at_inference_and_refused_by_batch_norm_in_training(key):
    empty, state = jnp.zeros((0, 3, 4)), {"mean": np.zeros(4, np.float32), "var": np.ones(4, np.float32)}
    for layer in (group_norm(2), layer_norm(), batch_norm()):
        assert layer.apply(PARAMS, state, empty)[0].shape == (0, 3, 4)
    with pytest.raises(ValueError, match=r"batch_norm cannot train on no values per feature \(shape \(0, 3, 4\)\)"):
        batch_norm().apply(PARAMS, state, empty, key)
