import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import dense, initializers

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)


def test_dense_is_the_weighted_sum_of_the_inputs_plus_the_bias(key):
    x, w, b = rng.normal(size=(5, 2)), rng.normal(size=(2, 3)), rng.normal(size=3)
    y, _ = dense(3).apply({"w": w, "b": b}, {}, jnp.asarray(x))
    want = [[sum(x[n, i] * w[i, j] for i in range(2)) + b[j] for j in range(3)] for n in range(5)]
    np.testing.assert_allclose(y, want, rtol=1e-5)


def test_rows_times_w_is_the_transpose_of_w_times_columns():
    x, w, b = rng.normal(size=(5, 2)), rng.normal(size=(2, 3)), rng.normal(size=3)
    y, _ = dense(3).apply({"w": w, "b": b}, {}, jnp.asarray(x))
    np.testing.assert_allclose(y.T, w.T @ x.T + b[:, None], rtol=1e-5)


def test_the_first_layer_of_5_2_has_10_weights_and_2_biases(key):
    params, _ = dense(2).init(key, jnp.ones((1, 5)))
    assert params["w"].size == 10
    assert params["b"].tolist() == [0, 0]


def test_dense_works_on_any_leading_axes(key):
    x = rng.normal(size=(2, 3, 4)).astype(np.float32)
    layer = dense(6, bias=False)
    params, state = layer.init(key, x)
    assert set(params) == {"w"}
    np.testing.assert_allclose(layer.apply(params, state, x)[0], x @ np.asarray(params["w"]), rtol=1e-5, atol=1e-6)
    assert layer.apply(params, state, x[0, 0])[0].shape == (6,)


def test_glorot_uniform_keeps_to_its_bounds(key):
    w = dense(300).init(key, jnp.ones((1, 100)))[0]["w"]
    bound = (6 / 400) ** 0.5  # Glorot and Bengio 2010, equation 16
    assert bound * 0.99 < jnp.abs(w).max() <= bound


def test_another_initializer_makes_the_weights(key):
    params, _ = dense(2, init=initializers.constant(0.5)).init(key, jnp.ones((1, 2)))
    assert params["w"].tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_integers_become_floats(key):
    x = np.full((1, 2), 200, np.uint8)
    assert dense(1, init=initializers.ones).apply({"w": jnp.ones((2, 1)), "b": 0.0}, {}, x)[0].item() == 400


@pytest.mark.parametrize("width", [0, -1, 2.0, "8", True, None])
def test_a_width_that_is_not_a_positive_integer_raises(width):
    with pytest.raises(ValueError, match="dense: width must be a positive integer, got"):
        dense(width)


def test_an_initializer_that_is_not_callable_raises():
    with pytest.raises(TypeError, match=r"dense\(2\): init must be a function, got 'zeros' of type str"):
        dense(2, init="zeros")


def test_the_wrong_number_of_features_raises_an_error_that_names_the_layer(key):
    params, state = dense(128).init(key, jnp.ones((1, 784)))
    with pytest.raises(
        ValueError, match=r"dense\(128\) was initialised for 784 features, got 100 \(shape \(4, 100\)\)"
    ):
        jax.jit(dense(128).apply)(params, state, jnp.ones((4, 100)))


def test_a_scalar_input_raises(key):
    with pytest.raises(ValueError, match=r"dense\(2\) expects at least 1 axes"):
        dense(2).init(key, jnp.ones(()))
