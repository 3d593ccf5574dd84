import ast
from math import erf
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import ACTIVATIONS, activation, activations, leaky_relu, relu, sigmoid, softmax, step, tanh

pytestmark = pytest.mark.usefixtures("quick_compiler")
X = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 2.0], np.float32)
BY_HAND = {
    "linear": X,
    "sigmoid": 1 / (1 + np.exp(-X)),
    "tanh": (np.exp(X) - np.exp(-X)) / (np.exp(X) + np.exp(-X)),
    "relu": [0, 0, 0, 0, 0.5, 2],
    "leaky_relu": [-0.03, -0.01, -0.005, 0, 0.5, 2],
    "softmax": np.exp(X) / np.exp(X).sum(),
    "step": [0, 0, 0, 1, 1, 1],
    "sign": [-1, -1, -1, 0, 1, 1],
    "softplus": np.log(1 + np.exp(X)),
    "elu": np.where(X > 0, X, np.exp(X) - 1),
    "selu": 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * (np.exp(X) - 1)),
    "gelu": [x * (1 + erf(x / 2**0.5)) / 2 for x in X],
    "silu": X / (1 + np.exp(-X)),
}


def test_activations_equal_their_formulas():
    assert set(BY_HAND) == set(ACTIVATIONS)
    for name, want in BY_HAND.items():
        np.testing.assert_allclose(ACTIVATIONS[name](X), want, rtol=1e-5, atol=1e-6, err_msg=name)


def test_no_activation_overflows_at_ten_thousand():
    x = jnp.array([-1e4, -1e2, 0.0, 1e2, 1e4])

    def both(function):
        y, pull = jax.vjp(function, x)
        return y, pull(jnp.ones_like(y))[0]

    found = jax.jit(lambda: jax.tree.map(both, ACTIVATIONS))()
    for name, arrays in found.items():
        assert np.isfinite(arrays).all(), name


def test_softmax_of_1000_and_1_is_finite_and_sums_to_one():
    np.testing.assert_array_equal(softmax(jnp.array([[1000.0, 1.0]])), [[1, 0]])


def test_the_slope_of_relu_at_2_is_1_and_at_0_is_0():
    assert jax.grad(relu)(2.0) == 1
    assert jax.grad(relu)(0.0) == 0
    assert jax.grad(leaky_relu)(-2.0) == pytest.approx(0.01)


def test_sigmoid_and_tanh_keep_to_their_ranges():
    x = jnp.linspace(-5, 5, 11)
    assert ((sigmoid(x) > 0) & (sigmoid(x) < 1)).all()
    assert ((tanh(x) > -1) & (tanh(x) < 1)).all()


def test_step_keeps_the_type():
    assert step(jnp.array([-1, 0, 1], jnp.int32)).dtype == jnp.int32


def test_an_unknown_name_raises_an_error_with_the_closest_name():
    with pytest.raises(ValueError, match=r"activation: name 'rleu' is not known; did you mean 'relu'\?"):
        activation("rleu")


def test_the_names_can_be_read_without_importing_jax():
    tree = ast.parse(Path(activations.__file__).read_text())
    literal = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ACTIVATIONS"
    )
    assert [key.value for key in literal.keys] == list(ACTIVATIONS)
