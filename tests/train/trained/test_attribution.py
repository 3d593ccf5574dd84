import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import batch_norm, conv, dense, flatten, relu, serial, sigmoid
from zoo.train.losses.classification import sparse_categorical_cross_entropy
from zoo.train.losses.regression import half_mse
from zoo.train.trained.attribution import neuron_errors

pytestmark = pytest.mark.usefixtures("quick_compiler")

try:
    from jax import enable_x64
except ImportError:  # before jax 0.8
    from jax.experimental import enable_x64


def normal(*shape, seed=3):
    return np.random.default_rng(seed).normal(size=shape)


def run(model, params, state, x, y, loss):
    return jax.jit(lambda params, x, y: neuron_errors(model, params, state, x, y, loss))(params, x, y)


def network(activation):
    model = serial(dense(4), activation, dense(3), activation, head=dense(2))
    shapes = {"0": (5, 4), "2": (4, 3), "head": (3, 2)}
    return model, {n: {"w": jnp.asarray(normal(*s)), "b": jnp.asarray(normal(s[1], seed=4))} for n, s in shapes.items()}


def backprop(params, x, y, activate, slope):
    """Hand-written: every neuron's error and every weight's gradient, of the mean of 1/2 d^2 over two outputs."""
    w, b = ([np.asarray(params[name][kind]) for name in ("0", "2", "head")] for kind in ("w", "b"))
    a, z = [x], []
    for i in range(3):
        z.append(a[i] @ w[i] + b[i])
        a.append(activate(z[i]))
    errors = [(z[2] - y) / 2]
    for i in (1, 0):
        errors.insert(0, errors[0] @ w[i + 1].T * slope(z[i]))
    return errors, [a[i].T @ errors[i] for i in range(3)]


def logistic(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize(
    ("activation", "activate", "slope"),
    [
        (sigmoid, logistic, lambda z: logistic(z) * (1 - logistic(z))),
        (relu, lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
        (jnp.tanh, np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    ],
)
def test_every_neurons_error_equals_hand_written_back_propagation(activation, activate, slope):
    with enable_x64(True):
        model, params = network(activation)
        x, y = normal(7, 5, seed=5), normal(7, 2, seed=6)
        errors = run(model, params, {}, jnp.asarray(x), jnp.asarray(y), half_mse)
        expected, weights = backprop(params, x, y, activate, slope)
        assert sorted(errors) == ["0", "2", "head"]
        gradient = jax.jit(jax.grad(lambda p: half_mse(model.apply(p, {}, x)[0], y).sum()))(params)
        for i, name in enumerate(["0", "2", "head"]):
            np.testing.assert_allclose(errors[name], expected[i], atol=1e-6)
            np.testing.assert_allclose(gradient[name]["w"], weights[i], atol=1e-6)


def test_a_weights_gradient_is_upstream_activation_times_downstream_error_and_silent_upstream_gets_none():
    model, params = network(relu)
    params["0"]["b"] = jnp.array([9.0, -1e3, 9.0, 9.0])  # neuron 1 is silent, the others are not
    params["2"]["b"] = jnp.full(3, 99.0)
    x, y = jnp.asarray(normal(7, 5, seed=5)), jnp.asarray(normal(7, 2, seed=6))
    error = run(model, params, {}, x, y, half_mse)["2"]
    upstream = np.maximum(np.asarray(x) @ np.asarray(params["0"]["w"]) + np.asarray(params["0"]["b"]), 0)
    gradient = jax.jit(jax.grad(lambda p: half_mse(model.apply(p, {}, x)[0], y).sum()))(params)["2"]["w"]
    np.testing.assert_allclose(gradient, upstream.T @ np.asarray(error), rtol=1e-4)
    np.testing.assert_array_equal(gradient[1], np.zeros(3))
    assert np.all(np.any(np.asarray(gradient)[[0, 2, 3]] != 0, axis=1))


def test_errors_of_the_head_under_softmax_are_probability_minus_target():
    model = serial(flatten, body=serial(dense(4), relu), head=dense(3))
    x, y = jnp.asarray(normal(6, 2, 2), jnp.float32), jnp.array([0, 1, 2, 0, 1, 2])
    params, state = jax.jit(model.init)(jax.random.key(0), x)
    errors = run(model, params, state, x, y, sparse_categorical_cross_entropy)
    p = jax.nn.softmax(model.apply(params, state, x)[0])
    np.testing.assert_allclose(errors["head"], p - np.eye(3)[y], atol=1e-6)
    assert errors["body/0"].shape == (6, 4)


def test_errors_of_one_example_does_not_depend_on_the_others_and_norms_have_none():
    model = serial(conv(2, 3), batch_norm(), relu, flatten, head=dense(3))
    x, y = jnp.asarray(normal(5, 4, 4, 1), jnp.float32), jnp.array([0, 1, 2, 0, 1])
    params, state = jax.jit(model.init)(jax.random.key(0), x)
    errors = run(model, params, state, x, y, sparse_categorical_cross_entropy)
    assert sorted(errors) == ["0", "head"]
    alone = run(model, params, state, x[2:3], y[2:3], sparse_categorical_cross_entropy)
    np.testing.assert_allclose(errors["0"][2:3], alone["0"], atol=1e-6)


def test_errors_of_a_convolution_is_summed_over_its_positions():
    model = serial(conv(2, 3), flatten, head=dense(1))
    x, y = jnp.asarray(normal(2, 4, 4, 1), jnp.float32), jnp.zeros((2, 1))
    params, state = jax.jit(model.init)(jax.random.key(0), x)
    errors = run(model, params, state, x, y, half_mse)
    outputs = model.apply(params, state, x)[0]
    per_position = np.asarray(outputs)[:, :, None] * np.asarray(params["head"]["w"]).reshape(1, -1, 2)
    np.testing.assert_allclose(errors["0"], per_position.sum(1), rtol=1e-4, atol=1e-5)


def test_a_model_without_biases_is_rejected():
    model = serial(dense(2, bias=False))
    params, state = model.init(jax.random.key(0), jnp.ones((1, 3)))
    with pytest.raises(ValueError, match="no layer with weights `w` and a bias `b`"):
        neuron_errors(model, params, state, jnp.ones((1, 3)), jnp.ones((1, 2)), half_mse)
